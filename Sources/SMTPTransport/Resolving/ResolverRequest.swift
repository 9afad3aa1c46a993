import CSystem
import Synchronization

/// What the resolving thread and the loop share. It is plain memory with a
/// count of its two owners: either may be done first, and the last one frees
/// it. The thread touches nothing else.
@safe struct ResolverRequest: ~Copyable {
  private let owners = Atomic<Int>(2)
  /// Set after the results were written, read before they are.
  private let isDone = Atomic<Bool>(false)
  private let host: UnsafeMutablePointer<CChar>
  private let service: UnsafeMutablePointer<CChar>
  private let family: Int32
  private let notice: SystemNotice
  private var list: UnsafeMutablePointer<addrinfo>?
  private var code: Int32 = 0
  private var error: Int32 = 0

  private init(
    host: UnsafeMutablePointer<CChar>, service: UnsafeMutablePointer<CChar>, family: Int32,
    notice: SystemNotice
  ) {
    unsafe self.host = unsafe host
    unsafe self.service = unsafe service
    self.family = family
    self.notice = notice
    unsafe self.list = nil
  }

  deinit {
    if let list = unsafe list { unsafe freeaddrinfo(list) }
    unsafe CSystem.free(host)
    unsafe CSystem.free(service)
    notice.close()
  }

  /// The work of the thread. Field by field: to change the whole value would
  /// claim exclusive access, and the loop looks at the counters meanwhile.
  private static func resolve(_ request: UnsafeMutablePointer<ResolverRequest>) {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = request.pointee.family
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(request.pointee.host, request.pointee.service, &hints, &list)
    unsafe request.pointee.error = csystem_errno()
    unsafe request.pointee.code = code
    unsafe request.pointee.list = unsafe list
  }

  /// The results are there.
  private func tell() {
    isDone.store(true, ordering: .releasing)
    notice.raise()
  }

  /// The loop's hold on a request.
  @safe struct Handle {
    private let request: UnsafeMutablePointer<ResolverRequest>
    /// Becomes readable when the answer is there.
    let notice: Int32

    /// Starts the thread, for which there must be a place: it leaves that itself.
    init(host: [UInt8], port: UInt16, family: Int32) throws(Errno) {
      let notice = SystemNotice()
      guard notice.descriptor >= 0 else { throw .current }
      let name = unsafe strdup((host + [0]).map { CChar(bitPattern: $0) })
      let service = unsafe strdup("\(port)")
      guard let name = unsafe name, let service = unsafe service else {
        unsafe CSystem.free(name)
        unsafe CSystem.free(service)
        notice.close()
        throw Errno(code: ENOMEM)
      }
      self.notice = notice.descriptor
      unsafe request = .allocate(capacity: 1)
      unsafe request.initialize(
        to: ResolverRequest(host: name, service: service, family: family, notice: notice))
      let result = unsafe csystem_start_thread(
        { argument in
          if let request = unsafe argument?.assumingMemoryBound(to: ResolverRequest.self) {
            unsafe ResolverRequest.resolve(request)
            // Before the loop can free the place of its own request, which it may wait for.
            ResolverThreads.leave()
            unsafe request.pointee.tell()
            unsafe Handle.drop(request)
          }
          return nil
        }, request)
      guard result == 0 else {
        unsafe Handle.free(request)
        throw Errno(code: result)
      }
    }

    enum Answer {
      case addresses([SocketAddress])
      /// A code of getaddrinfo, and errno where that is EAI_SYSTEM.
      case error(code: Int32, errno: Int32)
    }

    /// nil while the thread is at work.
    func answer() -> Answer? {
      guard unsafe request.pointee.isDone.load(ordering: .acquiring) else { return nil }
      let code = unsafe request.pointee.code
      guard code == 0 else { return unsafe .error(code: code, errno: request.pointee.error) }
      var addresses = AddressList()
      var next = unsafe request.pointee.list
      while let entry = unsafe next, !addresses.isFull {
        if let address = unsafe SocketAddress(
          entry.pointee.ai_addr, length: entry.pointee.ai_addrlen)
        {
          addresses.add(address)
        }
        unsafe next = unsafe entry.pointee.ai_next
      }
      return .addresses(addresses.addresses)
    }

    /// The loop needs the request no longer. A forked child has no thread that
    /// would drop its share.
    func release(isForeignProcess: Bool) {
      if isForeignProcess { unsafe Handle.free(request) } else { unsafe Handle.drop(request) }
    }

    private static func drop(_ request: UnsafeMutablePointer<ResolverRequest>) {
      let left = unsafe request.pointee.owners.subtract(1, ordering: .acquiringAndReleasing)
      if left.newValue == 0 { unsafe free(request) }
    }

    private static func free(_ request: UnsafeMutablePointer<ResolverRequest>) {
      unsafe request.deinitialize(count: 1)
      unsafe request.deallocate()
    }
  }
}
