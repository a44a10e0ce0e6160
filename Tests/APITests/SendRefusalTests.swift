// SPDX-License-Identifier: Apache-2.0
// What a send request is refused for: each value names its parameter, and all mistakes are told at once.

import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct SendRefusalTests {
    private static let badValues: [(String, [JSONValue])] = [
        (
            "to",
            [
                .null, "", [], "abc", "123456", "1234567890123456", "01701234567", "+49+170123456", true, .object([:]),
                1.5,
                "００４９１７０１２３４５６７",
            ]
        ),
        (
            "from",
            [
                .null, "", [], "12", "ABCDEFGHIJKL", "1234567890123456", "Пример", "++", "+1-2", "A\nB", "\u{1B}A",
                "AB\u{0}", true,
            ]
        ),
        ("message", [.null, "", [], .object([:]), true, 1.5]),
        ("encoding", ["UTF8", [], true]),
        ("gateway", ["NONE", [], .object([:])]),
        ("conversion", ["yes", 1, []]),
        ("sendDateTime", ["tomorrow", "2026-13-01T00:00:00Z", "2026-01-15T11:58:59Z", [], true]),
        ("validity", [0, 10_081, "x", 1.5, [], true, "60 "]),
        ("reference", [.string(String(repeating: "x", count: 256)), [], true, "a\u{0}b"]),
        (
            "callbackUrl",
            [
                "http://acme.example/", [], true, .string("https://" + String(repeating: "x", count: 2048)),
                "https://\u{0}",
            ]
        ),
        ("callbackMethod", ["PUT", [], true]),
        ("partLimit", [0, 256, "x", 1.5, [], true]),
        ("trate", [-0.1, 1.1, "x", "nan", [], true]),
        ("mrate", [-0.1, 1.1, "x", "inf", [], true]),
        ("upperCased", ["yes", 0, []]),
        ("keepEmojis", ["no", 2, .object([:])]),
        ("flash", ["on", 1.0, []]),
    ]

    @Test func `every parameter refuses what it cannot be`() async throws {
        try await APITester.run { api async throws in
            for (name, values) in Self.badValues {
                for value in values {
                    let answer = try await api.send([name: value])
                    #expect(answer.status == 400, "\(name) = \(value)")
                    #expect(answer.refusedFields == [name], "\(name) = \(value): \(answer.text)")
                }
            }
            #expect(try await api.node.count("messages") == 0)
        }
    }

    @Test func `every mistake of a request is told at once`() async throws {
        try await APITester.run { api async throws in
            let answer = try await api.post(
                "/messaging/v1/sms", json: ["to": "x", "validity": 0, "flash": "x", "gateway": "NONE"])
            #expect(Set(answer.refusedFields) == ["to", "from", "message", "validity", "flash", "gateway"])
        }
    }

    @Test func `the problem document of a bad request is pinned`() async throws {
        try await APITester.run { api async throws in
            let answer = try await api.send(["to": .null, "validity": 0])
            #expect(answer.headers[.contentType] == "application/json")
            #expect(
                answer.text
                    == #"{"type":"https://docs.tyntec.com/problems/ConstraintViolation","#
                    + #""title":"Constraint Violation","status":400,"#
                    + #""detail":"to is required; validity must be a whole number from 1 to 10080","#
                    + #""violations":[{"field":"to","message":"is required"},"#
                    + #"{"field":"validity","message":"must be a whole number from 1 to 10080"}]}"#)
        }
    }

    @Test func `a number that no route leads to names the recipient`() async throws {
        try await APITester.run { api async throws in
            try await api.setRoutes([("DEFAULT", "49", [0])])
            #expect(try await api.send(["to": "447700900123"]).refusedFields == ["to"])
            #expect(try await api.send().status == 200)
        }
    }

    @Test func `GET wants the same parameters`() async throws {
        try await APITester.run { api async throws in
            #expect(Set(try await api.sendByGet("").refusedFields) == ["to", "from", "message"])
            #expect(
                try await api.sendByGet("to=49170123456&from=A&message=Hi&validity=0").refusedFields == ["validity"])
        }
    }
}

extension JSONValue: ExpressibleByArrayLiteral {
    init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}
