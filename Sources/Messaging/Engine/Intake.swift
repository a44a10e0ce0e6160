// SPDX-License-Identifier: Apache-2.0
// Everything that providers tell us goes through here, whatever the channel: receipts and inbound messages are stored in
// batches, and each is answered only after its commit.

internal import Accounts
internal import Logging
internal import SQL
internal import Synchronization
internal import Wire

public final class Intake: Sendable {
    private struct Item: Sendable {
        let event: ConnectorEvent
        let answer: @Sendable (IntakeAnswer) -> Void
    }

    /// The same bytes over the same connector.
    private struct Arrival: Hashable {
        let connectorID: Int64
        let fingerprint: [UInt8]

        init(_ part: InboundPart) {
            connectorID = part.connectorID
            fingerprint = part.fingerprint
        }
    }

    /// What the receipts of a batch were found to be about.
    private struct Matches: Sendable {
        var changes: [PartChange] = []
        var forms: [(connectorID: Int64, form: ReceiptIDForm)] = []
        /// How many match nothing and are kept.
        var parked = 0
    }

    private static let batchLimit = 256
    /// After how many receipts of one form a connector's form counts as known.
    private static let learningThreshold = 3
    /// For how long a receipt that matched nothing is looked at again, ms.
    private static let parkedWindow: Milliseconds = 30_000

    private let context: EngineContext
    private let queue = BatchQueue<Item>(capacity: 50_000)
    /// Inbound parts of commits of which nobody knows whether they were made; the provider was asked to send them again.
    private let doubted = Mutex<Set<Arrival>>([])
    private let learning = Mutex<[Int64: (form: ReceiptIDForm, count: Int)]>([:])

    /// Called when an event has made jobs that nobody holds.
    private let onNewJobs: @Sendable () -> Void

    init(context: EngineContext, onNewJobs: @escaping @Sendable () -> Void = {}) {
        self.context = context
        self.onNewJobs = onNewJobs
    }

    func received(_ event: ConnectorEvent, answer: @escaping @Sendable (IntakeAnswer) -> Void) {
        if !queue.push(Item(event: event, answer: answer)) { answer(.unavailable) }
    }

    func close() { queue.close() }

    /// Ends after `close`, when everything that was received is stored.
    func run() async {
        while true {
            let batch = await queue.next(limit: Self.batchLimit)
            if batch.isEmpty { return }
            await store(batch)
        }
    }

    private func store(_ batch: [Item]) async {
        do {
            let answers = try await commit(batch.map(\.event))
            for (item, answer) in zip(batch, answers) { item.answer(answer) }
        } catch DatabaseError.commitUnknown(let reason) {
            context.logger.error("nobody knows whether events were stored", metadata: ["error": "\(reason)"])
            doubt(batch.map(\.event))
            for item in batch { item.answer(.unavailable) }
        } catch  where batch.count == 1 || (error as? DatabaseError)?.isTransient == true {
            context.logger.error("events not stored", metadata: ["error": "\(error)", "count": "\(batch.count)"])
            for item in batch { item.answer(.unavailable) }
        } catch {
            // One of them is at fault; alone, each of the others goes through.
            for item in batch { await store([item]) }
        }
    }

    /// Remembers inbound parts that may be stored: when they come again, those that are do not count twice.
    func doubt(_ events: [ConnectorEvent]) {
        doubted.withLock { doubted in
            for case .inbound(let part) in events { doubted.insert(Arrival(part)) }
        }
    }

    /// Stores the events and says what to answer to each.
    func commit(_ events: [ConnectorEvent]) async throws -> [IntakeAnswer] {
        let directory = context.directory.current
        let doubted = doubted.withLock { $0 }
        let (result, (answers, matches)) = try await context.writeProgress(expecting: events.count, isPatient: true) {
            writer in
            let receipts = events.compactMap { if case .receipt(let receipt) = $0 { receipt } else { nil } }
            let matches = try Self.match(receipts, directory: directory, writer: writer)
            let result = try writer.apply(matches.changes)
            var inbound = InboundWriter(writer: writer, directory: directory, result: result)
            var inDoubt = doubted
            let answers = try events.map { event -> IntakeAnswer in
                switch event {
                case .receipt: .stored
                case .inbound(let part): try inbound.store(part, isInDoubt: inDoubt.remove(Arrival(part)) != nil)
                case .message(let message): try inbound.store(message)
                case .deleted(let deletion): try inbound.store(deletion)
                }
            }
            return (try inbound.finish(), (answers, matches))
        }
        if !doubted.isEmpty {
            self.doubted.withLock { doubted in
                for case .inbound(let part) in events { doubted.remove(Arrival(part)) }
            }
        }
        if result.hasNewJobs { onNewJobs() }
        count(matches, of: events)
        await learn(matches.forms, directory: directory)
        return answers
    }

    private func count(_ matches: Matches, of events: [ConnectorEvent]) {
        let receipts = events.count { if case .receipt = $0 { true } else { false } }
        let matched = matches.changes.count
        context.metrics.receipts.add(.matched, matched)
        context.metrics.receipts.add(.parked, matches.parked)
        context.metrics.receipts.add(.ignored, receipts - matched - matches.parked)
    }

    private static func match(
        _ receipts: [Receipt], directory: Directory, writer: ProgressWriter
    ) throws -> Matches {
        guard !receipts.isEmpty else { return Matches() }
        let store = ReceiptStore(writer.transaction)
        var matches = Matches()
        var unmatched: [Receipt] = []
        let found = try store.candidates(for: receipts) { directory.connectors[$0]?.receiptIDForm }
        for (receipt, candidates) in zip(receipts, found) {
            switch receipt.match(candidates, learnt: directory.connectors[receipt.connectorID]?.receiptIDForm) {
            case .part(let part, let form):
                matches.changes.append(PartChange(part, receipt))
                matches.forms.append((receipt.connectorID, form))
            case .none, .ambiguous:
                // An intermediate report about nothing we know says nothing.
                if receipt.state.isFinal { unmatched.append(receipt) }
            }
        }
        try store.park(unmatched, now: writer.now)
        matches.parked = unmatched.count
        return matches
    }

    /// Looks again at receipts that were parked lately: on PostgreSQL a receipt and the outcome of its submission may be
    /// stored side by side, and neither sees the other. True when a full batch was applied and there may be more.
    func matchParked() async throws -> Bool {
        let directory = context.directory.current
        let (_, count) = try await context.writeProgress(expecting: Self.batchLimit) { writer in
            let store = ReceiptStore(writer.transaction)
            let parked = try store.parked(since: writer.now - Self.parkedWindow, limit: Self.batchLimit)
            var changes: [PartChange] = []
            for (item, candidates) in zip(parked, try store.candidates(for: parked.map(\.receipt))) {
                let receipt = item.receipt
                let learnt = directory.connectors[receipt.connectorID]?.receiptIDForm
                // One that was ambiguous stays with the operator: what is left over proves nothing. A reading may come beside
                // the outcome that was stored together with the delivery.
                guard candidates.count == 1, !candidates[0].isFinal || receipt.state == .seen,
                    case .part(let part, _) = receipt.match(candidates, learnt: learnt), try store.takeOut(item.id)
                else { continue }
                changes.append(PartChange(part, receipt))
            }
            return (try writer.apply(changes), changes.count)
        }
        return count == Self.batchLimit
    }

    /// Counts which form each connector's receipts have and stores one that keeps coming.
    private func learn(_ seen: [(connectorID: Int64, form: ReceiptIDForm)], directory: Directory) async {
        var learnt: [(Int64, ReceiptIDForm)] = []
        learning.withLock { counts in
            for (connectorID, form) in seen where directory.connectors[connectorID]?.receiptIDForm != form {
                let count = counts[connectorID].map { $0.form == form ? $0.count + 1 : 1 } ?? 1
                counts[connectorID] = (form, count)
                if count == Self.learningThreshold { learnt.append((connectorID, form)) }
            }
        }
        guard !learnt.isEmpty else { return }
        do {
            try await context.directory.learn(learnt)
        } catch {
            context.logger.warning("receipt id form not stored", metadata: ["error": "\(error)"])
        }
    }

    /// The carrier has the answers: repetitions of these bytes are new messages from now on.
    func acknowledged(connectorID: Int64, fingerprints: [[UInt8]]) async {
        do {
            try await context.database.write {
                try InboundStore($0).forgetArrivals(connectorID: connectorID, fingerprints: fingerprints)
            }
        } catch {
            // They stay noted until the sweeper forgets them; a true repetition within that time is at stake, not a loss.
            context.logger.warning("acknowledgements not noted", metadata: ["error": "\(error)"])
        }
    }
}

extension PartChange {
    /// What a receipt says of the part that it is about.
    fileprivate init(_ part: ReceiptCandidate, _ receipt: Receipt) {
        self.init(
            key: part.key, step: part.step, number: part.number, report: receipt.state, errorCode: receipt.errorCode,
            at: receipt.at)
        detail = ReportDetail(reason: receipt.reason, conversation: receipt.conversation)
    }
}
