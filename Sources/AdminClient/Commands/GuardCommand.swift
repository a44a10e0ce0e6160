// SPDX-License-Identifier: Apache-2.0
// `parley guard`: the guard against SMS pumping, what it blocks, and overruling it.

import ArgumentParser
import Wire

struct GuardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guard", abstract: "Prefixes whose one-time passwords nobody types.",
        discussion: """
            A prefix whose share of verified codes collapses is blocked for a while. A block or an allowance that is \
            made here stays until `unblock`, and goes before what the guard finds.

              parley guard list
              parley guard unblock 22177
              parley guard allow 4915 --company Acme
            """,
        subcommands: [List.self, Show.self, Block.self, Unblock.self, Allow.self, Limits.self],
        defaultSubcommand: List.self)

    fileprivate static let path = "/verification/prefixes"

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Prefixes that are more than merely watched.")

        @Flag(help: "Those too that are merely watched.") var all = false
        @Option(help: ArgumentHelp("Only those that begin so.", valueName: "digits")) var prefix: String?
        @OptionGroup var filter: CompanyFilter
        @OptionGroup var limits: LimitOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let query: AdminAPI.Query = [
                ("notable", all ? nil : "true"), ("prefix", prefix), ("companyId", try await filter.id(session)),
            ]
            let (items, hasMore) = try await session.api.items(path, query, limit: limits.count)
            try await session.show(prefixes: items)
            session.hintMore(hasMore)
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "One prefix, for each company.")

        @OptionGroup var subject: GuardSubject
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let company = try await session.companyID(subject.company).map { String($0) }
            let answer = try await session.api.get(subject.path, [("companyId", company)])
            try await session.show(prefixes: answer["items"]?.array ?? [])
        }
    }

    struct Block: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Send no codes there until it is unblocked.")

        @OptionGroup var subject: GuardSubject
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let whose = subject.company.map { "for \($0)" } ?? "for all companies"
            try session.confirm("Send no codes to numbers with \(subject.prefix) \(whose)?", confirmation)
            try await subject.change("block", session)
        }
    }

    struct Unblock: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "End a block, and leave it to the guard again.")

        @OptionGroup var subject: GuardSubject
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws { try await subject.change("unblock", session) }
    }

    struct Allow: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Send codes there whatever the guard finds.")

        @OptionGroup var subject: GuardSubject
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws { try await subject.change("allow", session) }
    }

    struct Limits: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "How many codes may be sent in which time.")

        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let answer = try await session.api.get("/verification/limits")
            session.show(
                answer, order: ["guardEnabled", "limits"], tables: ["limits": [.text("scope"), .id("rule", "limit")]])
        }
    }
}

/// A prefix, and for whom.
struct GuardSubject: ParsableArguments {
    @Argument(help: "The first digits of international numbers.") var prefix: String
    @Option(help: "For this company, by name or id; for all without.") var company: String?

    func validate() throws {
        guard (1...15).contains(prefix.utf8.count), prefix.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw ValidationError("\(prefix) is not the beginning of an international number: digits only, without +.")
        }
    }

    fileprivate var path: String { "\(GuardCommand.path)/\(prefix)" }

    fileprivate func change(_ verb: String, _ session: Session) async throws {
        let query = try await session.companyID(company).map { "?companyId=\($0)" } ?? ""
        let answer = try await session.api.post("\(path)/\(verb)\(query)")
        try await session.show(prefixes: answer["items"]?.array ?? [])
    }
}

extension Session {
    fileprivate func show(prefixes: [JSONValue]) async throws {
        let names = try await companyNames(for: prefixes)
        show(
            prefixes,
            [
                .id("prefix"), .company(names), .id("state"), .number("sent"), .number("verified"), .number("refused"),
                .number("share"), .number("expectedShare", "expected"), .number("evidence"), .number("threshold"),
                .number("spent"), .number("stopped"), .time("blockedUntil", "until"),
            ])
    }
}
