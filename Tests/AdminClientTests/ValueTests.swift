// SPDX-License-Identifier: Apache-2.0
// What people type, as values: times, settings, names.

import Testing
import Wire

@testable import AdminClient

struct ValueTests {
    static let now: Milliseconds = 1_769_860_800_000  // 2026-01-31T12:00:00Z

    @Test(arguments: [
        ("2h", "2026-01-31T10:00:00.000Z"), ("3d", "2026-01-28T12:00:00.000Z"), ("90m", "2026-01-31T10:30:00.000Z"),
        ("1w", "2026-01-24T12:00:00.000Z"), ("15s", "2026-01-31T11:59:45.000Z"), ("now", "2026-01-31T12:00:00.000Z"),
        ("2026-01-30", "2026-01-30T00:00:00Z"), ("2026-01-30T08:00:00+02:00", "2026-01-30T06:00:00Z"),
        ("2026-01-30T08:00:00.250Z", "2026-01-30T08:00:00.250Z"),
    ])
    func `times are told as RFC 3339`(typed: String, told: String) throws {
        #expect(try #require(TimeExpression(typed)).past(Self.now) == told)
    }

    @Test func `a distance may lie ahead`() throws {
        #expect(try #require(TimeExpression("90d")).future(Self.now) == "2026-05-01T12:00:00.000Z")
    }

    @Test(arguments: ["", "h", "-2h", "2y", "2026-13-01", "tomorrow", "2026-02-30", "99999999999999999999d", "1.5h"])
    func `what is no time is refused`(typed: String) {
        #expect(TimeExpression(typed) == nil)
    }

    @Test(arguments: [
        ("window=50", #"{"window":50}"#), ("tls.verify=false", #"{"tls":{"verify":false}}"#),
        ("host=a=b", #"{"host":"a=b"}"#), (#"list=["a","b"]"#, #"{"list":["a","b"]}"#),
        (#"systemId="42""#, #"{"systemId":"42"}"#), ("systemId=007", #"{"systemId":"007"}"#),
        ("rate=", #"{"rate":null}"#), ("rate=null", #"{"rate":null}"#),
    ])
    func `settings are JSON where they can be, and text otherwise`(typed: String, body: String) throws {
        var members = Members()
        members.set([try #require(OptionValue(argument: typed))])
        #expect(members.json == (try JSONValue(parsing: body.utf8)))
    }

    @Test(arguments: ["window", "=5", "a..b=5", ".a=5", ""])
    func `what is no setting is refused`(typed: String) {
        #expect(OptionValue(argument: typed) == nil)
    }

    @Test func `settings below one name come together`() throws {
        var members = Members()
        members.set(try ["tls.verify=false", "tls.ca=x"].map { try #require(OptionValue(argument: $0)) })
        #expect(JSONText.compact(members.json) == #"{"tls":{"ca":"x","verify":false}}"#)
    }

    @Test func `paths and queries are percent-encoded`() {
        #expect(Percent.encode("a b&c=ü/+%") == "a%20b%26c%3D%C3%BC%2F%2B%25")
        #expect(Percent.encode("Az09-._~") == "Az09-._~")
    }

    @Test func `lines are put together whatever pieces they come in`() {
        let text = Array("{\"rows\":1}\n\n{\"rows\":22}\r\n{\"imported\":3}".utf8)
        for size in 1...text.count {
            var splitter = LineSplitter()
            var lines: [[UInt8]] = []
            for start in stride(from: 0, to: text.count, by: size) {
                lines += splitter.add(text[start..<min(start + size, text.count)])
            }
            if let rest = splitter.rest { lines.append(rest) }
            let expected = ["{\"rows\":1}", "{\"rows\":22}\r", "{\"imported\":3}"]
            #expect(lines.map { String(decoding: $0, as: UTF8.self) } == expected, "\(size)")
        }
    }

    @Test func `no answer is so broken that it could not be told in words`() {
        var random = Seeded(state: 7)
        let pieces = [
            "{", "}", "\"violations\":", "[", "]", "\"field\":", "\"detail\":", "\"\\u0007x\"", ",", "null", "9",
        ]
        for _ in 0..<20_000 {
            var text = ""
            for _ in 0..<random.below(14) { text += pieces[random.below(pieces.count)] }
            var bytes = Array(text.utf8)
            if !bytes.isEmpty, random.below(3) == 0 { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            let failure = Failure(status: 400 + random.below(200), body: bytes, from: "http://127.0.0.1")
            #expect(!failure.lines.isEmpty)
            #expect(failure.lines.allSatisfy { !$0.contains("\n") && !$0.contains("\u{7}") })
        }
    }
}

/// SplitMix64.
struct Seeded {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((value ^ (value >> 31)) % UInt64(bound))
    }
}
