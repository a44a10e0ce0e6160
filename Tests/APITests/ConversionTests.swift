// SPDX-License-Identifier: Apache-2.0
// Conversion reports.

import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct ConversionTests {
    private static let path = "/messaging/v1/conversion"

    @Test(arguments: Engine.allCases)
    func `a conversion is stored with its time and an event`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let message = try await api.accepted(["conversion": true])
            let id = JSONValue.string(message.id.description)
            let answer = try await api.post(
                Self.path, json: ["requestId": id, "timestamp": "2026-01-15T12:30:00+01:00"])
            #expect(answer.status == 200)
            #expect(answer.text == "{}")
            #expect(try await api.node.stored(message.key).message.convertedAt == TestClock.start - 1_800_000)
            #expect(try await api.node.events(of: message.key).contains("converted"))
        }
    }

    @Test func `a conversion without a time happened now`() async throws {
        try await APITester.run { api async throws in
            let message = try await api.accepted(["conversion": true])
            let answer = try await api.call(.post, Self.path + "?requestId=\(message.id)")
            #expect(answer.status == 200)
            #expect(try await api.node.stored(message.key).message.convertedAt == TestClock.start)
        }
    }

    @Test func `a report that nothing came of leaves no time`() async throws {
        try await APITester.run { api async throws in
            let message = try await api.accepted(["conversion": true])
            let form = Array("requestId=\(message.id)&delivered=false".utf8)
            let answer = try await api.call(
                .post, Self.path, body: form, contentType: "application/x-www-form-urlencoded")
            #expect(answer.status == 200)
            #expect(try await api.node.stored(message.key).message.convertedAt == nil)
            #expect(try await api.node.count("events", where: "detail = 'not delivered'") == 1)
        }
    }

    @Test func `what cannot be reported is refused`() async throws {
        try await APITester.run { api async throws in
            let plain = JSONValue.string(try await api.accepted().id.description)
            let rows: [([String: JSONValue], Int, [String])] = [
                (["requestId": "01890000-0000-7000-8000-000000000000"], 404, []), (["requestId": "x"], 404, []),
                ([:], 400, ["requestId"]), (["requestId": []], 400, ["requestId"]),
                (["requestId": plain], 400, ["requestId"]),
                (["requestId": plain, "delivered": "maybe", "timestamp": "x"], 400, ["delivered", "timestamp"]),
            ]
            for (request, status, fields) in rows {
                let answer = try await api.post(Self.path, json: request)
                #expect(answer.status == status, "\(request)")
                #expect(answer.refusedFields == fields, "\(request)")
            }
        }
    }
}
