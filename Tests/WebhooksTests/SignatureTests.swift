// SPDX-License-Identifier: Apache-2.0

// Signatures against fixed vectors, the same as in Tests/Peers/webhook_signature.py, where the reference library of
// Standard Webhooks confirms them.

import NIOHTTP1
import Testing

@testable import Webhooks

@Suite("Signatures")
struct SignatureTests {
    private struct Vector {
        let secret: String
        let id: String
        let timestamp: Int64
        let body: String
        let signature: String
    }

    private let vectors = [
        Vector(
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330, body: #"{"test": 2432232314}"#,
            signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        Vector(
            secret: "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", id: "evt_1", timestamp: 1_790_000_000,
            body: #"{"text":"Grüße 👋"}"#, signature: "v1,ol9Zxl0Ovv+WbnYplovFxtT6TsLO3nOYbjv4Kzr8Atk="),
    ]

    @Test func `deliveries are signed as Standard Webhooks says`() throws {
        for vector in vectors {
            let secret = try #require(WebhookSecret(vector.secret))
            let headers = StandardWebhooks.headers(
                id: vector.id, timestamp: vector.timestamp, body: Array(vector.body.utf8), secrets: [secret])
            #expect(headers["webhook-id"] == [vector.id])
            #expect(headers["webhook-timestamp"] == [String(vector.timestamp)])
            #expect(headers["webhook-signature"] == [vector.signature])
            try StandardWebhooks.verify(
                headers: headers, body: Array(vector.body.utf8), secrets: [secret], now: vector.timestamp)
        }
    }

    @Test func `during a rotation the old and the new key both verify`() throws {
        let old = WebhookSecret.random()
        let new = WebhookSecret.random()
        let headers = StandardWebhooks.headers(id: "e", timestamp: 100, body: [1, 2], secrets: [new, old])
        #expect(headers["webhook-signature"].first?.split(separator: " ").count == 2)
        for secret in [old, new] {
            try StandardWebhooks.verify(headers: headers, body: [1, 2], secrets: [secret], now: 100)
        }
        #expect(throws: SignatureError.mismatch) {
            try StandardWebhooks.verify(headers: headers, body: [1, 2], secrets: [.random()], now: 100)
        }
    }

    @Test(arguments: [
        ("webhook-id", "f"), ("webhook-timestamp", "101"), ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", ""), ("webhook-signature", "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ])
    func `a changed header does not verify`(name: String, value: String) throws {
        let secret = WebhookSecret.random()
        var headers = StandardWebhooks.headers(id: "e", timestamp: 100, body: [1], secrets: [secret])
        headers.replaceOrAdd(name: name, value: value)
        #expect(throws: SignatureError.mismatch) {
            try StandardWebhooks.verify(headers: headers, body: [1], secrets: [secret], now: 100)
        }
    }

    @Test func `a changed body, a missing header and an old time stamp do not verify`() throws {
        let secret = WebhookSecret.random()
        let headers = StandardWebhooks.headers(id: "e", timestamp: 1000, body: [1], secrets: [secret])
        func verify(_ headers: HTTPHeaders, _ body: [UInt8], now: Int64) -> SignatureError? {
            do throws(SignatureError) {
                try StandardWebhooks.verify(headers: headers, body: body, secrets: [secret], now: now)
                return nil
            } catch { return error }
        }
        #expect(verify(headers, [1], now: 1000) == nil)
        #expect(verify(headers, [2], now: 1000) == .mismatch)
        #expect(verify(headers, [1], now: 1300) == nil)
        #expect(verify(headers, [1], now: 1301) == .outsideTolerance)
        #expect(verify(headers, [1], now: 699) == .outsideTolerance)
        #expect(verify(headers, [1], now: .min) == .outsideTolerance)
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            var partial = headers
            partial.remove(name: name)
            #expect(verify(partial, [1], now: 1000) == .malformedHeaders)
        }
    }

    @Test func `Signature V1 is Base64URL without padding`() throws {
        let body = Array(#"{"a":1}"#.utf8)
        let secret = try #require(WebhookSecret("s3cret"))
        for (algorithm, expected) in [
            (SignatureV1.Algorithm.hmacSHA256, "dUNXRq6a1I4W3UR8wmOlI9CzIgUYBUCKqZKx7z1W0-w"),
            (
                .hmacSHA512,
                "vzV-ck0p_9Z8Cbm9yZv7VxDxxkVumKd6UrrdcKoOdNr5i8QRmdaCTY5yu2-auixWyTwx96aAChfLYfwTq4CWKg"
            ),
        ] {
            let signature = SignatureV1(secret: secret, algorithm: algorithm)
            var headers = signature.headers(timestamp: 1_790_000_000, body: body)
            #expect(headers["x-signature"] == [expected])
            #expect(headers["x-request-timestamp"] == ["1790000000"])
            #expect(headers["x-signature-version"] == ["V1.0"])
            try signature.verify(headers: headers, body: body, now: 1_790_000_100)
            #expect(throws: SignatureError.mismatch) {
                try signature.verify(headers: headers, body: body + [0], now: 1_790_000_000)
            }
            #expect(throws: SignatureError.outsideTolerance) {
                try signature.verify(headers: headers, body: body, now: 1_790_000_301)
            }
            let padding = String(repeating: "=", count: (4 - expected.count % 4) % 4)
            headers.replaceOrAdd(name: "x-signature", value: expected + padding)
            try signature.verify(headers: headers, body: body, now: 1_790_000_000)
            headers.replaceOrAdd(name: "x-signature-version", value: "V2.0")
            #expect(throws: SignatureError.malformedHeaders) {
                try signature.verify(headers: headers, body: body, now: 1_790_000_000)
            }
        }
    }

    @Test func `secrets are read in both forms and never shown`() throws {
        #expect(WebhookSecret("whsec_AAEC")?.bytes == [0, 1, 2])
        #expect(WebhookSecret("whsec_AA==")?.bytes == [0])
        #expect(WebhookSecret("plain")?.bytes == Array("plain".utf8))
        #expect(WebhookSecret("") == nil)
        #expect(WebhookSecret("whsec_") == nil)
        #expect(WebhookSecret("whsec_%%") == nil)
        let secret = WebhookSecret.random()
        #expect(secret.bytes.count == 32)
        #expect(WebhookSecret(secret.text) == secret)
        var dumped = ""
        dump(secret, to: &dumped)
        #expect("\(secret) \(String(reflecting: secret))" == "whsec_… whsec_…")
        #expect(!dumped.contains("\(secret.bytes[0])"))
    }

    @Test func `Base64 round-trips and refuses what is not canonical`() {
        var generator = SeededGenerator(seed: 9)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64.decode(Base64.encode(bytes, .url), .url) == bytes)
        }
        for text in ["A", "AA=", "AAA==", "AAAA=", "====", "AB==", "A A=", "AA==AA==", "-_-_"] {
            #expect(Base64.decode(text) == nil, "\(text)")
        }
        #expect(Base64.encode(Array("foobar".utf8)) == "Zm9vYmFy")
        #expect(Base64.encode([0xFB, 0xFF], .url) == "-_8")
    }
}
