// SPDX-License-Identifier: Apache-2.0
// Content that nobody but its connector may read: encrypted in the database, opened when it is handed over, erased at
// the message's end.

import Accounts
import EngineTestSupport
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

struct SealedContentTests {
    private static let text = "OTP code: 734912"

    private func message(_ node: TestNode, key: SecretBox? = nil) throws -> Message {
        var message = node.message(Self.text)
        message.surface = .verification
        let content = try #require(message.content)
        message.content = .sealed(
            try SealedContent(content, of: message.key, with: key ?? node.directory.secrets))
        return message
    }

    private func stored(_ key: MessageKey, _ node: TestNode) async throws -> String? {
        try await node.database.read { transaction in
            try transaction.queryOne("SELECT content FROM messages WHERE id = $1", [.bytes(key.id.bytes)])?
                .textOrNil("content")
        }
    }

    @Test(arguments: Engine.allCases)
    func `the connector gets the text and the database never holds it`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            let message = try message(node)
            let key = try await node.send(message)
            let submission = try await node.connector.submissions(count: 1)[0]
            #expect(submission.content == node.message(Self.text).content)
            let content = try #require(try await stored(key, node))
            #expect(content.hasPrefix(#"{"sealed":""#))
            #expect(!content.contains("734912"))
        }
    }

    @Test(arguments: Engine.allCases)
    func `a node that takes the message over from the database opens it too`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            node.connector.setUp(false)
            let key = try await node.send(try message(node))
            node.engine.dispatcher.forgetAll()
            try await node.engine.enter()
            node.connector.setUp(true)
            node.engine.dispatcher.noteBacklog()
            let submission = try await node.connector.submissions(count: 1)[0]
            #expect(submission.ticket.key == key)
            #expect(submission.content == node.message(Self.text).content)
        }
    }

    @Test
    func `what another master key has sealed, or another message holds, is not sent`() async throws {
        try await TestNode.run(.sqlite) { node async throws in
            let other = try #require(SecretBox(masterKey: SecretBox.generateMasterKey()))
            let foreign = try await node.send(try message(node, key: other))
            var moved = node.message()
            moved.content = try message(node).content
            try await node.send(moved)
            for key in [foreign, moved.key] { try await node.wait(for: .rejected, of: key) }
            #expect(node.connector.submissions.isEmpty)
            #expect(node.connector.used == 0)
        }
    }

    @Test
    func `content of the 2FA API is due for erasure at the message's end`() async throws {
        try await TestNode.run(.sqlite) { node async throws in
            node.connector.answer { _ in .rejected(code: "000b", reason: "no") }
            let key = try await node.send(try message(node))
            try await node.wait(for: .rejected, of: key)
            while try await node.engine.sweeper.eraseContents() {}
            #expect(try await stored(key, node) == nil)
        }
    }
}
