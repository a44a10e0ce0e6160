// SPDX-License-Identifier: Apache-2.0
// The sections `verification` and `numberInfo` of the configuration file.

import Messaging
import NumberInfo
import PhoneNumbers
import Verification
import Wire

extension Configuration.Verification {
    init(_ node: ConfigurationNode) throws {
        self.init()
        let members = try node.members(known: ["limits", "guard"])
        if let node = members["limits"] { try readLimits(node) }
        if let node = members["guard"] { pumpingGuard.isEnabled = try node.flag() }
    }

    private mutating func readLimits(_ node: ConfigurationNode) throws {
        let members = try node.members(known: VerificationLimits.Scope.allCases.map(\.rawValue))
        for scope in VerificationLimits.Scope.allCases {
            guard let node = members[scope.rawValue] else { continue }
            if let reason = limits.set(scope, to: try node.text()) { throw node.failure(reason) }
        }
    }
}

extension Configuration.Numbers {
    init(_ node: ConfigurationNode) throws {
        self.init()
        let members = try node.members(known: [
            "cache", "timeout", "concurrency", "order", "complete", "networks", "sources",
        ])
        if let node = members["cache"] { try readCache(node) }
        if let node = members["timeout"] {
            options.sourceTimeout = Milliseconds(try node.integer(in: 1...60)) * 1000
        }
        if let node = members["concurrency"] { options.concurrency = try node.integer(in: 1...1000) }
        if let node = members["complete"] { options.completePrefixes = try node.elements().map(Self.prefix) }
        if let node = members["networks"] { options.networks = try node.elements().map(Self.network) }
        if let node = members["sources"] {
            sources = try node.elements().map(Configuration.ConnectorEntry.init(source:))
            try Self.refuseRepetitions(sources, node)
        }
        if let node = members["order"] { try readOrder(node) }
    }

    private mutating func readCache(_ node: ConfigurationNode) throws {
        let members = try node.members(known: ["minutes", "entries"])
        if let node = members["minutes"] {
            options.cacheLifetime = Milliseconds(try node.integer(in: 0...30 * 1440)) * 60_000
        }
        if let node = members["entries"] { options.cacheCapacity = try node.integer(in: 0...100_000_000) }
    }

    /// As the NIS API calls the questions.
    private static let questions = [("gnp", NumberQuestion.portability), ("gnv", .subscriber)]

    private static let ownSources = [PortedNumberSource.sourceName, RangeSource.sourceName]

    private static func refuseRepetitions(
        _ sources: [Configuration.ConnectorEntry], _ node: ConfigurationNode
    ) throws {
        var seen = Set(ownSources)
        for (source, node) in zip(sources, try node.elements()) where !seen.insert(source.name).inserted {
            throw node.failure("there is a source named \(source.name) already")
        }
    }

    private mutating func readOrder(_ node: ConfigurationNode) throws {
        let known = sources.map(\.name) + Self.ownSources
        let members = try node.members(known: Self.questions.map(\.0))
        for (name, question) in Self.questions {
            guard let node = members[name] else { continue }
            options.order[question] = try node.elements().map { node in
                let name = try node.text()
                guard known.contains(name) else {
                    throw node.failure(
                        "there is no source named \(name); the sources are \(known.joined(separator: ", "))")
                }
                return name
            }
        }
    }

    private static func prefix(_ node: ConfigurationNode) throws -> String {
        let text = try node.text()
        guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw node.failure("must be the first digits of numbers, without +")
        }
        return text
    }

    private static func network(_ node: ConfigurationNode) throws -> NetworkFacts {
        let members = try node.members(known: ["mcc", "mnc", "ttid", "operator", "technology", "timeZone", "country"])
        func text(_ name: String) throws -> String { try members[name]?.text() ?? "" }
        let facts = NetworkFacts(
            mcc: try text("mcc"), mnc: try text("mnc"), ttid: try text("ttid"), operatorName: try text("operator"),
            country: try text("country"), timeZone: try text("timeZone"), technology: try text("technology"))
        guard facts.mcc.utf8.count == 3, (2...3).contains(facts.mnc.utf8.count) else {
            throw node.failure("needs mcc and mnc, the codes of the network")
        }
        return facts
    }
}
