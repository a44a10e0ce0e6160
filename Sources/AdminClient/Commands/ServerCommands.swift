// SPDX-License-Identifier: Apache-2.0
// `parley status` and `parley reload`: the server as a whole.

import ArgumentParser
import Wire

struct StatusCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Is it well? Queue, webhooks and connectors at a glance.")

    @OptionGroup(title: "Output and server") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        let status = try await session.api.get("/status")
        session.show(
            status,
            order: [
                "version", "node", "startedAt", "database", "queue", "depth", "oldestAgeSeconds", "deliveries",
                "pending", "undelivered", "connectors",
            ],
            tables: ["connectors": [.text("name"), .text("up")]])
    }
}

struct ReloadCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Have the server read its configuration file again.",
        discussion: """
            The file owns what it declares: that is made as the file says, and what it declared before and no longer \
            does is removed. A file with a mistake changes nothing.
            """)

    @OptionGroup(title: "Output and server") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        let answer = try await session.api.post("/reload")
        if session.isJSON { return session.show(answer, order: []) }
        let changes = answer["changes"]?.array ?? []
        guard !changes.isEmpty else { return session.terminal.say("Nothing has changed.") }
        session.show(changes, [.text("action"), .text("kind"), .text("name")])
    }
}

struct WebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks", abstract: "Customers' endpoints and how they fare.", subcommands: [List.self],
        defaultSubcommand: List.self)

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every endpoint: waiting, given up, the last answer, and whether it is paused.")

        @OptionGroup var filter: CompanyFilter
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let items = try await session.api.items("/webhooks", [("companyId", try await filter.id(session))]).items
            let names = try await session.companyNames(for: items)
            session.show(
                items,
                [
                    .company(names), .text("url"), .id("state"), .time("until"), .number("pending"),
                    .number("undelivered"), .number("delivered"), .number("lastStatus", "status"),
                    .text("lastError", "last error"), .time("lastTryAt", "last try"),
                ])
        }
    }
}

struct ReceiptsCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipts", abstract: "Carriers' delivery receipts that fit no message.",
        discussion: "Many of them for one connector mean that its message ids are read in another form than it writes.")

    @OptionGroup var limits: LimitOptions
    @OptionGroup(title: "Output and server") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        let (items, hasMore) = try await session.api.items("/receipts/unmatched", limit: limits.count)
        session.show(
            items,
            [
                .id(), .time("receivedAt", "received"), .text("connector"), .id("providerId", "provider id"),
                .id("recipient"), .text("state"), .text("errorCode", "error"),
            ])
        session.hintMore(hasMore)
    }
}

struct AuditCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who changed what, and when.",
        discussion: """
              parley audit --from 2d
              parley audit --kind connector --action stopped
              parley audit --company Acme --json
            """)

    @Option(help: ArgumentHelp("Of what: company, key, connector, smpp-account, …", valueName: "kind"))
    var kind: String?
    @Option(help: ArgumentHelp("Of this object.", valueName: "id")) var object: String?
    @Option(help: ArgumentHelp("By whom: key:NAME, or file.", valueName: "actor")) var actor: String?
    @Option(help: ArgumentHelp("What was done: created, changed, removed, stopped, …", valueName: "action")) var action:
        String?
    @Option(help: "Only this company's, by name or id.") var company: String?
    @OptionGroup var range: RangeOptions
    @OptionGroup var limits: LimitOptions
    @OptionGroup(title: "Output and server") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        let companyID = try await session.companyID(company).map { String($0) }
        let query: AdminAPI.Query = [
            ("kind", kind), ("objectId", object), ("actor", actor), ("action", action), ("companyId", companyID),
        ]
        let range = range.query(session.terminal.now())
        let (items, hasMore) = try await session.api.items("/audit", query + range, limit: limits.count)
        session.show(
            items,
            [
                .time("at"), .text("actor"), .text("action"), .text("kind"), .id("objectId", "id"), .text("name"),
                Column(title: "changes", text: Self.changes), .text("address"),
            ])
        session.hintMore(hasMore)
    }

    /// `window 10→50 host →smpp.example`
    @Sendable static func changes(_ entry: JSONValue) -> String {
        let changes = entry["changes"]?.object ?? [:]
        return changes.sorted { $0.key < $1.key }.map { name, change in
            "\(Cell.printable(name)) \(Cell.text(change["from"]))→\(Cell.text(change["to"]))"
        }.joined(separator: ", ")
    }
}
