// SPDX-License-Identifier: Apache-2.0
// The contact book, one contact after the other: what can be written down, how it meets the people who write by
// themselves, and what is left of somebody who is removed.

import Accounts
import EngineTestSupport
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

struct ContactTests {
    // MARK: One by one

    @Test(arguments: Engine.allCases)
    func `a contact is made, found by each of its names, changed and listed`(_ engine: Engine) async throws {
        try await ContactNode.run(engine) { contacts async throws in
            let jane = try await contacts.make(
                "Jane", [Identity(.viberID, "v=="), email("jane@example.com"), phone(ContactNode.jane)])
            #expect(jane.identities.map(\.kind) == [.phone, .email, .viberID])
            #expect(jane.createdAt == 5)
            let other = try await contacts.make("jan Ärger", [phone("4917099")])
            let foreign = try await contacts.make("Jane", [phone(ContactNode.jane)], of: contacts.node.other)
            #expect(try await contacts.list() == [jane, other])
            for identity in jane.identities {
                var filter = ContactBook.Filter()
                filter.identities = [identity]
                #expect(try await contacts.list(filter) == [jane])
            }
            for (prefix, ids) in [("JAN", [jane.id, other.id]), ("jan Ä", [other.id]), ("ane", []), ("%", [])] {
                var filter = ContactBook.Filter()
                filter.namePrefix = prefix
                #expect(try await contacts.list(filter).map(\.id) == ids)
            }
            let page = try await contacts.book { try $0.list(after: jane.id, limit: 1) }
            #expect(page == [other])
            #expect(try await contacts.book { try $0.contact(jane.id) } == jane)
            await #expect(throws: ProvisioningError.notFound(.contact)) {
                try await contacts.book { try $0.contact(foreign.id) }
            }
            let changed = try await contacts.change(jane.id) { draft in
                draft.name = nil
                draft.identities = [phone(ContactNode.jane), email("roe@example.com")]
            }
            #expect(changed.name == nil)
            #expect(changed.identities == [phone(ContactNode.jane), email("roe@example.com")])
            let more = try await contacts.book {
                try $0.add(Identity(.jid, "jane@x"), to: jane.id, as: ContactNode.actor, now: 7)
            }
            #expect(more.identities.count == 3)
            let less = try await contacts.book {
                try $0.remove(email("roe@example.com"), from: jane.id, as: ContactNode.actor, now: 7)
            }
            #expect(less.identities == [phone(ContactNode.jane), Identity(.jid, "jane@x")])
        }
    }

    @Test(arguments: Engine.allCases)
    func `an identity that another contact has is a conflict that names it`(_ engine: Engine) async throws {
        try await ContactNode.run(engine) { contacts async throws in
            let jane = try await contacts.make("Jane", [phone(ContactNode.jane)])
            let other = try await contacts.make(nil, [email("a@example.com")])
            let refusal = ProvisioningError.conflict(
                "the phone \(ContactNode.jane) belongs to contact \(jane.id) (Jane)")
            await #expect(throws: refusal) {
                try await contacts.make("Joe", [phone("4917099"), phone(ContactNode.jane)])
            }
            await #expect(throws: refusal) {
                try await contacts.change(other.id) { $0.identities.append(phone(ContactNode.jane)) }
            }
            await #expect(throws: ProvisioningError.conflict("the email a@example.com belongs to contact \(other.id)"))
            {
                try await contacts.make(nil, [email("a@example.com")])
            }
            #expect(try await contacts.list() == [jane, other], "nothing was half written")
            let twice = try await contacts.make(nil, [phone("4917098"), phone("4917098")])
            #expect(twice.identities == [phone("4917098")])
        }
    }

    @Test(arguments: [
        (ContactDraft(name: "Jane"), "identities"),
        (ContactDraft(name: "", identities: [phone("4917099")]), "name"),
        (ContactDraft(name: "a\nb", identities: [phone("4917099")]), "name"),
        (ContactDraft(name: String(repeating: "x", count: 201), identities: [phone("4917099")]), "name"),
        (ContactDraft(identities: [phone("+4917099")]), "phone"),
        (ContactDraft(identities: [phone("0170999")]), "phone"),
        (ContactDraft(identities: [phone("4917")]), "phone"),
        (ContactDraft(identities: [phone("4917000000000000")]), "phone"),
        (ContactDraft(identities: [email("Jane@example.com")]), "email"),
        (ContactDraft(identities: [email("jane")]), "email"),
        (ContactDraft(identities: [Identity(.jid, "")]), "jid"),
        (ContactDraft(identities: [Identity(.viberID, "a b")]), "viberId"),
        (ContactDraft(identities: [Identity(.whatsAppID, "a;b")]), "waId"),
        (ContactDraft(identities: [Identity(.businessScopedID, "a\u{202E}b")]), "bsuid"),
        (ContactDraft(identities: (0..<21).map { phone("491709\($0)") }), "identities"),
    ])
    func `what cannot be a contact is refused`(_ draft: ContactDraft, _ field: String) {
        let error = #expect(throws: ProvisioningError.self) { try draft.check() }
        guard case .invalid(field, _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: [
        ("jane@example.com", "jane@example.com"), ("Jane.Doe+x@Example.COM", "jane.doe+x@example.com"),
        ("jörg@müller.de", "jörg@müller.de"), ("o'hara@a-b.co", "o'hara@a-b.co"), ("", nil), ("@", nil), ("a@b", nil),
        ("a@b..c", nil), (".a@b.c", nil), ("a.@b.c", nil), ("a@.b.c", nil), ("a@b.c.", nil), ("a b@c.de", nil),
        ("a@b@c.de", nil), ("a@b_c.de", nil), ("a;b@c.de", nil), ("a,b@c.de", nil), ("\"a\"@c.de", nil),
        ("a@[127.0.0.1]", nil), ("a\n@c.de", nil), ("a@c.de\u{0}", nil), ("a\u{200B}@c.de", nil),
        (String(repeating: "a", count: 65) + "@c.de", nil), ("a@" + String(repeating: "b.", count: 130) + "de", nil),
    ])
    func `an e-mail address is read, or is none`(_ text: String, _ address: String?) {
        #expect(Identity.email(text)?.value == address)
    }

    @Test func `no text harms the reader of e-mail addresses, and what it takes it takes again`() {
        var random = SeededGenerator(seed: 51)
        let likely = Array("aZ@@..-+;\" ö\u{0}\u{202E}\u{1F600}İ")
        for _ in 0..<20_000 {
            let text = String(
                (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in likely.randomElement(using: &random) })
            guard let identity = Identity.email(text) else { continue }
            #expect(Identity.email(identity.value) == identity, "\(text)")
        }
    }

    @Test(arguments: Engine.allCases)
    func `a closed company gets no contacts, and none of another company is changed`(_ engine: Engine) async throws {
        try await ContactNode.run(engine) { contacts async throws in
            let foreign = try await contacts.make("Jane", [phone(ContactNode.jane)], of: contacts.node.other)
            for body: @Sendable (ContactBook) throws -> Void in [
                { _ = try $0.change(foreign.id, as: ContactNode.actor, now: 1) { $0.draft } },
                { try $0.remove(foreign.id, as: ContactNode.actor, now: 1) },
            ] {
                await #expect(throws: ProvisioningError.notFound(.contact)) { try await contacts.book(body) }
            }
            await #expect(throws: ProvisioningError.notFound(.company)) {
                try await contacts.make(nil, [phone(ContactNode.jane)], of: 4711)
            }
            let acme = contacts.node.acme
            try await contacts.node.database.write {
                _ = try $0.execute("UPDATE companies SET closed_at = 1 WHERE id = $1", [.integer(acme)])
            }
            for attempt: @Sendable () async throws -> Void in [
                { _ = try await contacts.make(nil, [phone(ContactNode.jane)]) },
                { _ = try await contacts.importing([]) },
            ] {
                await #expect(throws: ProvisioningError.conflict("the company is closed")) { try await attempt() }
            }
        }
    }

    // MARK: People who write

    @Test(arguments: Engine.allCases)
    func `whoever writes from a contact's number is that contact`(_ engine: Engine) async throws {
        try await ContactNode.run(engine) { contacts async throws in
            let jane = try await contacts.make("Jane", [phone(ContactNode.jane)])
            #expect(await contacts.text("Hi", from: ContactNode.jane) == .stored)
            let known = [phone(ContactNode.jane), Identity(.businessScopedID, "DE.1")]
            #expect(await contacts.write("Hi", from: known, name: "Janey", id: "1") == .stored)
            let stored = try await contacts.list()
            #expect(stored.map(\.id) == [jane.id])
            #expect(stored[0].name == "Jane", "what a person wrote down stays")
            #expect(stored[0].identities == known, "what the channel knew was learnt")
            #expect(try await contacts.node.count("conversations", where: "contact_id = \(jane.id)") == 2)
            #expect(await contacts.text("Code 4711", from: "Google") == .stored)
            let google = try #require(try await contacts.list().last)
            let named = try await contacts.change(google.id) { $0.name = "Codes" }
            #expect(named.identities == [phone("Google")], "what was there is not judged again")
        }
    }

    @Test(arguments: Engine.allCases)
    func `of somebody who was removed the numbers of messages are left, and nothing else`(
        _ engine: Engine
    ) async throws {
        try await ContactNode.run(engine) { contacts async throws in
            let node = contacts.node
            _ = await contacts.text("secret", from: ContactNode.jane)
            _ = await contacts.write("secret", from: [phone(ContactNode.jane)], name: "Jane", id: "1")
            _ = await contacts.write("kept", from: [phone("4917098")], id: "2")
            node.connectors[1].answerByHand()
            var outbound = Message(
                companyID: node.acme, id: MessageID.next(now: node.clock.now), surface: .conversations,
                kind: .whatsapp, sender: ContactNode.whatsApp, recipient: ContactNode.jane,
                content: .rich(RichContent(.text(TextBody("on its way")))), size: 1, gateway: "",
                createdAt: node.clock.now, expiresAt: node.clock.now + 86_400_000)
            outbound.reporting = Reporting(url: TestSetup.reportURL, method: .post)
            let key = try await node.send(outbound)
            let submission = try await node.connectors[1].submissions(count: 1)[0]
            let jane = try #require(try await contacts.list().first)
            try await contacts.book { try $0.remove(jane.id, as: ContactNode.actor, now: 9) }

            #expect(try await contacts.list().map(\.identities) == [[phone("4917098")]])
            #expect(try await node.count("identities") == 1)
            #expect(try await node.count("conversations") == 1)
            let condition = "direction = 1 AND sender = '\(ContactNode.jane)'"
            let erased = condition + " AND content IS NULL AND extra IS NULL AND conversation_id IS NULL"
            #expect(try await node.count("messages", where: condition) == 2)
            #expect(try await node.count("messages", where: erased) == 2)
            #expect(try await node.count("messages", where: "direction = 1 AND content IS NOT NULL") == 1)
            #expect(try await node.stored(key).message.content != nil, "it may have to be sent once more")
            node.connectors[1].take(submission.ticket)
            try await node.wait(for: .sent, of: key)
            _ = await contacts.report(submission)
            try await node.wait(for: .delivered, of: key)
            _ = try await node.engine.sweeper.eraseContents()
            let sent = try await node.stored(key).message
            #expect(sent.content == nil && sent.conversationID == nil)

            _ = await contacts.text("me again", from: ContactNode.jane)
            let again = try #require(try await contacts.list().last)
            #expect(again.id != jane.id && again.name == nil)
        }
    }

    @Test(arguments: Engine.allCases)
    func `the audit log has who did what to which field, and nobody's name or number`(_ engine: Engine) async throws {
        try await ContactNode.run(engine) { contacts async throws in
            let jane = try await contacts.make("Jane", [phone(ContactNode.jane)])
            _ = try await contacts.change(jane.id) { $0.identities.append(email("jane@example.com")) }
            _ = try await contacts.change(jane.id) { _ in }
            try await contacts.book { try $0.remove(jane.id, as: ContactNode.actor, now: 9) }
            _ = try await contacts.importing([ContactDraft(name: "Jane", identities: [phone(ContactNode.jane)])])
            let log = try await contacts.audit()
            #expect(log.map(\.action) == [.created, .changed, .removed, .imported])
            #expect(
                log.map { $0.changes.object?.keys.sorted() } == [["name", "phone"], ["email"], [], ["new", "rows"]])
            #expect(log.allSatisfy { $0.actor == "key:ann" && $0.companyID == contacts.node.acme })
            #expect(!log.contains { "\($0)".contains("Jane") || "\($0)".contains(ContactNode.jane) })
        }
    }
}
