// SPDX-License-Identifier: Apache-2.0
// A node whose company writes down contacts, and people who write to it.

import Accounts
import EngineTestSupport
import SMSText
import SQL
import SQLTestSupport
import Wire

@testable import Messaging

/// A node with a WhatsApp number, and Acme's contact book.
struct ContactNode {
    static let whatsApp = "4915200000001"
    static let jane = "491701234567"
    static let actor = Actor(name: "key:ann", origin: .admin)

    let node: TestNode

    static func run(_ engine: Engine, _ body: (ContactNode) async throws -> Void) async throws {
        var setup = TestSetup()
        setup.connectors = ["fake", "whatsapp"]
        setup.furtherRenderers = { _ in [.conversations: RecordingRenderer()] }
        try await TestNode.run(engine, setup) { node in
            let (acme, connector) = (node.acme, node.identities.connectors[1])
            try await node.database.write { transaction in
                _ = try transaction.execute(
                    """
                    INSERT INTO channels (company_id, kind, address, connector_id, origin)
                    VALUES ($1, 'whatsapp', $2, $3, 'admin')
                    """, [.integer(acme), .text(whatsApp), .integer(connector)])
            }
            try await node.directory.reload()
            try await body(ContactNode(node: node))
        }
    }

    func book<T: Sendable>(
        of companyID: CompanyID? = nil, _ body: @escaping @Sendable (ContactBook) throws -> T
    ) async throws -> T {
        let companyID = companyID ?? node.acme
        return try await node.database.write { try body(ContactBook($0, companyID: companyID)) }
    }

    func make(
        _ name: String?, _ identities: [Identity], of companyID: CompanyID? = nil
    ) async throws -> Contact {
        try await book(of: companyID) {
            try $0.create(ContactDraft(name: name, identities: identities), as: Self.actor, now: 5)
        }
    }

    func change(_ id: Int64, _ edit: @escaping @Sendable (inout ContactDraft) -> Void) async throws -> Contact {
        try await book { book in
            try book.change(id, as: Self.actor, now: 6) { contact in
                var draft = contact.draft
                edit(&draft)
                return draft
            }
        }
    }

    func importing(_ drafts: [ContactDraft]) async throws -> ImportResult {
        let lines = drafts.enumerated().map { ImportLine($0.offset + 2, $0.element) }
        return try await book { try $0.importContacts(lines, as: Self.actor, now: 7) }
    }

    func list(_ filter: ContactBook.Filter = ContactBook.Filter()) async throws -> [Contact] {
        try await book { try $0.list(filter, limit: 100) }
    }

    /// A WhatsApp message; `name` is what its sender calls itself.
    func write(_ text: String, from sender: [Identity], name: String? = nil, id: String) async -> IntakeAnswer {
        var facts = InboundFacts()
        facts.senderName = name
        return await node.receive(
            .message(
                InboundMessage(
                    connectorID: node.identities.connectors[1], kind: .whatsapp, recipient: Self.whatsApp,
                    sender: sender, providerID: id, content: RichContent(.text(TextBody(text)), inbound: facts),
                    sentAt: node.clock.now, media: nil)))
    }

    /// A text message to Acme's number.
    func text(_ text: String, from sender: String) async -> IntakeAnswer {
        let octets = Array(text.utf8)
        return await node.receive(
            .inbound(
                InboundPart(
                    connectorID: 1, kind: .sms, sender: sender, recipient: TestSetup.number,
                    content: ReceivedText(octets: octets, dataCoding: 0, header: nil, alphabet: .gsm7),
                    concatenation: nil, sentAt: nil, fingerprint: octets, bind: "a")))
    }

    func report(_ submission: Submission) async -> IntakeAnswer {
        let connector = node.connectors[1]
        return await node.receive(.receipt(connector.receipt(for: submission, .delivered, at: node.clock.now)))
    }

    func audit() async throws -> [AuditEntry] {
        try await node.database.read { transaction in
            var filter = AuditLog.Filter()
            filter.kind = .contact
            return try AuditLog(transaction).list(filter, limit: 100).reversed()
        }
    }
}

func phone(_ digits: String) -> Identity { Identity(.phone, digits) }
func email(_ address: String) -> Identity { Identity(.email, address) }
