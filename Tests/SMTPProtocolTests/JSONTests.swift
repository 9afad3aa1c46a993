import Testing

@testable import SMTPProtocol

@Suite struct JSONTests {
  private func parsed(_ json: [UInt8]) -> JSONObject? { JSONObject(json, FixedCryptography()) }

  private func value(_ json: String) -> String? {
    parsed(bytes("{\"v\":\(json)}"))?.string("v").map { text($0.bytes) }
  }

  @Test(arguments: [
    (#""""#, ""), (#""abc""#, "abc"), (#""a\"b""#, "a\"b"), (#""a\\b""#, "a\\b"),
    (#""a\/b""#, "a/b"), (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t"), (#""\u0041""#, "A"),
    (#""\u00e9""#, "é"), (#""\u00E9""#, "é"), (#""é""#, "é"), (#""\u20AC""#, "€"),
    (#""\ud83d\ude00""#, "😀"), (#""\uD800\uDC00""#, "\u{10000}"),
    (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""\u0000""#, "\0"), (#""\uFFFF""#, "\u{FFFF}"),
    (#""}]{[,:""#, "}]{[,:"), (#""\\u0041""#, "\\u0041"), (#""\uD7FF\uE000""#, "\u{D7FF}\u{E000}"),
  ])
  func `strings are read with their escapes`(_ json: String, _ read: String) {
    #expect(value(json) == read)
  }

  @Test(arguments: [
    #"""#, #""a"#, #""\"#, #""\""#, #""\x""#, #""\u""#, #""\u12""#, #""\u123g""#, #""\U0041""#,
    #""\ud83d""#, #""\ud83dx""#, #""\ud83d\n""#, #""\ud83d\u0041""#, #""\ud83d\ud83d""#,
    #""\ude00""#, #""\ude00\ud83d""#, "\"a\nb\"", "\"\0\"", "\"\u{1F}\"", "'a'", "a", "",
    #""a" "b""#, "nul", "True", "undefined", "NaN", "+1", ".5", "{", "[", "[1", "[1,]", "[,1]",
    "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "]", "}",
  ])
  func `what is no value is not read`(_ json: String) {
    #expect(parsed(bytes("{\"v\":\(json)}")) == nil)
    #expect(parsed(bytes("{\"w\":\"x\",\"v\":\(json)")) == nil)
  }

  /// RFC 8259 section 6.
  @Test(arguments: ["-", "01", "1.", "1e", "1e+", "1-2", "1abc", "--1", "1.2.3", "-a"])
  func `what is no number is not read`(_ json: String) {
    #expect(parsed(bytes("{\"v\":\(json)}")) == nil)
  }

  @Test(arguments: [
    "0", "-0", "12", "-1.5", "1e5", "1E-5", "1.25e+10", "true", "false", "null",
    "[]", "[ ]", "{}", "{ }", "[1,[2,{\"a\":[]}],\"x\"]", "{\"a\":{\"b\":null},\"c\":1}",
  ])
  func `other values are passed over`(_ json: String) {
    for around in [("", ""), (" ", "\n"), ("\t\r\n", "  ")] {
      let object = parsed(bytes("{\"v\":\(around.0)\(json)\(around.1),\"w\":\"x\"}"))
      #expect(object?.string("w")?.bytes == bytes("x"))
      #expect(object != nil && object?.string("v")?.bytes == nil)
    }
  }

  @Test(arguments: [
    "", " ", "[]", "\"a\"", "1", "null", "{", "}", "{}{}", "{} x", "{},", "{\"a\":1}}",
    "{\"a\":1 \"b\":2}", "{\"a\" 1}", "{,}", "{\"a\":1,,\"b\":2}", "{1:2}", "\u{FEFF}{}",
    "{}\0", "<html></html>", "{/**/}",
  ])
  func `what is not one object is not read`(_ json: String) {
    #expect(parsed(bytes(json)) == nil)
  }

  @Test(arguments: ["{}", " {} ", "\r\n\t{\n}\n", "{ \"a\" : 1 , \"b\" : \"c\" }"])
  func `blanks may stand everywhere`(_ json: String) {
    #expect(parsed(bytes(json)) != nil)
  }

  @Test(
    arguments: [
      ("0", 0), ("3600", 3600), ("3600.9", 3600), ("\"3600\"", 3600),
      ("999999999999999", 999_999_999_999_999),
      ("1000000000000000", nil), ("99999999999999999999999999", nil), ("\"\"", nil), ("\"x\"", nil),
      ("null", nil), ("true", nil), ("[1]", nil), ("{\"v\":1}", nil), ("-1", -1), ("\"-1.5\"", -1),
      ("\"--1\"", nil),
    ] as [(String, Int64?)])
  func `numbers are read as far as they are whole`(_ json: String, _ number: Int64?) throws {
    let object = try #require(parsed(bytes("{\"v\":\(json)}")))
    #expect(object.integer("v") == number)
    #expect(object.integer("w") == nil)
  }

  @Test func `members of inner objects are not members`() {
    let object = parsed(bytes(#"{"a":{"v":"inner"},"b":[{"v":"inner"}],"v":"outer","V":"x"}"#))
    #expect(object?.string("v")?.bytes == bytes("outer"))
    #expect(object?.string("inner")?.bytes == nil)
    #expect(
      parsed(bytes(#"{"\u0076":"escaped name"}"#))?.string("v")?.bytes == bytes("escaped name"))
  }

  @Test func `nesting is bounded`() {
    let nested = { (open: String, close: String, depth: Int) in
      "{\"v\":" + String(repeating: open, count: depth) + "1"
        + String(repeating: close, count: depth) + "}"
    }
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      #expect(parsed(bytes(nested(open, close, 15))) != nil)
      #expect(parsed(bytes(nested(open, close, 16))) == nil)
      #expect(parsed(bytes(nested(open, close, 20000))) == nil)
    }
    #expect(parsed(bytes(String(repeating: "{\"a\":", count: 20000))) == nil)
  }

  /// Whatever arrives, reading it ends; no prefix of an object is one.
  @Test func `garbage is survived`() {
    let whole = bytes(#"{"a":"\ud83d\ude00","b":[1,{"c":null}],"d":-1.5e3,"e":{"f":"\n"}}"#)
    #expect(parsed(whole) != nil)
    for count in 0..<whole.count { #expect(parsed(Array(whole[..<count])) == nil) }
    var random = FixedRandom(seed: 7)
    let alphabet = bytes("{}[]\",:\\u0d8 e-1\0") + [0xFF]
    for _ in 0..<20000 {
      let inner = (0..<Int.random(in: 0...12, using: &random)).map { _ in
        alphabet.randomElement(using: &random)!
      }
      let opened = bytes("{") + inner
      #expect(parsed(inner + bytes("x")) == nil)
      if parsed(opened) != nil {
        #expect(opened.last == 0x7D || opened.last == 0x20)
      }
    }
  }
}
