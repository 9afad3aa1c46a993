import SMTPProtocol
import SMTPTransport

/// The connections of a pool: when one is opened, when it quits, and what its end means.
extension Pool {
  /// What one that is being opened is expected to take.
  private static var expected: Int { 8 }

  /// Opens what is missing: one, and more at a time only when the last one succeeded.
  func open(_ now: Int64) {
    while links.count < settings.connections, isDue(now) {
      let opening = links.count { $0.stage == .opening }
      if opening > 0 {
        guard backoff.isCalm, counts[.opened] > UInt64(opening),
          queue.readyCount > opening * Self.expected
        else { return }
      }
      if now < backoff.notBefore {
        alarm = min(alarm, backoff.notBefore)
        return
      }
      open()
    }
  }

  private func open() {
    counts.add(.opened)
    let link = PoolLink(
      Connection(options: options.values, loop: loop), number: Int(clamping: counts[.opened]))
    links.append(link)
    follow(link)
    let connection = link.connection
    connection.events.onEnd = { [self] in ended(link) }
    connection.events.onToken = { [self] token in
      login?.identity.accessToken = token.token
      login?.identity.expires = token.expires
      onToken?(token)
    }
    let opened = { [self] (failure: Failure?) in
      guard let failure else { return ready(link) }
      if failure.code == .cancelled { link.stage = .leaving } else { failed(link, failure) }
    }
    do throws(Failure) {
      guard let login else {
        try connection.connect(opened)
        return
      }
      try connection.connect { _ in }
      try connection.login(login.identity, opened)
    } catch {
      failed(link, error)
      remove(link)
    }
  }

  func follow(_ link: PoolLink) {
    guard let onLog else {
      link.connection.onLog = nil
      return
    }
    let number = link.number
    link.connection.onLog = { record in onLog(number, record) }
  }

  private func ready(_ link: PoolLink) {
    let now = loop.now
    link.opened(now: now)
    if link.isUsedUp(settings) { leave(link) }
    feed(link, now)
    callbacks.wake()
  }

  func leave(_ link: PoolLink) {
    guard link.stage == .ready else { return }
    link.stage = .leaving
    quit(link)
  }

  private func quit(_ link: PoolLink) {
    do throws(Failure) { try link.connection.quit(tag: PoolLink.tag) { _ in } } catch {}
  }

  /// So many in a row that were open may end before they served a message: one such message may be
  /// the reason, and others go before it then.
  private static var mostLost: Int { 3 }

  /// One could not be opened, or served no message.
  func failed(_ link: PoolLink, _ failure: Failure) {
    let wasOpening = link.stage == .opening
    counts.add(.connectionFailures)
    link.stage = .leaving
    if wasOpening { quit(link) }
    let isAlone = !links.contains { $0.stage == .ready }
    if backoff.isNews(link.number) {
      // Refused because there are others: they are enough for now.
      let isCrowded = failure.phase == .greeting || failure.kind == .serverConnections
      // One that was open and is lost may be followed by another at once.
      let waits = wasOpening || !backoff.isCalm
      backoff.failed(
        settings, opened: Int(clamping: counts[.opened]), counts: isAlone || !isCrowded,
        now: waits ? loop.now : .min, random: random)
    }
    let most = wasOpening ? settings.failures : max(settings.failures, Self.mostLost)
    // Those that are being opened at the same time may do better.
    let isLast = isAlone && !links.contains { $0.stage == .opening }
    if isLast, failure.retry == .no || backoff.failures >= most { endQueue(failure) }
    callbacks.wake()
  }

  /// A connection is over; what it had has ended before.
  func ended(_ link: PoolLink) {
    let failure = link.failure
    reclaim(link)
    if let failure, !link.hasAnswered { failed(link, failure) }
    remove(link)
    callbacks.wake()
  }

  private func remove(_ link: PoolLink) {
    for place in links.indices where links[place] === link {
      if let last = links.popLast(), last !== link { links[place] = last }
      break
    }
    _ = link.connection.free()
  }

  /// Those that have nothing to do quit.
  func rest(_ now: Int64) {
    let isLast = isDraining && unended == 0
    for link in links {
      if isLast, link.stage == .opening { link.connection.close() }
      guard link.stage == .ready, link.active == 0 else { continue }
      let moment = link.idleSince + settings.idleTime
      if moment > now, !isLast {
        alarm = min(alarm, moment)
      } else if isLast || settings.idleTime > 0 || queue.count == 0 {
        leave(link)
      }
    }
  }
}
