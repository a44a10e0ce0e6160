// SPDX-License-Identifier: Apache-2.0
// The imported table as a source of facts. A number that it has is ported; one that it lacks is not ported where the
// operator of the server says that the table is complete, and unknown elsewhere.

internal import Messaging
public import PhoneNumbers
internal import SQL

public struct PortedNumberSource: LocalNumberSource {
    public static let sourceName = "ported"

    public let name = sourceName
    private let table: PortedNumbers
    private let completePrefixes: [String]

    /// - Parameter completePrefixes: First digits of the numbers of which the table has every ported one.
    public init(table: PortedNumbers, completePrefixes: [String] = []) {
        self.table = table
        self.completePrefixes = completePrefixes
    }

    public func look(up number: PhoneNumber, for question: NumberQuestion) async -> SourceOutcome {
        do {
            guard let found = try await table.find(number.digits) else { return try await absent(number) }
            var facts = NumberFacts()
            facts.ported = .yes
            facts.current = NetworkFacts(found.network)
            return .answer(facts, validFor: nil)
        } catch {
            return .failed(reason: "\(error)")
        }
    }

    private func absent(_ number: PhoneNumber) async throws -> SourceOutcome {
        guard completePrefixes.contains(where: { number.digits.hasPrefix($0) }), try await table.isInForce() else {
            return .nothing
        }
        var facts = NumberFacts()
        facts.ported = .no
        return .answer(facts, validFor: nil)
    }
}

extension PortedNumbers {
    /// Whether any import is in force.
    func isInForce() async throws -> Bool {
        try await context.database.read { try !PortedNumberStore($0).inForce().isEmpty }
    }
}

extension NetworkFacts {
    /// The network as a table of ported numbers has it, with what is known of its code.
    init(_ network: PortedNetwork) {
        self = network.mcc.isEmpty ? NetworkFacts() : .mobile(mcc: network.mcc, mnc: network.mnc)
        if !network.operatorName.isEmpty { operatorName = network.operatorName }
    }
}
