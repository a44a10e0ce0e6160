// SPDX-License-Identifier: Apache-2.0
// What a key does not open: other addresses, other senders, more requests than it may make; and what becomes of wrong
// keys, of keys of closed companies, and of the note of a key's last use.

import Accounts
import EngineTestSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

extension APITester {
    /// A further key of Acme, as the Admin API would make it.
    func addKey(_ text: String, _ limits: KeyLimits) async throws {
        let acme = node.acme
        try await node.provision { provisioner in
            _ = try provisioner.createKey(text, name: text, companyID: acme, limits: limits)
        }
    }
}

@Suite struct KeyEnforcementTests {
    private static let message = "/messaging/v1/messages/01890000-0000-7000-8000-000000000000"
    private static let retryAfter = HTTPField.Name.retryAfter
    private static let limitHeaders = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"].compactMap {
        HTTPField.Name($0)
    }

    private func limits(_ change: (inout KeyLimits) -> Void) -> KeyLimits {
        var limits = KeyLimits()
        change(&limits)
        return limits
    }

    // MARK: Addresses

    @Test func `a key with addresses is refused elsewhere and where the address is not known`() async throws {
        var options = APITester.options
        options.trustedProxies = [AddressRange("127.0.0.1")].compactMap(\.self)
        let allowed = limits { $0.addresses = ["198.51.100.0/24", "2001:db8::/32"].compactMap { AddressRange($0) } }
        try await APITester.run(options: options, over: .live) { api async throws in
            try await api.addKey("addressed", allowed)
            func status(_ forwardedFor: String?) async throws -> Int {
                try await api.call(
                    .get, Self.message, key: "addressed",
                    headers: forwardedFor.map { [("X-Forwarded-For", $0)] } ?? []
                ).status
            }
            #expect(try await status("198.51.100.9") == 404)
            #expect(try await status("2001:db8::5") == 404)
            #expect(try await status("::ffff:198.51.100.9") == 404)
            #expect(try await status("203.0.113.9") == 403)
            #expect(try await status("198.51.100.9, 203.0.113.9") == 403)
            #expect(try await status("2002:c633:6409::1") == 403, "a 6to4 network that wraps an allowed address")
            #expect(try await status("nonsense") == 403)
            #expect(try await status(nil) == 403)
            #expect(try await api.get(Self.message).status == 404, "a key without addresses")
        }
        try await APITester.run { api async throws in
            try await api.addKey("addressed", allowed)
            let answer = try await api.get(Self.message, key: "addressed")
            #expect(answer.status == 403 && answer.string("type") == "https://httpstatuses.com/403")
        }
    }

    // MARK: Rates

    @Test func `a key over its rate is 429 and comes back with time`() async throws {
        try await APITester.run { api async throws in
            try await api.addKey("slow", limits { $0.requestsPerSecond = 2 })
            let first = try await api.get(Self.message, key: "slow")
            #expect(first.status == 404)
            #expect(try await api.get(Self.message, key: "slow").status == 404)
            let refused = try await api.send(key: "slow")
            #expect(refused.status == 429)
            #expect(refused.headers[Self.retryAfter] == "1")
            #expect(Self.limitHeaders.map { refused.headers[$0] } == ["2", "0", "1"])
            #expect(refused.string("type") == "https://httpstatuses.com/429")
            #expect(try await api.get(Self.message).status == 404, "another key of the company")
            api.node.clock.advance(by: 500)
            #expect(try await api.send(key: "slow").status == 200)
            #expect(try await api.send(key: "slow").status == 429)
        }
    }

    @Test func `answers within a rate say what is left`() async throws {
        try await APITester.run { api async throws in
            try await api.addKey("slow", limits { $0.requestsPerSecond = 5 })
            let answer = try await api.send(key: "slow")
            #expect(Self.limitHeaders.map { answer.headers[$0] } == ["5", "4", "1"])
            let unlimited = try await api.send()
            #expect(Self.limitHeaders.allSatisfy { unlimited.headers[$0] == nil })
        }
    }

    @Test func `the server's usual rate is for keys without their own`() async throws {
        var options = APITester.options
        options.requestsPerSecondPerKey = 1
        try await APITester.run(options: options) { api async throws in
            try await api.addKey("fast", limits { $0.requestsPerSecond = 100 })
            #expect(try await api.get(Self.message).status == 404)
            #expect(try await api.get(Self.message).status == 429)
            for _ in 0..<100 { #expect(try await api.get(Self.message, key: "fast").status == 404) }
            #expect(try await api.get(Self.message, key: "fast").status == 429)
        }
    }

    @Test func `requests side by side get no more than the rate`() async throws {
        try await APITester.run { api async throws in
            try await api.addKey("slow", limits { $0.requestsPerSecond = 20 })
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<60 { group.addTask { try await api.get(Self.message, key: "slow").status } }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [404: 20, 429: 40])
        }
    }

    // MARK: Wrong keys

    @Test func `wrong keys run out and take good ones with them that were not seen before`() async throws {
        var options = APITester.options
        options.wrongKeysPerMinute = 5
        try await APITester.run(options: options) { api async throws in
            #expect(try await api.get(Self.message, key: TestSetup.otherKey).status == 404)
            for guess in 0..<5 { #expect(try await api.get(Self.message, key: "guess-\(guess)").status == 401) }
            let refused = try await api.get(Self.message, key: "guess")
            #expect(refused.status == 429)
            #expect(refused.headers[Self.retryAfter] == "12")
            #expect(try await api.get(Self.message).status == 429, "a guess that hit")
            #expect(try await api.get(Self.message, key: TestSetup.otherKey).status == 404, "a key in use from here")
            #expect(try await api.get(Self.message, key: nil).status == 401, "no key is no guess")
            api.node.clock.advance(by: 60_000)
            #expect(try await api.get(Self.message).status == 404)
        }
    }

    @Test func `wrong keys are counted by address, and by network for IPv6`() async throws {
        var options = APITester.options
        options.wrongKeysPerMinute = 1
        options.trustedProxies = [AddressRange("127.0.0.1")].compactMap(\.self)
        try await APITester.run(options: options, over: .live) { api async throws in
            func status(_ address: String) async throws -> Int {
                try await api.call(
                    .get, Self.message, key: "guess", headers: [("X-Forwarded-For", address)]
                ).status
            }
            #expect(try await status("192.0.2.1") == 401)
            #expect(try await status("192.0.2.1") == 429)
            #expect(try await status("192.0.2.2") == 401)
            #expect(try await status("2001:db8::1") == 401)
            #expect(try await status("2001:db8::2") == 429)
            #expect(try await status("2001:db8:0:1::2") == 401)
        }
    }

    // MARK: Companies and expiry

    @Test func `the keys of a closed company are 401`() async throws {
        try await APITester.run { api async throws in
            let acme = api.node.acme
            try await api.node.database.write { transaction in
                try transaction.execute("UPDATE companies SET closed_at = 1 WHERE id = $1", [.integer(acme)])
            }
            try await api.node.directory.reload()
            #expect(try await api.get(Self.message).status == 401)
            #expect(try await api.get(Self.message, key: TestSetup.otherKey).status == 404)
        }
    }

    // MARK: Senders

    @Test func `a key with objects sends from those alone`() async throws {
        try await APITester.run { api async throws in
            try await api.addKey("named", limits { $0.objects = ["sms:Acme", "sms:49301234567"] })
            #expect(try await api.send(key: "named").status == 200)
            #expect(try await api.send(["from": "+49 30 1234567"], key: "named").status == 200)
            for sender in ["acme", "Acme2", "49301234568"] {
                let refused = try await api.send(["from": .string(sender)], key: "named")
                #expect(refused.status == 403 && refused.refusedFields == ["from"])
            }
            let query = "to=491701234567&from=Evil&message=Hello"
            #expect(try await api.get("/messaging/v1/sms?" + query, key: "named").status == 403)
            #expect(try await api.node.count("messages") == 2)
        }
    }

    @Test func `messages of other senders do not exist for a key with objects`() async throws {
        try await APITester.run { api async throws in
            try await api.addKey("named", limits { $0.objects = ["sms:Brand"] })
            let mine = try await api.send(["from": "Brand", "conversion": true], key: "named")
            let others = try await api.send(["conversion": true])
            func status(_ answer: Answer) async throws -> [Int] {
                let id = try #require(answer.string("requestId"))
                return [
                    try await api.get("/messaging/v1/messages/\(id)", key: "named").status,
                    try await api.post("/messaging/v1/conversion", json: ["requestId": .string(id)], key: "named")
                        .status,
                ]
            }
            #expect(try await status(mine) == [200, 200])
            #expect(try await status(others) == [404, 404])
        }
    }

    // MARK: Last use

    @Test(arguments: Engine.allCases)
    func `the last use is written down in batches and never goes back`(_ engine: Engine) async throws {
        let options = APITester.options
        try await APITester.run(engine, options: options) { api async throws in
            let directory = api.node.directory
            let key = try #require(directory.current.keys[APIKey.hash(of: TestSetup.acmeKey)])
            func stored() async throws -> Milliseconds? {
                try await directory.reload()
                return directory.current.keys[key.hash]?.lastUsedAt
            }
            #expect(try await api.get(Self.message).status == 404)
            #expect(try await api.get(Self.message, key: "wrong").status == 401)
            #expect(try await stored() == nil)
            #expect(options.keyUse.lastUse(of: key.id) == TestClock.start)
            try await options.keyUse.flush(to: directory)
            #expect(try await stored() == TestClock.start)
            try await api.node.database.write { transaction in
                try transaction.execute(
                    "UPDATE api_keys SET last_used_at = $1", [.integer(TestClock.start + 10_000)])
            }
            api.node.clock.advance(by: 5000)
            #expect(try await api.get(Self.message).status == 404)
            try await options.keyUse.flush(to: directory)
            #expect(try await stored() == TestClock.start + 10_000, "another node saw it later")
        }
    }

    @Test func `the recorder forgets keys that are gone and flushes when it is stopped`() async throws {
        let options = APITester.options
        try await APITester.run(options: options) { api async throws in
            let directory = api.node.directory
            let key = try #require(directory.current.keys[APIKey.hash(of: TestSetup.acmeKey)])
            options.keyUse.note(4_711_000, at: 1, from: nil)
            #expect(try await api.get(Self.message).status == 404)
            let running = Task {
                await options.keyUse.run(directory, every: .seconds(3600), logger: TestDatabase.quiet)
            }
            running.cancel()
            await running.value
            try await directory.reload()
            #expect(directory.current.keys[key.hash]?.lastUsedAt == TestClock.start)
            #expect(options.keyUse.lastUse(of: 4_711_000) == nil)
        }
    }
}
