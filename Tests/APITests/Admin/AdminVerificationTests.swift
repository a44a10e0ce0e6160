// SPDX-License-Identifier: Apache-2.0
// /admin/v1/verification: what the guard knows of prefixes, overruling it, and the limits in force.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import SQLTestSupport
import Testing
import Verification
import Wire

@testable import API

@Suite struct AdminVerificationTests {
    private static let gate = VerificationGate(limits: VerificationLimits([:]))

    /// Sends codes that nobody types, until a prefix is blocked. Returns it.
    private static func pump(_ api: APITester, of companyID: CompanyID) async throws -> String {
        for index in 0..<200 {
            let (number, now) = ("22177" + String(1_000_000 + index * 4_999), api.node.clock.now)
            let attempt = SendAttempt(
                companyID: companyID, otpID: OTPID.next(now: now), number: number, channel: .sms, clientAddress: nil,
                price: Money(micros: 50_000), isResend: false)
            let decision = try await api.node.database.write { try gate.admit(attempt, in: $0, now: now) }
            if case .blocked(let prefix) = decision { return prefix }
            api.node.clock.advance(by: 15_000)
        }
        throw NotBlocked()
    }

    private struct NotBlocked: Error {}

    private static func run(
        _ engine: Engine, _ body: @escaping @Sendable (APITester) async throws -> Void
    ) async throws {
        try await APITester.run(engine) { api async throws in
            try await api.node.database.migrate(
                MessagingMigrations.all + Verifier.migrations + VerificationGate.migrations)
            try await body(api)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a blocked prefix is shown with its reasons and can be unblocked`(_ engine: Engine) async throws {
        try await Self.run(engine) { api async throws in
            let acme = api.node.acme
            let prefix = try await Self.pump(api, of: acme)
            let list = try await api.admin(.get, "/verification/prefixes?notable=true")
            let item = try #require(list.json["items"]?.array?.first { $0["prefix"]?.string == prefix }, "\(list.text)")
            #expect(item["state"]?.string == "blocked" && item["companyId"]?.int64 == acme)
            #expect(item["verified"]?.int64 == 0 && item["share"] != nil && item["blockedUntil"]?.string != nil)
            #expect(item["stopped"]?.string == "0.05" && item["strikes"]?.int64 == 1)
            #expect(item["evidence"] != nil && item["threshold"] != nil && item["expectedShare"] != nil)
            let path = "/verification/prefixes/\(prefix)"
            #expect(try await api.admin(.get, path).json["items"]?.array?.count == 1)
            let answer = try await api.admin(.post, path + "/unblock")
            #expect(answer.status == 200 && answer.json["items"]?.array?.first?["state"]?.string == "watching")
            #expect(try await api.admin(.post, path + "/unblock").status == 200)
            let audit = try await api.audit(.prefix)
            #expect(audit.map(\.action) == [.blocked, .unblocked])
            #expect(audit.map(\.actor).first == "guard" && audit.last?.actor.hasPrefix("key:") == true)
        }
    }

    @Test(arguments: Engine.allCases)
    func `rules are set, replaced and taken away`(_ engine: Engine) async throws {
        try await Self.run(engine) { api async throws in
            let acme = api.node.acme
            func state(_ verb: String, _ query: String = "") async throws -> [String?] {
                let answer = try await api.admin(.post, "/verification/prefixes/4915/\(verb)\(query)")
                #expect(answer.status == 200, "\(answer.text)")
                return (answer.json["items"]?.array ?? []).map { $0["state"]?.string }
            }
            #expect(try await state("block") == ["denied"])
            #expect(try await state("allow") == ["allowed"])
            #expect(try await state("block", "?companyId=\(acme)") == ["allowed", "denied"])
            #expect(try await state("unblock") == ["denied"])
            #expect(try await state("unblock", "?companyId=\(acme)") == [])
            #expect(try await api.admin(.post, "/verification/prefixes/4915/block?companyId=4711").status == 404)
            for path in ["0", "+49", "49x", "1234567890123456"] {
                #expect(try await api.admin(.post, "/verification/prefixes/\(path)/block").status == 404)
            }
        }
    }

    @Test func `pages follow one another`() async throws {
        try await Self.run(.sqlite) { api async throws in
            for digit in 1...9 { _ = try await api.admin(.post, "/verification/prefixes/49\(digit)/block") }
            var prefixes: [String] = []
            var cursor = ""
            repeat {
                let answer = try await api.admin(.get, "/verification/prefixes?limit=4" + cursor)
                prefixes += (answer.json["items"]?.array ?? []).compactMap { $0["prefix"]?.string }
                cursor = answer.string("next").map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(prefixes == (1...9).map { "49\($0)" })
            #expect(try await api.admin(.get, "/verification/prefixes?prefix=493").json["items"]?.array?.count == 1)
            let refused = try await api.admin(.get, "/verification/prefixes?prefix=x&cursor=1&limit=0&notable=2")
            #expect(Set(refused.refusedFields) == ["prefix", "cursor", "limit", "notable"])
        }
    }

    @Test func `resellers look after their own companies`() async throws {
        try await Self.run(.sqlite) { api async throws in
            let (_, key, child) = try await api.makeReseller()
            _ = try await Self.pump(api, of: api.node.acme)
            let list = try await api.admin(.get, "/verification/prefixes", key: key)
            #expect(list.status == 200 && list.json["items"]?.array?.isEmpty == true)
            let path = "/verification/prefixes/4915/block"
            #expect(try await api.admin(.post, path, key: key).status == 403)
            #expect(try await api.admin(.post, path + "?companyId=\(api.node.acme)", key: key).status == 404)
            #expect(try await api.admin(.post, path + "?companyId=\(child)", key: key).status == 200)
            #expect(try await api.admin(.get, "/verification/prefixes", key: key).json["items"]?.array?.count == 1)
        }
    }

    @Test func `the limits in force are shown`() async throws {
        try await Self.run(.sqlite) { api async throws in
            let answer = try await api.admin(.get, "/verification/limits")
            let first = answer.json["limits"]?.array?.first
            #expect(first?["scope"]?.string == "number" && first?["rule"]?.string == "5 per 10m")
            #expect(first?["count"]?.int64 == 5 && first?["milliseconds"]?.int64 == 600_000)
            #expect(answer.json["guardEnabled"] == .bool(true))
        }
    }
}
