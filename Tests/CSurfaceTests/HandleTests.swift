import CSMTPConn
import SMTPConnABI
import Testing

@Suite("Handles and values through the header")
struct HandleTests {
  @Test("versions agree")
  func version() {
    #expect(text(smtpconn_version()) == SMTPCONN_VERSION)
    let number = smtpconn_version_number()
    #expect("\(number >> 16).\((number >> 8) & 255).\(number & 255)" == SMTPCONN_VERSION)
  }

  @Test("every code has a name and a text, and no other number has")
  func codes() {
    for code: CInt in -18 ... -1 {
      #expect(text(smtpconn_code_name(code))?.hasPrefix("E") == true)
      #expect(text(smtpconn_code_name(code)) != "EUNKNOWN")
      #expect(text(smtpconn_code_text(code))?.hasSuffix(".") == true)
    }
    for code: CInt in [-19, 1, .max, .min] {
      #expect(text(smtpconn_code_name(code)) == "EUNKNOWN")
    }
    #expect(text(smtpconn_code_name(0)) == "OK")
  }

  @Test("a refused value names the option and changes nothing")
  func refusedOption() {
    let options = smtpconn_options_new()
    defer { smtpconn_options_free(options) }
    #expect(smtpconn_options_set_port(options, 2525) == 0)
    #expect(smtpconn_options_last_error(options) == nil)
    #expect(smtpconn_options_set_port(options, 65536) == code(SMTPCONN_EOPTIONS))
    let error = smtpconn_options_last_error(options)
    #expect(text(smtpconn_error_message(error)) == "port must be 0 to 65535, not 65536")
    #expect(text(smtpconn_error_name(error)) == "EOPTIONS")
    #expect(text(smtpconn_error_command(error)) == "API")
    #expect(smtpconn_options_port(options) == 2525)
  }

  @Test("contradicting options give no connection and say which")
  func contradiction() {
    let options = smtpconn_options_new()
    defer { smtpconn_options_free(options) }
    _ = smtpconn_options_set_require_tls(options, 1)
    _ = smtpconn_options_set_ignore_tls(options, 1)
    #expect(smtpconn_new(options, nil) == nil)
    let message = text(smtpconn_error_message(smtpconn_options_last_error(options)))
    #expect(message?.contains("require_tls") == true)
  }

  @Test("an address that is none is refused, named, and not added (case 62 of the original)")
  func refusedAddress() {
    let envelope = smtpconn_envelope_new()
    defer { smtpconn_envelope_free(envelope) }
    let bad = "a@example.org>\r\nRCPT TO:<b@example.org"
    #expect(smtpconn_envelope_add_to(envelope, bad) == code(SMTPCONN_EENVELOPE))
    let error = smtpconn_envelope_last_error(envelope)
    #expect(text(smtpconn_error_message(error))?.contains("(to)") == true)
    #expect(smtpconn_envelope_to_count(envelope) == 0)
    #expect(smtpconn_envelope_add_to(envelope, " a@example.org\t") == 0)
    #expect(text(smtpconn_envelope_to(envelope, 0)) == "a@example.org")
    #expect(smtpconn_envelope_to(envelope, 1) == nil)
    #expect(smtpconn_envelope_to(envelope, -1) == nil)
  }

  @Test("a size_t beyond what memory can hold is no message")
  func hugeLength() {
    let octet: [UInt8] = [65]
    #expect(smtpconn_message_new_copy(octet, -1) == nil)
    #expect(smtpconn_message_new_copy(nil, 1) == nil)
    #expect(smtpconn_message_new_reader(nil, nil, nil) == nil)
    #expect(smtpconn_message_new_descriptor(-1) == nil)
    let empty = smtpconn_message_new_copy(nil, 0)
    #expect(empty != nil)
    smtpconn_message_free(empty)
  }

  @Test("a getter gives the same pointer twice")
  func stablePointers() {
    let options = smtpconn_options_new()
    defer { smtpconn_options_free(options) }
    let first = smtpconn_options_host(options)
    _ = smtpconn_options_set_name(options, "other.example")
    #expect(smtpconn_options_host(options) == first)
  }
}
