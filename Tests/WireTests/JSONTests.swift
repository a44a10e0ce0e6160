// SPDX-License-Identifier: Apache-2.0
// JSON in and out: what RFC 8259 allows, what it does not, and what random bytes do.

import Testing

@testable import Wire

struct JSONTests {
    private static func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8) }

    @Test(arguments: [
        ("null", JSONValue.null), (" true ", .bool(true)), ("\t\r\nfalse\n", .bool(false)), ("0", .integer(0)),
        ("-0", .integer(0)), ("-1", .integer(-1)), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(9_223_372_036_854_775_808)),
        ("1.5", .number(1.5)), ("1e2", .number(100)), ("1E+2", .number(100)), ("-2.5e-1", .number(-0.25)),
        ("1.0", .number(1)), ("\"\"", .string("")), ("\"a b\"", .string("a b")),
        (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")), (#""\u00e9\u20AC""#, .string("é€")),
        (#""\ud83d\ude00""#, .string("😀")), (#""\uD83D\uDE00x""#, .string("😀x")), ("\"😀é\"", .string("😀é")),
        (#""\u0000""#, .string("\0")), ("\"\u{7F}\"", .string("\u{7F}")), ("[]", .array([])), ("[ ]", .array([])),
        ("[1,[2],{}]", .array([.integer(1), .array([.integer(2)]), .object([:])])), ("{}", .object([:])),
        (#"{"a":1,"b":[null]}"#, .object(["a": .integer(1), "b": .array([.null])])),
        (#"{"a":1,"a":2}"#, .object(["a": .integer(2)])), (#"{ "" : "x" }"#, .object(["": .string("x")])),
        (#"{"\u0061":1}"#, .object(["a": .integer(1)])),
    ])
    func `a document is read`(_ text: String, _ value: JSONValue) throws {
        #expect(try Self.parse(text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "tru", "01", "-", "-a", "+1", ".5", "1.", "1.e1", "1e", "1e+", "0x1", "1 2",
        "NaN", "Infinity", "1e999", "-1e999", "'a'", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
        "\"\\u00e\"", "\"\\ud83d\"", "\"\\ud83dx\"", "\"\\ud83d\\n\"", "\"\\ud83d\\u0041\"", "\"\\ude00\"",
        "\"\\ude00\\ud83d\"", "\"\\", "\"\n\"", "\"a\tb\"", "\"\u{1}\"", "\"\\n\u{1F}\"", "[", "[1", "[1,", "[1,]",
        "[,1]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}",
        "{\"a\" 1}", "{\"a\":1 \"b\":2}", "}", "{\"a\":}", "[1]x", "{}{}", "\u{FEFF}{}", "/* */1", "\0",
    ])
    func `what is no document is refused`(_ text: String) {
        #expect(throws: JSONError.self) { try Self.parse(text) }
    }

    @Test(arguments: [
        [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22],
        [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0xFF, 0x22], [0xFF],
        [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D],
    ])
    func `text that is not UTF-8 is refused`(_ bytes: [Int]) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes.map { UInt8($0) }) }
    }

    @Test
    func `nesting is bounded`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try Self.parse(nested(64))
        #expect(throws: JSONError(reason: "nested too deeply", offset: 64)) { try Self.parse(nested(65)) }
        #expect(throws: JSONError.self) { try Self.parse(String(repeating: "{\"a\":", count: 1_000_000)) }
        // Beside one another is not inside one another.
        let wide = "[" + Array(repeating: nested(60), count: 100).joined(separator: ",") + "]"
        #expect(try Self.parse(wide).array?.count == 100)
    }

    @Test(arguments: [
        ("{\"a\":1,", "unexpected end", 7), ("{\"a\" 1}", "expected ':'", 5), ("[1}", "expected ',' or ']'", 2),
        ("1 x", "unexpected text after the document", 2), ("\"a\nb\"", "a control character in a string", 2),
    ])
    func `an error says what and where`(_ text: String, _ reason: String, _ offset: Int) {
        #expect(throws: JSONError(reason: reason, offset: offset)) { try Self.parse(text) }
    }

    private static let samples = [
        #"{"to":"+491701234567","from":"Acme","message":"Grüße 😀 \ud83d\ude00 \n","validity":60,"x":[1,2.5e3,null,true]}"#,
        #"[[[{"a":{"b":{"c":[0,-1,9223372036854775807,1e-7]}}}],"\u00e9"],false]"#,
    ]

    @Test
    func `mutated documents are read or refused, never more`() {
        var generator = SeededGenerator(seed: 1)
        var accepted = 0
        for round in 0..<20_000 {
            var bytes = Array(Self.samples[round % Self.samples.count].utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[index] = .random(in: 0...255, using: &generator)
                case 1: bytes.insert(Array("{}[]\",:\\u0".utf8).randomElement(using: &generator) ?? 0, at: index)
                case 2 where bytes.count > 1: bytes.remove(at: index)
                default: bytes.removeSubrange(index...)
                }
                if bytes.isEmpty { bytes = [0x22] }
            }
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            accepted += 1
            var writer = JSONWriter()
            writer.value(value)
            #expect((try? JSONValue(parsing: writer.bytes)) == value, "round \(round)")
        }
        #expect(accepted > 500)
    }

    private static func random(_ depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .integer(Int64(bitPattern: generator.next()) >> Int64.random(in: 0...63, using: &generator))
        case 3: return .number(Double.random(in: -1e6...1e6, using: &generator) / 7)
        case 4:
            return .string(
                String(
                    String.UnicodeScalarView(
                        (0..<6).compactMap { _ in
                            Unicode.Scalar(
                                UInt32.random(in: 0...0x10FFFF, using: &generator)
                                    >> UInt32.random(in: 0...16, using: &generator))
                        })))
        case 5: return .array((0..<3).map { _ in random(depth - 1, &generator) })
        default:
            let members = (0..<3).map { ("\u{1}k\"\($0)", random(depth - 1, &generator)) }
            return .object(Dictionary(uniqueKeysWithValues: members))
        }
    }

    @Test
    func `what is written is read back`() {
        var generator = SeededGenerator(seed: 2)
        for round in 0..<2000 {
            let value = Self.random(4, &generator)
            var writer = JSONWriter()
            writer.value(value)
            #expect((try? JSONValue(parsing: writer.bytes)) == value, "round \(round)")
        }
    }

    @Test
    func `a writer's calls read like the document`() {
        var writer = JSONWriter()
        let missing: String? = nil
        writer.object { writer in
            writer.member("a", "x\"\\\n\r\t\u{1}/é")
            writer.member("left out", missing)
            writer.member("n", 5)
            writer.member("p", number: "0.0075")
            writer.member("o", object: { $0.member("t", true) })
            writer.member(
                "l",
                array: { writer in
                    writer.string("1")
                    writer.object { _ in }
                    writer.raw("null")
                })
            writer.member("e", array: { _ in })
        }
        #expect(
            writer.text == #"{"a":"x\"\\\n\r\t\u0001/é","n":5,"p":0.0075,"o":{"t":true},"l":["1",{},null],"e":[]}"#)
    }

    @Test
    func `a value says what it is and is nothing else`() throws {
        let value = try Self.parse(#"{"s":"x","i":3,"d":1.5,"b":true,"a":[1],"n":null}"#)
        #expect(value["s"]?.string == "x")
        #expect(value["i"]?.int64 == 3)
        #expect(value["i"]?.double == 3)
        #expect(value["d"]?.double == 1.5)
        #expect(value["d"]?.int64 == nil)
        #expect(value["b"]?.bool == true)
        #expect(value["a"]?.array == [.integer(1)])
        #expect(value["n"] == .null)
        #expect(value["x"] == nil)
        #expect(value["s"]?.object == nil)
        #expect(value["s"]?["s"] == nil)
        let names = ["s", "i", "d", "b", "a", "n"].map { value[$0]?.kindName }
        #expect(names == ["a string", "a number", "a number", "a boolean", "an array", "null"])
        #expect(value.kindName == "an object")
    }
}
