@testable import SMTPProtocol

/// Replies must not depend on how the network cuts them, nor on whether they were looked
/// at before they are taken.
///
/// Input: one octet that chooses how to cut, then what the server sends.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReplyParser(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  guard let choice = input.first else { return 0 }
  let octets = input.dropFirst()
  let whole = Parsed(octets, piece: octets.count)
  precondition(Parsed(octets, piece: Int(choice)) == whole)
  precondition(Parsed(octets, piece: 1) == whole)
  precondition(Parsed(octets, piece: octets.count, looks: true) == whole)
  precondition(Parsed(octets, piece: Int(choice), looks: true) == whole)
  return 0
}

private struct Parsed: Equatable {
  var replies: [Reply] = []
  var failure: String?
  var hasMore = false

  init(_ octets: ArraySlice<UInt8>, piece: Int, looks: Bool = false) {
    var parser = ReplyParser()
    var known: Reply?
    var rest = octets
    do throws(Failure) {
      while !rest.isEmpty {
        parser.append(Array(rest.prefix(max(piece, 1))).span)
        rest = rest.dropFirst(max(piece, 1))
        while true {
          if looks, let plain = parser.peek() {
            let reply = parser.reply(of: plain, known: known)
            parser.pass(plain)
            precondition(reply.code == plain.code)
            known = reply
            take(reply)
          } else if let reply = try parser.next() {
            take(reply)
          } else {
            break
          }
        }
      }
      hasMore = parser.hasMore
      precondition(!hasMore || parser.hasRest)
      if let reply = try parser.finish() { take(reply) }
    } catch {
      failure = error.message
    }
  }

  private mutating func take(_ reply: Reply) {
    precondition(reply.code >= 200 && reply.code < 600 && !reply.lines.isEmpty)
    precondition(reply.lines.count <= ReplyParser.lineCountLimit)
    for line in reply.lines {
      precondition(line.count <= ReplyParser.lineLimit && !line.contains(0) && !line.contains(0x0A))
    }
    // What is read out of a reply must not trap either.
    let capabilities = Capabilities(reply: reply)
    precondition(capabilities.sizeLimit != 0)
    precondition(!capabilities.mechanisms.contains([]))
    precondition(reply.enhancedStatus?.isEmpty != true && reply.queueIdentifier?.isEmpty != true)
    replies.append(reply)
  }
}
