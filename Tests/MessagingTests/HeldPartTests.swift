// SPDX-License-Identifier: Apache-2.0
// Parts of unknown fate that a connector's policy holds, and an operator's word on them.

import Accounts
import EngineTestSupport
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

@Suite struct HeldPartTests {
    private static let actor = Actor(name: "key:operator", origin: .admin)

    /// A node with a message whose only part is held.
    private static func withHeldPart(
        _ engine: Engine, balance: Money? = nil, _ body: (TestNode, MessageKey) async throws -> Void
    ) async throws {
        var setup = TestSetup()
        setup.uncertainPolicy = .hold
        setup.balance = balance
        try await TestNode.run(engine, setup) { node async throws in
            node.connector.answer { _ in .uncertain(reason: "the link was cut") }
            let key = try await node.send()
            _ = try await eventually("a held part") {
                try await node.stored(key).parts.first?.state == .held ? true : nil
            }
            node.connector.answer(by: nil)
            try await body(node, key)
        }
    }

    private static func auditRows(_ node: TestNode) async throws -> [AuditEntry] {
        var filter = AuditLog.Filter()
        filter.action = .released
        let fixed = filter
        return try await node.database.read { try AuditLog($0).list(fixed, limit: 10) }
    }

    @Test(arguments: Engine.allCases)
    func `one that is resent goes out again as a possible duplicate`(_ engine: Engine) async throws {
        try await Self.withHeldPart(engine) { node, key async throws in
            #expect(
                try await node.engine.release(key, part: 1, as: .resend, actor: Self.actor) == .released)
            let again = try await Self.resubmission(node, count: 2)
            #expect(again.isPossibleDuplicate && again.ticket.attempt == 2)
            let (message, parts) = try await node.wait(for: .sent, of: key)
            #expect(message.isPossibleDuplicate && parts[0].isPossibleDuplicate)
            #expect(try await node.events(of: key) == ["accepted", "uncertain", "released", "sent"])
            let rows = try await Self.auditRows(node)
            #expect(rows.count == 1)
            #expect(rows.first?.objectID == key.id.description && rows.first?.actor == "key:operator")
            #expect(rows.first?.companyID == key.companyID)
            await node.report(again)
            try await node.wait(for: .delivered, of: key)
            try await node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `one that counts as sent is not sent again`(_ engine: Engine) async throws {
        try await Self.withHeldPart(engine) { node, key async throws in
            #expect(try await node.engine.release(key, part: 1, as: .sent, actor: Self.actor) == .released)
            let (message, parts) = try await node.stored(key)
            #expect(message.status == .sent && parts[0].state == .sent && parts[0].submittedAt == node.clock.now)
            #expect(try await node.count("jobs") == 0)
            #expect(node.connector.submissions.count == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `one that fails ends the message and gives the money back`(_ engine: Engine) async throws {
        try await Self.withHeldPart(engine, balance: Money("1")) { node, key async throws in
            let database = node.database
            func balance() async throws -> Money {
                try await database.read { try BalanceStore($0).balance(of: key.companyID) }
            }
            #expect(try await balance() == Money("0.9925"))
            #expect(try await node.engine.release(key, part: 1, as: .failed, actor: Self.actor) == .released)
            let (message, _) = try await node.stored(key)
            #expect(message.status == .failed && message.doneAt != nil)
            #expect(try await balance() == Money("1"))
            #expect(try await node.inbox.bodies(count: 1) == ["\(key.id) failed"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `what is not held cannot be released, and leaves no row`(_ engine: Engine) async throws {
        try await Self.withHeldPart(engine) { node, key async throws in
            let unknown = MessageKey(companyID: node.other, id: key.id)
            #expect(try await node.engine.release(key, part: 2, as: .sent, actor: Self.actor) == .notHeld)
            #expect(try await node.engine.release(unknown, part: 1, as: .sent, actor: Self.actor) == .notHeld)
            #expect(try await node.engine.release(key, part: 1, as: .sent, actor: Self.actor) == .released)
            for release in HeldRelease.allCases {
                #expect(try await node.engine.release(key, part: 1, as: release, actor: Self.actor) == .notHeld)
            }
            #expect(try await Self.auditRows(node).count == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `of many releases at once one counts`(_ engine: Engine) async throws {
        try await Self.withHeldPart(engine) { node, key async throws in
            let engine = node.engine
            let released = try await withThrowingTaskGroup(of: HeldReleaseResult.self) { group in
                for index in 0..<8 {
                    let release = HeldRelease.allCases[index % 3]
                    group.addTask { try await engine.release(key, part: 1, as: release, actor: Self.actor) }
                }
                return try await group.reduce(into: 0) { $0 += $1 == .released ? 1 : 0 }
            }
            #expect(released == 1)
            #expect(try await Self.auditRows(node).count == 1)
            try await node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `a decision waits until the other parts are out`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.uncertainPolicy = .hold
        try await TestNode.run(engine, setup) { node async throws in
            node.connector.answerByHand()
            let key = try await node.send(to: "491701234567", String(repeating: "a", count: 200))
            let first = try await node.connector.submissions(count: 2).map(\.ticket)
            node.connector.complete(first[0], .uncertain(reason: "cut"))
            _ = try await eventually("a held part") {
                try await node.stored(key).parts.contains { $0.state == .held } ? true : nil
            }
            func release() async throws -> HeldReleaseResult {
                try await node.engine.release(key, part: first[0].number, as: .resend, actor: Self.actor)
            }
            #expect(try await release() == .underWay)
            node.connector.take(first[1])
            _ = try await eventually("the other part is out") {
                try await node.stored(key).parts.contains { $0.state == .sent } ? true : nil
            }
            #expect(try await release() == .released)
            let again = try await Self.resubmission(node, count: 3)
            #expect(again.ticket.number == first[0].number && again.isPossibleDuplicate)
            node.connector.take(again.ticket)
            try await node.wait(for: .sent, of: key)
            try await node.waitUntilIdle()
        }
    }

    /// The last of so many submissions, once time has passed.
    private static func resubmission(_ node: TestNode, count: Int) async throws -> Submission {
        node.clock.advance(by: 1000)
        await node.engine.lookAtTime()
        return try await node.connector.submissions(count: count)[count - 1]
    }
}
