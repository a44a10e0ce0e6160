// SPDX-License-Identifier: Apache-2.0
// Look-ups of one number at the same time share one query. Whoever goes away does not take it from the others.

internal import Synchronization

final class LookupFlights: Sendable {
    private let flights = Mutex<[NumberKey: Task<AssembledFacts, Never>]>([:])

    /// What `find` returns, or the query that is under way for the same key.
    func join(_ key: NumberKey, _ find: @escaping @Sendable () async -> AssembledFacts) async -> AssembledFacts {
        let task = flights.withLock { flights in
            if let task = flights[key] { return task }
            let task = Task {
                let found = await find()
                self.flights.withLock { $0[key] = nil }
                return found
            }
            flights[key] = task
            return task
        }
        return await task.value
    }
}
