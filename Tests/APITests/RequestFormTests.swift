// SPDX-License-Identifier: Apache-2.0
// The forms in which parameters come, which of them wins, and bodies that are no bodies.

import EngineTestSupport
import HTTPTypes
import Messaging
import NIOCore
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct RequestFormTests {
    private static let path = "/messaging/v1/sms"
    private static let form = "application/x-www-form-urlencoded"

    @Test func `parameters come as JSON, as a form, in the query, or mixed`() async throws {
        try await APITester.run { api async throws in
            let form = Array("to=%2B491701234567&from=Acme&message=A+%26+B%20%E2%82%AC".utf8)
            let posted = try await api.call(.post, Self.path, body: form, contentType: Self.form)
            #expect(try await api.stored(posted).sentText == "A & B €")
            let query = try await api.call(.post, Self.path + "?to=+491701234567&from=Acme&message=Hi")
            #expect(try await api.stored(query).sentText == "Hi")
            let mixed = try await api.post(Self.path + "?to=491701234567&from=Acme", json: ["message": "Yo"])
            #expect(try await api.stored(mixed).sentText == "Yo")
        }
    }

    @Test func `the query wins, and the last of a repeated name counts`() async throws {
        try await APITester.run { api async throws in
            let answer = try await api.post(
                Self.path + "?message=one&message=two&to=49170000001", json: APITester.minimal)
            let message = try await api.stored(answer)
            #expect(message.sentText == "two")
            #expect(message.recipient == "49170000001")
            let empty = try await api.post(Self.path + "?message=", json: APITester.minimal)
            #expect(empty.refusedFields == ["message"])
        }
    }

    @Test(arguments: [
        ("{\"to\":\"4917012", "application/json", "DataNotParseable"), ("", "application/json", "ConstraintViolation"),
        ("[]", "application/json", "DataNotParseable"), ("7", "application/json", "DataNotParseable"),
        ("{\"to\":\"\u{7F}\\x\"}", "application/json", "DataNotParseable"),
        ("to=%4", "application/x-www-form-urlencoded", "DataNotParseable"),
        ("to=%FF", "application/x-www-form-urlencoded", "DataNotParseable"),
    ])
    func `a body that cannot be read is 400`(_ body: String, _ type: String, _ problem: String) async throws {
        try await APITester.run { api async throws in
            let answer = try await api.call(.post, Self.path, body: Array(body.utf8), contentType: type)
            #expect(answer.status == 400)
            #expect(answer.string("type") == "https://docs.tyntec.com/problems/" + problem)
        }
    }

    @Test func `a query that cannot be read is 400`() async throws {
        try await APITester.run { api async throws in
            for query in ["to=%zz", "to=%E2%82", "%"] {
                let answer = try await api.sendByGet(query)
                #expect(answer.string("title") == "Data given was not parseable", "\(query)")
            }
        }
    }

    @Test func `a body that is longer than 256 KiB is 413`() async throws {
        try await APITester.run { api async throws in
            let body = Array("{\"message\":\"\(String(repeating: "x", count: 262_144))\"}".utf8)
            let answer = try await api.call(.post, Self.path, body: body, contentType: "application/json")
            #expect(answer.status == 413)
            #expect(answer.string("type") == "https://httpstatuses.com/413")
            let announced = try await api.call(
                .post, Self.path, contentType: "application/json", headers: [("content-length", "262145")])
            #expect(announced.status == 413)
        }
    }

    @Test(arguments: [nil, "text/plain", "application/xml", "multipart/form-data; boundary=x"])
    func `a body of another type is 415`(_ type: String?) async throws {
        try await APITester.run { api async throws in
            let answer = try await api.call(.post, Self.path, body: Array("x".utf8), contentType: type)
            #expect(answer.status == 415)
            #expect(answer.string("type") == "https://httpstatuses.com/415")
        }
    }

    @Test func `mutated bodies and queries never get anything but 200 or 4xx`() async throws {
        try await APITester.run { api async throws in
            var random = SplitMix(state: 7)
            let json = Array(
                #"{"to":"+491701234567","from":"Acme","message":"Hé \u20ac","validity":60,"trate":0.5}"#.utf8)
            let form = Array("to=%2B491701234567&from=Acme&message=H%C3%A9+x&flash=true".utf8)
            for round in 0..<1500 {
                let isJSON = round.isMultiple(of: 2)
                let body = random.mutate(isJSON ? json : form)
                let answer = try await api.call(
                    .post, Self.path, body: body, contentType: isJSON ? "application/json" : Self.form)
                #expect([200, 400].contains(answer.status), "\(String(decoding: body, as: UTF8.self))")
            }
        }
    }

    @Test func `form text survives any bytes and comes back as it was`() {
        var random = SplitMix(state: 11)
        for _ in 0..<5000 {
            let bytes = random.mutate(Array("a=%41&b=+%E2%82%AC&&=&c".utf8))
            _ = FormText.fields(of: bytes)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(FormText.fields(of: "x=\(FormText.encoded(text))".utf8)?.first?.value == text)
            _ = SMSAddress.recipient(text)
            _ = SMSAddress.sender(text)
        }
    }

    @Test(arguments: [
        ("https://a.b/r", "https://a.b/r?x=1%20%26"), ("https://a.b/r?", "https://a.b/r?x=1%20%26"),
        ("https://a.b/r?k=v", "https://a.b/r?k=v&x=1%20%26"), ("https://a.b/r?k=v&", "https://a.b/r?k=v&x=1%20%26"),
        ("https://a.b/r?\u{301}k=v#\u{301}", "https://a.b/r?\u{301}k=v&x=1%20%26#\u{301}"),
        ("https://a.b/r#top", "https://a.b/r?x=1%20%26#top"), ("https://a.b/r?k=?", "https://a.b/r?k=?&x=1%20%26"),
    ])
    func `fields are added to whatever query a URL has`(_ url: String, _ expected: String) {
        #expect(FormText.url(url, adding: [("x", "1 &"), ("y", nil)]) == expected)
    }
}

/// A seeded generator (SplitMix64), so that a failing round can be had again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// The bytes with one to four of them changed, removed, doubled or cut off.
    mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
            let position = Int.random(in: bytes.indices, using: &self)
            switch Int.random(in: 0..<5, using: &self) {
            case 0: bytes[position] = UInt8.random(in: .min ... .max, using: &self)
            case 1: bytes.remove(at: position)
            case 2: bytes.insert(bytes[position], at: position)
            case 3: bytes[position] = Array("\"\\{}[]%&=,:0".utf8).randomElement(using: &self) ?? 0
            default: bytes.removeSubrange(position...)
            }
        }
        return bytes
    }
}
