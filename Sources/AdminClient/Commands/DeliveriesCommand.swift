// SPDX-License-Identifier: Apache-2.0
// `parley deliveries`: what was sent to customers' URLs, and how to send it again.

import ArgumentParser
import Wire

struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries", abstract: "Webhook deliveries: the log, the undelivered, sending again.",
        discussion: """
              parley deliveries --undelivered
              parley deliveries replay 4711 4712
              parley deliveries replay --from 2d --company Acme
            """,
        subcommands: [List.self, Show.self, Replay.self], defaultSubcommand: List.self)

    static let order = [
        "id", "companyId", "messageId", "event", "method", "url", "state", "attempts", "createdAt", "dueAt", "doneAt",
        "lastStatus", "lastError",
    ]

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "The log, the newest first.")

        @OptionGroup var filter: CompanyFilter
        @Option(help: ArgumentHelp("pending, delivered or undelivered.", valueName: "state")) var state: String?
        @Flag(help: "Those that were given up.") var undelivered = false
        @Option(help: ArgumentHelp("Only this kind of event.", valueName: "event")) var event: String?
        @Option(help: ArgumentHelp("Only this message's.", valueName: "id")) var message: String?
        @OptionGroup var range: RangeOptions
        @OptionGroup var limits: LimitOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let query: AdminAPI.Query = [
                ("companyId", try await filter.id(session)), ("state", undelivered ? "undelivered" : state),
                ("event", event), ("messageId", message),
            ]
            let (items, hasMore) = try await session.api.items(
                "/deliveries", query + range.query(session.terminal.now()), limit: limits.count)
            session.show(
                items,
                [
                    .id(), .id("state"), .number("attempts", "tries"), .time("createdAt", "created"), .text("event"),
                    .text("method"), .text("url"), .number("lastStatus", "status"), .text("lastError", "last error"),
                    .time("dueAt", "due"),
                ])
            session.hintMore(hasMore)
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "One delivery.")

        @Argument(help: "Its id, as the list shows it.") var id: Int64
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            session.show(try await session.api.get("/deliveries/\(id)"), order: order)
        }
    }

    struct Replay: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send again: some by id, or the undelivered of a range of time.")

        @Argument(help: "Their ids, as the list shows them.") var ids: [Int64] = []
        @OptionGroup var range: RangeOptions
        @Flag(help: "The undelivered of all time.") var all = false
        @Flag(help: "Those too that were delivered.") var delivered = false
        @OptionGroup var filter: CompanyFilter
        @Option(help: ArgumentHelp("Only to URLs that begin so.", valueName: "url")) var url: String?
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func validate() throws {
            let isRange = range.from != nil || range.to != nil || all
            guard ids.isEmpty == isRange else {
                throw ValidationError("Give ids, or a range of time with --from, or --all.")
            }
            if !isRange, delivered || url != nil || filter.company != nil {
                throw ValidationError("--company, --url and --delivered go with a range of time.")
            }
            if isRange, !all, range.from == nil { throw ValidationError("Give --from as well, or --all.") }
        }

        func run(_ session: Session) async throws {
            if ids.isEmpty { try await replayRange(session) } else { try await replayEach(session) }
        }

        private func replayEach(_ session: Session) async throws {
            var replayed: [JSONValue] = []
            for id in ids { replayed.append(try await session.api.post("/deliveries/\(id)/replay")) }
            session.show(replayed, [.id(), .id("state"), .text("event"), .text("method"), .text("url")])
        }

        private func replayRange(_ session: Session) async throws {
            let now = session.terminal.now()
            var members = Members()
            members.set("companyId", try await session.companyID(filter.company))
            members.set("from", all ? Timestamp.rfc3339(0) : range.from?.past(now))
            members.set("to", range.to?.past(now) ?? Timestamp.rfc3339(now + 1000, milliseconds: true))
            members.set("state", delivered ? "all" : nil)
            members.set("url", url)
            let whose = filter.company.map { "of \($0)" } ?? "of all companies"
            let what = delivered ? "all deliveries" : "all undelivered"
            try session.confirm("Send \(what) \(whose) in that time again?", confirmation)
            let answer = try await session.api.post("/deliveries/replay", members.json)
            session.done("\(Cell.text(answer["replayed"])) will be sent again.", answer.object ?? [:])
        }
    }
}
