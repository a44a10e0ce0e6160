// SPDX-License-Identifier: Apache-2.0
// Tables of contacts, taken over whole or not at all; and who wins when several claim one number or one of them goes.

import Accounts
import EngineTestSupport
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

struct ContactTableTests {
    @Test(arguments: Engine.allCases)
    func `a table makes new contacts and completes those that are there`(_ engine: Engine) async throws {
        try await ContactNode.run(engine) { contacts async throws in
            _ = await contacts.text("Hi", from: ContactNode.jane)
            let table = [
                ContactDraft(name: "Joe", identities: [phone("4917099"), email("joe@example.com")]),
                ContactDraft(name: "Jane", identities: [phone(ContactNode.jane), email("jane@example.com")]),
            ]
            #expect(try await contacts.importing(table).imported == 2)
            let stored = try await contacts.list()
            #expect(stored.map(\.draft) == [table[1], table[0]])
            #expect(try await contacts.importing(table).imported == 2)
            #expect(try await contacts.list() == stored, "a second time changes nothing")
            _ = try await contacts.importing([ContactDraft(identities: [email("joe@example.com"), phone("4917097")])])
            let joe = try #require(try await contacts.list().last)
            #expect(joe.name == "Joe")
            #expect(joe.identities == [phone("4917097"), phone("4917099"), email("joe@example.com")])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a line that cannot be leaves everything as it was`(_ engine: Engine) async throws {
        try await ContactNode.run(engine) { contacts async throws in
            let jane = try await contacts.make("Jane", [phone(ContactNode.jane), email("jane@example.com")])
            let joe = try await contacts.make(nil, [phone("4917099")])
            let good = ContactDraft(name: "New", identities: [phone("4917098")])
            let cases: [(ContactDraft, String, String)] = [
                (ContactDraft(name: "x"), "identities", "must have at least one, such as a phone number"),
                (
                    ContactDraft(identities: [email("new@example.com"), phone("4917098")]), "phone",
                    "is that of line 2, too"
                ),
                (
                    ContactDraft(identities: [phone(ContactNode.jane), phone("4917099")]), "phone",
                    "belongs to contact \(joe.id), but phone to contact \(jane.id) (Jane)"
                ),
            ]
            for (draft, field, reason) in cases {
                await #expect(throws: ImportRefusal(line: 3, field: field, reason: reason)) {
                    try await contacts.importing([good, draft])
                }
            }
            let twice = [phone(ContactNode.jane), email("jane@example.com")].map { ContactDraft(identities: [$0]) }
            let refusal = ImportRefusal(
                line: 3, field: "email", reason: "belongs to contact \(jane.id) (Jane), as line 2 does")
            await #expect(throws: refusal) { try await contacts.importing(twice) }
            #expect(try await contacts.list() == [jane, joe])
        }
    }

    @Test func `a large table tells how far it is`() async throws {
        try await ContactNode.run(.sqlite) { contacts async throws in
            let lines = (0..<12_000).map { ImportLine($0 + 2, ContactDraft(identities: [phone("49\(170_000 + $0)")])) }
            let steps = try await contacts.book { book in
                var steps: [Int] = []
                _ = try book.importContacts(lines, as: ContactNode.actor, now: 7) { steps.append($0) }
                return steps
            }
            #expect(steps == [0, 5000, 10_000, 12_000])
            #expect(try await contacts.node.count("contacts") == 12_000)
        }
    }

    // MARK: Races

    @Test func `of many who claim one number on PostgreSQL one gets it`() async throws {
        try await ContactNode.run(.postgres) { contacts async throws in
            let winners = await withTaskGroup(of: Bool.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        (try? await contacts.make("\(index)", [phone("49170\(index)"), phone(ContactNode.jane)])) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(winners == 1)
            #expect(try await contacts.node.count("contacts") == 1)
            #expect(try await contacts.node.count("identities") == 2)
        }
    }

    @Test func `messages that come in while their contact is removed are not lost on PostgreSQL`() async throws {
        try await ContactNode.run(.postgres) { contacts async throws in
            for round in 0..<10 {
                let jane = try await contacts.make("Jane", [phone(ContactNode.jane)])
                await withTaskGroup(of: Void.self) { group in
                    for index in 0..<4 {
                        group.addTask {
                            // Put off is not lost: the provider sends it again.
                            for _ in 0..<100 {
                                let answer = await contacts.write(
                                    "Hi", from: [phone(ContactNode.jane)], id: "\(round)-\(index)")
                                if answer == .stored { return }
                            }
                            Issue.record("a message was never stored")
                        }
                    }
                    group.addTask {
                        try? await contacts.book { try $0.remove(jane.id, as: ContactNode.actor, now: 9) }
                    }
                }
                #expect(try await contacts.node.count("contacts", where: "id = \(jane.id)") == 0)
                for contact in try await contacts.list() {
                    try await contacts.book { try $0.remove(contact.id, as: ContactNode.actor, now: 9) }
                }
            }
            #expect(try await contacts.node.count("messages") == 40)
            #expect(try await contacts.node.count("conversations") == 0)
        }
    }
}
