// SPDX-License-Identifier: Apache-2.0
// The whole way of a message through a running node, on both engines: accepted, handed over, taken, reported, told.

import EngineTestSupport
import Messaging
import SQLTestSupport
import Testing

struct FlowTests {
    @Test(arguments: Engine.allCases)
    func `a message goes from acceptance to one delivery of its report`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            let key = try await node.send("Hello")
            let submission = try await node.connector.submissions(count: 1)[0]
            #expect(submission.ticket == PartTicket(key: key, step: 0, number: 1, attempt: 1))
            #expect(submission.recipient == "491701234567")
            #expect(submission.sender == "Acme")
            #expect(!submission.isPossibleDuplicate)
            let sent = try await node.wait(for: .sent, of: key)
            #expect(sent.message.sentAt == TestClock.start)
            #expect(sent.parts.map(\.state) == [.sent])
            node.clock.advance(by: 4000)
            #expect(await node.report(submission) == .stored)
            let done = try await node.stored(key)
            #expect(done.message.status == .delivered)
            #expect(done.message.doneAt == TestClock.start + 4000)
            #expect(try await node.events(of: key) == ["accepted", "sent", "delivered"])
            let deliveries = try await node.inbox.deliveries(count: 1)
            #expect(node.inbox.bodies == ["\(key.id) delivered"])
            #expect(deliveries[0].messageID == key.id)
            #expect(deliveries[0].companyID == node.acme)
            #expect(try await node.count("jobs") == 0)
            #expect(try await node.count("deliveries") == 1)
            try await node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `a long message has the status of its worst part and is reported once`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            let key = try await node.send(String(repeating: "a", count: 400))
            let submissions = try await node.connector.submissions(count: 3)
            #expect(submissions.map(\.ticket.number) == [1, 2, 3])
            try await node.wait(for: .sent, of: key)
            await node.report(submissions[2])
            await node.report(submissions[0], .undeliverable, errorCode: "0001")
            #expect(try await node.stored(key).message.status == .sent)
            #expect(node.inbox.deliveries.isEmpty)
            await node.report(submissions[1])
            let done = try await node.stored(key)
            #expect(done.message.status == .undeliverable)
            #expect(done.message.errorCode == "0001")
            #expect(done.parts.map(\.state) == [.undeliverable, .delivered, .delivered])
            #expect(node.inbox.bodies == ["\(key.id) undeliverable"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a message without a place for reports has none`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            var message = node.message()
            message.reporting = nil
            let key = try await node.send(message)
            let submission = try await node.connector.submissions(count: 1)[0]
            try await node.wait(for: .sent, of: key)
            await node.report(submission)
            #expect(try await node.stored(key).message.status == .delivered)
            #expect(try await node.count("deliveries") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a refusal ends the message and the parts that had not left`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.window = 1
        try await TestNode.run(engine, setup) { node in
            node.connector.answerByHand()
            let key = try await node.send(String(repeating: "a", count: 400))
            let first = try await node.connector.submissions(count: 1)[0]
            node.connector.setWindow(0)
            node.connector.complete(first.ticket, .rejected(code: "0015", reason: "no"))
            let done = try await node.wait(for: .rejected, of: key)
            #expect(done.message.errorCode == "0015")
            #expect(done.message.errorReason == "no")
            #expect(done.parts.map(\.state) == [.rejected, .rejected, .rejected])
            #expect(node.connector.submissions.count == 1)
            #expect(try await node.inbox.bodies(count: 1) == ["\(key.id) rejected"])
            #expect(try await node.count("jobs") == 0)
            try await node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `many messages leave in bursts no larger than the window and none is lost`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.window = 7
        setup.options.dispatchCapacity = 50
        try await TestNode.run(engine, setup) { node in
            let messages = (0..<300).map { _ in node.message() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for message in messages { group.addTask { try await node.send(message) } }
                try await group.waitForAll()
            }
            let submissions = try await node.connector.submissions(count: 300)
            #expect(Set(submissions.map(\.ticket.key)) == Set(messages.map(\.key)))
            #expect(submissions.count == 300)
            for message in messages { try await node.wait(for: .sent, of: message.key) }
            try await node.waitUntilIdle()
            #expect(try await node.count("jobs") == 0)
        }
    }
}
