// SPDX-License-Identifier: Apache-2.0
// What became of submissions: outcomes come back in batches and are committed before anything else is done with them.

internal import Accounts
internal import Logging
internal import SQL
internal import Synchronization
internal import Wire

extension Dispatcher {
    func completed(_ outcomes: [(ticket: PartTicket, outcome: SendOutcome)], by connector: any Connector) {
        let completions = outcomes.map { Completion(ticket: $0.ticket, outcome: $0.outcome, connector: connector) }
        _ = self.outcomes.push(completions)
    }

    /// Ends after `closeOutcomes`, when the last outcome is stored.
    func runOutcomes() async {
        while true {
            let batch = await outcomes.next(limit: Self.markLimit)
            if batch.isEmpty { return }
            await store(batch)
        }
    }

    func closeOutcomes() { outcomes.close() }

    private func store(_ batch: [Completion]) async {
        var triesLeft = 40
        while triesLeft > 0 {
            do {
                try await commit(batch)
                return
            } catch  where (error as? DatabaseError)?.isTransient == true {
                // The database is away. Outcomes are facts: they wait until it is back, or for ten seconds at a stop.
                context.logger.error("outcomes not stored", metadata: ["error": "\(error)", "count": "\(batch.count)"])
                if state.withLock({ $0.isStopping }) { triesLeft -= 1 }
                try? await Task.sleep(for: .milliseconds(250))
            } catch {
                // One of them is at fault; alone, each of the others goes through. That one's part stays marked, and is
                // of unknown fate when this node starts again.
                if batch.count > 1 { for item in batch { await store([item]) } } else { drop(batch[0], error) }
                return
            }
        }
    }

    private func drop(_ item: Completion, _ error: any Error) {
        context.logger.error("outcome dropped", metadata: ["error": "\(error)"])
        forget([(item.ticket.key, item.ticket.step)])
        if item.wasSubmitted { item.connector.settled(1) }
    }

    private func commit(_ batch: [Completion]) async throws {
        let now = context.clock()
        let (result, _) = try await context.writeProgress(expecting: batch.count, isPatient: true) { writer in
            let changes = batch.map { item in
                PartChange(
                    ticket: item.ticket, fact: item.outcome.fact(policy: item.connector.uncertainPolicy), at: now)
            }
            return (try writer.apply(changes), ())
        }
        settle(batch, after: result, now: now)
    }

    /// Brings memory in line with what was committed.
    private func settle(_ batch: [Completion], after result: ProgressWriter.Result, now: Milliseconds) {
        let progress = Dictionary(uniqueKeysWithValues: result.progress.map { ($0.message.key, $0) })
        count(batch, progress, now: now)
        state.withLock { state in
            for item in batch {
                let ticket = item.ticket
                guard let lane = state.laneOf[ticket.key], state.lanes[lane]?.step(of: ticket.key) == ticket.step else {
                    continue
                }
                guard let current = progress[ticket.key], !current.isDispatched, current.message.step == ticket.step,
                    let part = current.parts.first(where: { $0.step == ticket.step && $0.number == ticket.number })
                else {
                    Self.remove(ticket.key, from: &state)
                    continue
                }
                if part.state == .queued, part.attempt == ticket.attempt {
                    let again = QueuedPart(
                        number: part.number, attempt: part.attempt + 1, isPossibleDuplicate: part.isPossibleDuplicate)
                    state.lanes[lane]?.requeue(
                        ticket.key, again, notBefore: now + (item.outcome.retryDelay ?? 0), now: now)
                } else if state.lanes[lane]?.finish(ticket.key) == true {
                    state.laneOf[ticket.key] = nil
                    state.held -= 1
                }
            }
        }
        for items in Dictionary(grouping: batch.filter(\.wasSubmitted), by: { ObjectIdentifier($0.connector) }).values {
            items.first?.connector.settled(items.count)
        }
        if result.hasNewJobs { noteBacklog() }
        wakeUp.raise()
    }

    private func count(_ batch: [Completion], _ progress: [MessageKey: MessageProgress], now: Milliseconds) {
        for (id, items) in Dictionary(grouping: batch, by: \.connector.id) {
            guard let metrics = context.metrics.connector(id) else { continue }
            for item in items {
                let message = progress[item.ticket.key]?.message
                context.metrics.settled(item.outcome, of: message, by: metrics, now: now)
            }
        }
    }
}

extension SendOutcome {
    fileprivate func fact(policy: UncertainPolicy) -> PartChange.Fact {
        switch self {
        case .submitted(let providerID): .submitted(providerID: providerID)
        case .rejected(let code, let reason): .refused(code: code, reason: reason)
        case .retry: .requeued
        case .uncertain: .uncertain(policy)
        }
    }

    fileprivate var retryDelay: Milliseconds? {
        if case .retry(let delay, _) = self { delay } else { nil }
    }
}
