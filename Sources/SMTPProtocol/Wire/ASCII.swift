/// Names for the ASCII characters that protocol text consists of. Computed properties:
/// they compile to the number.
extension UInt8 {
  package static var tab: UInt8 { 0x09 }
  package static var lf: UInt8 { 0x0A }
  package static var cr: UInt8 { 0x0D }
  package static var space: UInt8 { 0x20 }
  package static var quote: UInt8 { 0x22 }
  package static var hash: UInt8 { 0x23 }
  package static var percent: UInt8 { 0x25 }
  package static var ampersand: UInt8 { 0x26 }
  package static var closeParenthesis: UInt8 { 0x29 }
  package static var asterisk: UInt8 { 0x2A }
  package static var plus: UInt8 { 0x2B }
  package static var comma: UInt8 { 0x2C }
  package static var hyphen: UInt8 { 0x2D }
  package static var dot: UInt8 { 0x2E }
  package static var slash: UInt8 { 0x2F }
  package static var digitZero: UInt8 { 0x30 }
  package static var colon: UInt8 { 0x3A }
  package static var semicolon: UInt8 { 0x3B }
  package static var less: UInt8 { 0x3C }
  package static var equals: UInt8 { 0x3D }
  package static var greater: UInt8 { 0x3E }
  package static var question: UInt8 { 0x3F }
  package static var at: UInt8 { 0x40 }
  package static var openBracket: UInt8 { 0x5B }
  package static var backslash: UInt8 { 0x5C }
  package static var closeBracket: UInt8 { 0x5D }
  package static var underscore: UInt8 { 0x5F }
  package static var openBrace: UInt8 { 0x7B }
  package static var closeBrace: UInt8 { 0x7D }
  package static var delete: UInt8 { 0x7F }
}
