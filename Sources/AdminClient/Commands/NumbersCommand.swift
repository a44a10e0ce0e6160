// SPDX-License-Identifier: Apache-2.0
// `parley numbers`: the table of ported numbers, and what the sources say of one number.

import ArgumentParser
import Wire

struct NumbersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "numbers", abstract: "Ported numbers, and what is known of a number.",
        discussion: """
            The columns of a table are number, mcc, mnc, operator and date, separated by comma, semicolon, tab or bar; a \
            line of column names may come first. Without --replace a table changes what is there, and its column action \
            may say remove.

              parley numbers import ported.csv --replace
              parley numbers import changes.csv
              parley numbers look 491701234567
            """,
        subcommands: [Status.self, Look.self, Import.self])

    private static let path = "/ported-numbers"

    struct Status: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "How many ported numbers there are, and the imports.")

        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            session.show(
                try await session.api.get(path), order: ["numbers", "importing", "imports"],
                tables: [
                    "imports": [
                        .id(), .text("whole"), .text("state"), .number("rows"), .time("createdAt"),
                        .time("activatedAt"),
                    ]
                ])
        }
    }

    struct Look: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask every source about a number, without charge.",
            discussion: "With --gnv also those that know the subscriber, such as an HLR, which may cost money.")

        @Argument(help: "In international format.") var number: String
        @Flag(help: "What the subscriber's network knows, too.") var gnv = false
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let answer = try await session.api.get(
                "/numbers/\(Percent.encode(number))", [("question", gnv ? "gnv" : "gnp")])
            session.show(
                answer, order: ["number", "valid", "country", "lineType", "facts", "sources"],
                tables: ["sources": [.text("source"), .text("result"), .number("microseconds"), .text("reason")]])
        }
    }

    struct Import: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import a table of ported numbers: all of it or nothing.")

        @Argument(help: "The file; - reads standard input.") var file: String
        @Flag(help: "The table takes the place of everything before it.") var replace = false
        @Flag(help: "Show how far it is even when nobody watches.") var progress = false
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let file = try UploadFile(file)
            defer { file.close() }
            if replace { try session.confirm("Replace all ported numbers?", confirmation) }
            let line = ProgressLine(session.terminal, always: progress)
            defer { line.end() }
            let result = try await session.api.importFile(path + "/import", file, replacing: replace) { progress in
                guard case .sent(let bytes, let total) = progress else { return }
                line.show("imported \(ProgressLine.bytes(bytes, of: total))")
            }
            line.end()
            let removed = result["removed"]?.int64 ?? 0
            let ending = removed > 0 ? ", \(removed) removed." : "."
            session.done("\(Cell.text(result["imported"])) ported numbers imported\(ending)", result.object ?? [:])
        }
    }
}
