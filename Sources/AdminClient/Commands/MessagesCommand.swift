// SPDX-License-Identifier: Apache-2.0
// `parley messages`: find one, see all that happened to it, and decide about parts whose fate is unknown.

import ArgumentParser
import Wire

struct MessagesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "messages", abstract: "Find messages and see all that happened to them.",
        discussion: """
              parley messages search --party +4915112345678 --from 2h
              parley messages search --company Acme --status undeliverable --from 2026-01-31
              parley messages show 0197f2c4-8f5e-7c7a-b0a5-3d5f0c9c8a11
              parley messages release 0197f2c4-8f5e-7c7a-b0a5-3d5f0c9c8a11 1 --as resend
            """,
        subcommands: [Search.self, Show.self, Release.self])

    static let order = [
        "id", "companyId", "direction", "surface", "channel", "sender", "recipient", "status", "size", "reference",
        "createdAt", "sendAt", "sentAt", "doneAt", "price", "currency", "errorCode", "errorReason",
        "possibleDuplicate", "parts", "events", "deliveries", "ledger",
    ]
    static let tables: [String: [Column]] = [
        "parts": [
            .number("number"), .id("state"), .number("attempt"), .text("connector"), .id("providerId", "provider id"),
            .time("submittedAt", "submitted"), .time("doneAt", "done"), .text("errorCode", "error"),
            .text("possibleDuplicate", "duplicate?"),
        ],
        "events": [Column(title: "at", shrinks: false) { Cell.text($0["at"]) }, .text("kind"), .text("detail")],
        "deliveries": [
            .id(), .id("state"), .number("attempts", "tries"), .text("event"), .text("method"), .text("url"),
            .number("lastStatus", "status"), .text("lastError", "last error"),
        ],
        "ledger": [.id(), .time("at"), .text("kind"), .number("amount"), .text("note")],
    ]

    struct Search: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Messages that fit, the newest first.")

        @OptionGroup var filter: CompanyFilter
        @Option(help: ArgumentHelp("The message of this id.", valueName: "id")) var id: String?
        @Option(help: ArgumentHelp("From this number or name.", valueName: "address")) var sender: String?
        @Option(help: ArgumentHelp("To this number.", valueName: "number")) var recipient: String?
        @Option(help: ArgumentHelp("From or to it.", valueName: "address")) var party: String?
        @Option(help: ArgumentHelp("In this status, such as sent or undeliverable.", valueName: "status")) var status:
            String?
        @Option(help: ArgumentHelp("With the customer's reference.", valueName: "text")) var reference: String?
        @Option(help: "outbound or inbound.") var direction: String?
        @OptionGroup var range: RangeOptions
        @OptionGroup var limits: LimitOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let query: AdminAPI.Query = [
                ("companyId", try await filter.id(session)), ("id", id), ("sender", sender),
                ("recipient", recipient), ("party", party), ("status", status?.lowercased()), ("reference", reference),
                ("direction", direction),
            ]
            let progress = ProgressLine(session.terminal)
            defer { progress.end() }
            let (items, hasMore) = try await session.api.items(
                "/messages", query + range.query(session.terminal.now()), limit: limits.count
            ) { page in
                if let reached = page["scannedTo"] { progress.show("looked back to \(Cell.time(reached))") }
            }
            progress.end()
            session.show(
                items,
                [
                    .id(), .time("createdAt", "created"), .text("direction"), .text("sender"), .id("recipient"),
                    .text("status"), .number("size"), .text("errorCode", "error"), .text("reference"),
                    .number("price"), .text("currency"),
                ])
            session.hintMore(hasMore)
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "One message: its parts, events, webhooks and money. Never its text.")

        @Argument(help: "Its id.") var id: String
        @Option(help: "outbound or inbound, should both have the id.") var direction: String?
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let message = try await session.api.get("/messages/\(Percent.encode(id))", [("direction", direction)])
            session.show(message, order: order, tables: tables)
        }
    }

    struct Release: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Decide about a held part: send it again, or take it as sent or failed.")

        enum Verdict: String, ExpressibleByArgument, CaseIterable { case resend, sent, failed }

        @Argument(help: "The message's id.") var id: String
        @Argument(help: "The part's number.") var part: Int
        @Option(name: .customLong("as"), help: "What it is taken for.") var verdict: Verdict
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let path = "/messages/\(Percent.encode(id))/parts/\(part)/release"
            let answer = try await session.api.post(path, .object(["as": .string(verdict.rawValue)]))
            let words =
                switch verdict {
                case .resend: "Part \(part) will be sent again."
                case .sent: "Part \(part) is taken as sent."
                case .failed: "Part \(part) is taken as failed."
                }
            session.done(words, answer.object ?? ["id": .string(id), "part": .integer(Int64(part))])
        }
    }
}
