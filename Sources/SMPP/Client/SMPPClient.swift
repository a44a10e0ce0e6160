// SPDX-License-Identifier: Apache-2.0
// An ESME: a pool of binds to one SMSC that reconnect by themselves. Every submission ends in exactly one result, and one
// that reports `notSent` has never been on a socket.

public import Logging
public import NIOCore
internal import Synchronization

/// The client of one carrier.
///
/// `start` and `shutdown` are called once each. The delegate is kept until `shutdown` has returned.
public final class SMPPClient: Sendable {
    public let configuration: Configuration
    let group: any EventLoopGroup
    let logger: Logger
    let pool: Mutex<ClientPool>
    private let delegateBox: Mutex<(any SMPPClientDelegate)?>
    private let binds: Mutex<[ClientBind]>
    private let stopWaiters = Mutex<[CheckedContinuation<Void, Never>]>([])

    public init(
        configuration: Configuration, group: any EventLoopGroup, delegate: any SMPPClientDelegate, logger: Logger
    ) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
        self.delegateBox = Mutex(delegate)
        self.pool = Mutex(ClientPool(configuration, now: .now()))
        self.binds = Mutex([])
    }

    var delegate: (any SMPPClientDelegate)? { delegateBox.withLock { $0 } }

    // MARK: Life

    /// Returns at once; binds in the background, and again and again after every loss.
    public func start() {
        let modes: [BindMode] = pool.withLock { pool in
            guard pool.phase == .idle else { return [] }
            pool.phase = .running
            return pool.slots.map(\.mode)
        }
        let created = modes.enumerated().map { index, mode in
            ClientBind(client: self, index: index, mode: mode, eventLoop: group.next())
        }
        binds.withLock { $0 = created }
        for bind in created { bind.connect() }
    }

    /// Takes nothing more, waits for outstanding responses up to the response time-out, unbinds and closes.
    public func shutdown() async {
        let links = pool.withLock { pool in
            pool.phase = pool.phase == .stopped ? .stopped : .stopping
            var links: [SessionLink<ClientBind>] = []
            for index in pool.slots.indices {
                pool.slots[index].retry?.cancel()
                pool.slots[index].retry = nil
                if let link = pool.slots[index].link {
                    links.append(link)
                    if pool.slots[index].phase == .bound { pool.slots[index].phase = .unbinding }
                } else if pool.slots[index].phase != .connecting {
                    pool.slots[index].phase = .stopped
                }
            }
            return links
        }
        for link in links { link.post(.unbind) }
        await withCheckedContinuation { continuation in
            stopWaiters.withLock { $0.append(continuation) }
            checkStopped()
        }
        binds.withLock { $0 = [] }
        delegateBox.withLock { $0 = nil }
    }

    /// Lets `shutdown` return once no bind is left.
    func checkStopped() {
        let isStopped = pool.withLock { pool in
            guard pool.phase == .stopping || pool.phase == .stopped, pool.isStopped else { return false }
            pool.phase = .stopped
            return true
        }
        guard isStopped else { return }
        let waiters = stopWaiters.withLock { waiters in
            defer { waiters = [] }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: Submitting

    /// How many submissions may be handed over now: free places in the windows of binds that can submit, limited by the
    /// rate; 0 during a pause the SMSC asked for. After a 0 the delegate hears `smppClientCapacityAvailable`.
    public var capacity: Int {
        let now = NIODeadline.now()
        let (capacity, wake) = pool.withLock { pool in
            let capacity = pool.capacity(now: now)
            return (capacity, capacity == 0 ? pool.wake(now: now) : .nothing)
        }
        act(on: wake)
        return capacity
    }

    /// Hands messages over; the caller respects `capacity`, which nobody else may use up meanwhile: what finds no place
    /// in a window comes back as `.notSent`. Results come to the delegate on event loops, never from within this call.
    public func submit(_ requests: [Submission]) {
        guard !requests.isEmpty else { return }
        let now = NIODeadline.now()
        var refused: [(ticket: UInt64, result: SubmitResult)] = []
        var batches: [Int: [SessionCommand<ClientContext>]] = [:]
        let links = pool.withLock { pool in
            for request in requests {
                guard let index = pool.assign() else {
                    refused.append((request.ticket, .notSent))
                    continue
                }
                batches[index, default: []].append(.send(request.body, .ticket(request.ticket)))
            }
            pool.governor.take(requests.count - refused.count, now: now)
            pool.meter.add(requests.count - refused.count, now: now)
            return batches.compactMap { index, batch in pool.slots[index].link.map { ($0, batch) } }
        }
        for (link, batch) in links { link.post(batch) }
        guard !refused.isEmpty else { return }
        group.next().execute { [self, refused] in delegate?.smppClient(self, completed: refused) }
    }

    // MARK: Other requests

    /// query_sm: where a message is.
    public func query(_ request: QuerySM) async throws(SMPPRequestError) -> QuerySMResponse {
        let body = try await send(.query(request))
        guard case .queryResponse(let response) = body else { throw .uncertain(.malformedResponse) }
        return response
    }

    /// cancel_sm; returns when the SMSC has agreed.
    public func cancel(_ request: CancelSM) async throws(SMPPRequestError) {
        _ = try await send(.cancel(request))
    }

    /// replace_sm; returns when the SMSC has agreed.
    public func replace(_ request: ReplaceSM) async throws(SMPPRequestError) {
        _ = try await send(.replace(request))
    }

    /// submit_multi: one message to many; the destinations that were refused are in the response.
    public func submitMulti(_ request: SubmitMulti) async throws(SMPPRequestError) -> SubmitMultiResponse {
        let body = try await send(.submitMulti(request))
        guard case .submitMultiResponse(let response) = body else { throw .uncertain(.malformedResponse) }
        return response
    }

    private func send(_ body: PDU.Body) async throws(SMPPRequestError) -> PDU.Body {
        let link = pool.withLock { pool in pool.assign().flatMap { pool.slots[$0].link } }
        guard let link else { throw .notSent }
        let outcome = await withCheckedContinuation { continuation in
            link.post(.send(body, .waiter { continuation.resume(returning: $0) }))
        }
        switch outcome {
        case .response(let pdu) where pdu.status == .ok: return pdu.body
        case .response(let pdu): throw .refused(pdu.status)
        case .notSent: throw .notSent
        case .invalid(let error): throw .invalid(error)
        case .uncertain(let reason): throw .uncertain(reason)
        }
    }

    // MARK: State

    public var state: State {
        pool.withLock { pool in
            State(
                binds: pool.slots.enumerated().map { index, slot in
                    State.BindState(
                        index: index, mode: slot.mode, phase: slot.phase, bindID: slot.bindID,
                        peerSystemID: slot.peerSystemID, outstanding: slot.reserved, lastError: slot.lastError)
                },
                currentRate: pool.governor.rate, isPaused: pool.governor.isPaused, window: pool.window,
                submitsInLastMinute: pool.meter.total(now: .now()))
        }
    }

    /// Tells the delegate about capacity, now or when there will be some.
    func act(on wake: ClientPool.Wake) {
        switch wake {
        case .nothing: break
        case .notify: delegate?.smppClientCapacityAvailable(self)
        case .later(let deadline):
            group.next().scheduleTask(deadline: deadline) { [self] in
                let next = pool.withLock { pool in
                    pool.wakeIsArmed = false
                    return pool.wake(now: .now())
                }
                act(on: next)
            }
        }
    }
}

extension Submission {
    var body: PDU.Body {
        switch message {
        case .submit(let body): .submit(body)
        case .data(let body): .data(body)
        }
    }
}
