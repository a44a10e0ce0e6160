// SPDX-License-Identifier: Apache-2.0
// A connector without a provider: it records what it is given and answers by a script, or when the test says so.

public import Messaging
import Synchronization
public import Wire

/// A recording connector with a window.
public final class FakeConnector: Connector {
    /// Decides what becomes of a submission; nil leaves it open until `complete`.
    public typealias Script = @Sendable (Submission) -> SendOutcome?

    private struct State: Sendable {
        var isUp = true
        var window: Int
        /// Room set aside or used by what is open.
        var used = 0
        var script: Script?
        var open: [PartTicket] = []
        var isStopped = false
        var nextID: Int64 = 1000
    }

    public let id: Int64
    public let name: String
    public let uncertainPolicy: UncertainPolicy
    public let exchanges: ExchangeLog? = ExchangeLog()
    private let state: Mutex<State>
    private let recorded = Watched<[Submission]>([])
    private let providerIDs = Mutex<[PartTicket: String]>([:])
    private let sink = Mutex<WeakSink>(WeakSink())

    private struct WeakSink { weak var value: (any ConnectorSink)? }

    /// Without a script every submission is taken under the next decimal id.
    public init(
        id: Int64, name: String = "fake", window: Int = 100, uncertainPolicy: UncertainPolicy = .resend,
        sink: (any ConnectorSink)?
    ) {
        self.id = id
        self.name = name
        self.uncertainPolicy = uncertainPolicy
        state = Mutex(State(window: window))
        self.sink.withLock { $0.value = sink }
    }

    // MARK: What tests do

    /// Answers by `script` from now on; nil takes everything.
    public func answer(by script: Script?) { state.withLock { $0.script = script } }

    /// Leaves every submission open until `complete`.
    public func answerByHand() { answer { _ in nil } }

    /// Takes the link up or down.
    public func setUp(_ isUp: Bool) {
        state.withLock { $0.isUp = isUp }
        tellCapacity()
    }

    public func setWindow(_ window: Int) {
        state.withLock { $0.window = window }
        tellCapacity()
    }

    /// Everything that was submitted so far, in order.
    public var submissions: [Submission] { recorded.current }

    /// Waits until there were `count` submissions in all, and returns them.
    public func submissions(count: Int) async throws -> [Submission] {
        try await recorded.wait(for: "\(count) submissions to \(name)") { $0.count >= count }
    }

    /// Submissions that have no outcome yet.
    public var open: [PartTicket] { state.withLock { $0.open } }

    /// How much of the window is set aside or used.
    public var used: Int { state.withLock { $0.used } }

    /// Gives an open submission its outcome.
    public func complete(_ ticket: PartTicket, _ outcome: SendOutcome) {
        let isOpen = state.withLock { state -> Bool in
            guard let index = state.open.firstIndex(of: ticket) else { return false }
            state.open.remove(at: index)
            state.used -= 1
            return true
        }
        guard isOpen else { return }
        tell([(ticket, outcome)])
        tellCapacity()
    }

    /// Takes an open submission under the next id, which it returns.
    @discardableResult
    public func take(_ ticket: PartTicket) -> String {
        let id = nextProviderID()
        complete(ticket, .submitted(providerID: id))
        return id
    }

    /// The id under which the last try of a part was taken.
    public func providerID(key: MessageKey, number: Int = 1) -> String? {
        providerIDs.withLock { ids in
            ids.filter { $0.key.key == key && $0.key.number == number }.max { $0.key.attempt < $1.key.attempt }?.value
        }
    }

    /// The receipt for a part that was taken; for one that was not its id is empty.
    public func receipt(
        for submission: Submission, _ state: PartState = .delivered, errorCode: String? = nil,
        at: Milliseconds = TestClock.start + 5000
    ) -> Receipt {
        Receipt(
            connectorID: id,
            providerID: providerID(key: submission.ticket.key, number: submission.ticket.number) ?? "",
            recipient: submission.recipient, state: state, errorCode: errorCode, at: at)
    }

    /// Cuts the connector off from its node: outcomes are heard no more, as when the process has died.
    public func detach() { sink.withLock { $0.value = nil } }

    // MARK: Connector

    public var isUp: Bool { state.withLock { $0.isUp } }

    public func reserve(_ count: Int) -> Int {
        state.withLock { state in
            let room = state.isStopped ? 0 : max(0, min(count, state.window - state.used))
            state.used += room
            return room
        }
    }

    public func release(_ count: Int) { state.withLock { $0.used -= count } }

    public func submit(_ submissions: [Submission]) {
        let (script, isStopped) = state.withLock { state in
            state.open += submissions.map(\.ticket)
            return (state.script, state.isStopped)
        }
        recorded.update { $0 += submissions }
        var outcomes: [(ticket: PartTicket, outcome: SendOutcome)] = []
        for submission in submissions {
            let outcome: SendOutcome? =
                if isStopped {
                    .retry(delay: 0, reason: "stopped")
                } else if let script {
                    script(submission)
                } else {
                    .submitted(providerID: nextProviderID())
                }
            if let outcome { outcomes.append((submission.ticket, outcome)) }
        }
        let answered = outcomes.map(\.ticket)
        state.withLock { state in
            state.open.removeAll { answered.contains($0) }
            state.used -= answered.count
        }
        guard !outcomes.isEmpty else { return }
        tell(outcomes)
        tellCapacity()
    }

    public func start() { tellCapacity() }

    /// What is still open ends as `uncertain`, as it does for a link that is cut.
    public func stop() async {
        let open = state.withLock { state -> [PartTicket] in
            state.isStopped = true
            defer { state.open = [] }
            state.used -= state.open.count
            return state.open
        }
        tell(open.map { ($0, .uncertain(reason: "stopped")) })
    }

    // MARK: Inside

    private func nextProviderID() -> String {
        state.withLock { state in
            state.nextID += 1
            return String(state.nextID)
        }
    }

    private func tell(_ outcomes: [(ticket: PartTicket, outcome: SendOutcome)]) {
        providerIDs.withLock { ids in
            for case (let ticket, .submitted(let id)) in outcomes { ids[ticket] = id }
        }
        guard !outcomes.isEmpty, let sink = sink.withLock({ $0.value }) else { return }
        sink.completed(outcomes, by: self)
    }

    private func tellCapacity() { sink.withLock { $0.value }?.capacityChanged(self) }
}
