// SPDX-License-Identifier: Apache-2.0
// Due jobs in the database that nobody holds: after a crash, when their time has come, or when memory had no room.

internal import Logging
internal import SQL
internal import Synchronization
internal import Wire

extension Dispatcher {
    /// Looks for due jobs that nobody holds, until stopped.
    func runPolling() async {
        while !state.withLock({ $0.isStopping }) {
            let claimed = await claim()
            if claimed == 0 { await pollWakeUp.wait() }
        }
    }

    /// Wakes the polling loop: its interval has passed.
    func poll() { pollWakeUp.raise() }

    private func claim() async -> Int {
        let room = reserve(512)
        guard room > 0 else { return 0 }
        let lease = context.lease
        let now = context.clock()
        let connectors = context.directory.current.connectors
        do {
            let messages = try await claimed(limit: room, lease: lease, now: now, connectors: connectors)
            take(messages, reserved: room)
            return messages.count
        } catch {
            context.logger.error("jobs not claimed", metadata: ["error": "\(error)"])
            take([], reserved: room)
            return 0
        }
    }

    private func claimed(
        limit: Int, lease: Lease, now: Milliseconds, connectors: [Int64: ConnectorSettings]
    ) async throws -> [QueuedMessage] {
        let (result, _) = try await context.writeProgress(expecting: limit) { writer in
            let keys = try JobStore(writer.transaction).claim(limit: limit, now: now, lease: lease)
            guard !keys.isEmpty else { return (ProgressWriter.Result(), ()) }
            let parts = try MessageStore(writer.transaction).parts(of: keys)
            var changes: [PartChange] = []
            for (key, parts) in zip(keys, parts) {
                // Marked by a run that ended before it stored an outcome.
                for part in parts where part.state == .submitting {
                    let ticket = PartTicket(key: key, step: part.step, number: part.number, attempt: part.attempt)
                    let policy = connectors[part.connectorID]?.uncertainPolicy ?? .resend
                    changes.append(PartChange(ticket: ticket, fact: .uncertain(policy), at: now))
                }
            }
            return (try writer.apply(changes, loading: keys), ())
        }
        return result.progress.compactMap { progress in
            guard !progress.isDispatched else { return nil }
            let byNumber = Dictionary(uniqueKeysWithValues: progress.currentParts.map { ($0.number, $0) })
            let waiting = (1...max(1, progress.message.size)).compactMap { number -> QueuedPart? in
                guard let part = byNumber[number] else { return QueuedPart(number: number, attempt: 1) }
                guard part.state == .queued else { return nil }
                return QueuedPart(
                    number: number, attempt: part.attempt + 1, isPossibleDuplicate: part.isPossibleDuplicate)
            }
            return QueuedMessage(progress.message, waiting: waiting)
        }
    }
}
