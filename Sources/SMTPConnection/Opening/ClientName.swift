import SMTPProtocol
import SMTPTransport

/// The name in EHLO where the options give none.
enum ClientName {
  /// RFC 5321 section 4.1.4: the name of this host, or the address of this end of
  /// the connection when it has no meaningful name.
  static func standard(on channel: Channel) -> [UInt8] {
    let literal = channel.local.literal
    let machine = HostName.machineName()
    // Many servers refuse an underscore in EHLO; the option `name` may have one.
    if machine.contains(.dot), !machine.contains(.underscore), Domain.isValid(machine),
      !AddressLiteral.isIPv4(machine)
    {
      return machine
    }
    // A Unix domain socket has no IP address; its peer is this machine.
    return literal.isEmpty ? Bytes.of("[127.0.0.1]") : literal
  }
}
