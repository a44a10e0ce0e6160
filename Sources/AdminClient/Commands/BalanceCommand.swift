// SPDX-License-Identifier: Apache-2.0
// `parley balance`: a company's money and every movement of it.

import ArgumentParser
import Wire

struct BalanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance", abstract: "Balances: top up, correct, and every movement.",
        discussion: """
              parley balance show Acme
              parley balance add Acme 250 --note "invoice 4711"
              parley balance take Acme 12.50 --note "counted twice"
              parley balance ledger Acme --limit 200
            """,
        subcommands: [Show.self, Add.self, Take.self, Ledger.self])

    static let entryOrder = ["id", "kind", "amount", "at", "messageId", "note", "actor"]

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "What a company has.")

        @Argument(help: "The company's name or id.") var company: String
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let path = try Resource.companies.path(try await session.find(.companies, company))
            let order = ["balance", "currency", "prepaid"]
            session.show(try await session.api.get(path + "/balance"), order: order)
        }
    }

    struct Add: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Add to a balance.")

        @OptionGroup var movement: Movement
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws { try await movement.post(movement.amount, session) }
    }

    struct Take: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Take from a balance.")

        @OptionGroup var movement: Movement
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws { try await movement.post("-" + movement.amount, session) }
    }

    struct Movement: ParsableArguments {
        @Argument(help: "The company's name or id.") var company: String
        @Argument(help: "How much, in the company's currency.") var amount: String
        @Option(help: "Why, for the ledger.") var note: String?

        func validate() throws {
            guard amount.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }) else {
                throw ValidationError("\(amount) is no amount; write 12.50, and 'balance take' to take away.")
            }
        }

        func post(_ amount: String, _ session: Session) async throws {
            let path = try Resource.companies.path(try await session.find(.companies, company))
            var members = Members()
            members.set("amount", amount)
            members.set("note", note)
            session.show(try await session.api.post(path + "/ledger", members.json), order: entryOrder)
        }
    }

    struct Ledger: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "A balance's movements, the newest first.")

        @Argument(help: "The company's name or id.") var company: String
        @OptionGroup var limits: LimitOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let path = try Resource.companies.path(try await session.find(.companies, company))
            let (items, hasMore) = try await session.api.items(path + "/ledger", limit: limits.count)
            session.show(
                items,
                [
                    .id(), .time("at"), .text("kind"), .number("amount"), .id("messageId", "message"), .text("note"),
                    .text("actor"),
                ])
            session.hintMore(hasMore)
        }
    }
}
