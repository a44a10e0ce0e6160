// SPDX-License-Identifier: Apache-2.0
// `parley connectors exchanges`: what a connector and its carrier said to each other, without texts and secrets.

import ArgumentParser
import Wire

extension ConnectorsCommand {
    struct Exchanges: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "What was said on the link, the newest last; --follow goes on.",
            discussion: """
                Passwords are left out, and of texts only the length is shown. With --follow and --json there is one \
                document to a line.
                """)

        @Argument(help: "The connector's name or id.") var connector: String
        @Option(help: "At most so many of the past.") var limit = 50
        @Flag(name: .shortAndLong, help: "Show new ones as they come; Ctrl-C ends it.") var follow = false
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func validate() throws {
            guard (1...500).contains(limit) else { throw ValidationError("--limit is from 1 to 500.") }
        }

        func run(_ session: Session) async throws {
            let path = try Resource.connectors.path(try await session.find(.connectors, connector)) + "/exchanges"
            let past = try await session.api.get(path, [("limit", String(limit))])["items"]?.array ?? []
            guard follow else { return session.show(past, columns) }
            var feed = ExchangeFeed()
            show(feed.new(past), session)
            while !Task.isCancelled {
                let after = feed.last.map { String($0) }
                let query: AdminAPI.Query = [("after", after), ("limit", "500")]
                let found = feed.new(try await session.api.get(path, query)["items"]?.array ?? [])
                show(found, session)
                if found.isEmpty { try? await Task.sleep(for: session.terminal.followInterval) }
            }
        }

        private func show(_ items: [JSONValue], _ session: Session) {
            if session.isJSON {
                for item in items { session.terminal.say(JSONText.compact(item)) }
            } else if !items.isEmpty {
                // No head, which would come again with every page; the columns' widths are steady enough to read.
                for line in Table(columns: columns, items: items).lines().dropFirst() { session.terminal.say(line) }
            }
        }

        private var columns: [Column] {
            [
                Column(title: "at", shrinks: false) { Cell.text($0["at"]) },
                Column(title: "", shrinks: false) { $0["direction"]?.string == "sent" ? "→" : "←" },
                .number("bind"), .id("what"), .text("status"), .text("fields"),
            ]
        }
    }
}

/// What of each answer is new. Sequence numbers grow, over restarts of the server as well.
struct ExchangeFeed {
    private(set) var last: Int64?

    mutating func new(_ items: [JSONValue]) -> [JSONValue] {
        var result: [JSONValue] = []
        for item in items {
            guard let sequence = item["sequence"]?.int64 else { continue }
            if let last, sequence <= last { continue }
            last = sequence
            result.append(item)
        }
        return result
    }
}
