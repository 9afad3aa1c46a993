import CSMTPConn

@_cdecl("smtpconn_version") @implementation
public func smtpconn_version() -> UnsafePointer<CChar>? {
  unsafe cLiteral("0.1.0")
}

@_cdecl("smtpconn_version_number") @implementation
public func smtpconn_version_number() -> CInt {
  (SMTPCONN_VERSION_MAJOR << 16) | (SMTPCONN_VERSION_MINOR << 8) | SMTPCONN_VERSION_PATCH
}
