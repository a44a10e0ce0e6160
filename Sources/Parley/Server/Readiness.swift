// SPDX-License-Identifier: Apache-2.0
// What `/ready` asks: whether the database answers and keeps what it is given, and whether a carrier can be reached.

import API
import Messaging
import SQL

struct Readiness: Sendable {
    let database: Database
    let dispatcher: Dispatcher

    func checks() async -> [ReadinessCheck] {
        [await databaseCheck(), await durabilityCheck(), connectorCheck()]
    }

    private func databaseCheck() async -> ReadinessCheck {
        do {
            try await database.ping()
            return ReadinessCheck(name: "database")
        } catch {
            return ReadinessCheck(name: "database", problem: "\(error)")
        }
    }

    private func durabilityCheck() async -> ReadinessCheck {
        do {
            let problems = try await database.durabilityProblems()
            return ReadinessCheck(
                name: "durability", problem: problems.isEmpty ? nil : problems.joined(separator: "; "))
        } catch {
            return ReadinessCheck(name: "durability", problem: "cannot be checked: \(error)")
        }
    }

    /// A node without any link still takes messages, which wait; it is not ready only when it should have links.
    private func connectorCheck() -> ReadinessCheck {
        let names = dispatcher.connectorsDown
        return ReadinessCheck(
            name: "connectors",
            problem: names.isEmpty ? nil : "no link to \(names.joined(separator: ", "))")
    }
}
