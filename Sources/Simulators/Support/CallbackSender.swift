// SPDX-License-Identifier: Apache-2.0
// How a provider calls back: each callback is posted until it is answered 200, at growing intervals, and the next of a
// chain leaves only after the one before was taken or given up. Nothing is sent after `shutdown`.

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// When a callback that was not answered 200 is posted again.
public struct CallbackRetries: Hashable, Sendable {
    /// Before the second try; doubled before each further one.
    public var first: Duration = .seconds(1)
    public var longest: Duration = .seconds(60)
    /// Tries in all.
    public var limit = 100

    public init() {}

    /// How long to wait after `attempt` tries (from 1) have failed; nil to give up.
    func delay(after attempt: Int) -> Duration? {
        guard attempt < limit else { return nil }
        return attempt > 30 ? longest : min(longest, first * (1 << (attempt - 1)))
    }
}

/// A callback that is ready to be posted.
struct Callback: Sendable {
    var url: String
    var headers: HTTPHeaders
    var body: [UInt8]
    /// Hears once whether it was taken in the end.
    var settled: (@Sendable (Bool) -> Void)?
}

final class CallbackSender: Sendable {
    /// One link of a chain: what is sent, `delay` after the one before was settled. Made late, since the URL may
    /// change; nil skips it.
    struct Step: Sendable {
        var delay: Duration
        var make: @Sendable () -> Callback?
    }

    private struct State {
        var timers: [UInt64: Scheduled<Void>] = [:]
        var serial: UInt64 = 0
        var isStopped = false
        var inFlight = 0
        /// Set while a shutdown waits for what is in flight.
        var drained: CheckedContinuation<Void, Never>?
    }

    private let client: HTTPClient
    private let group: any EventLoopGroup
    private let retries: CallbackRetries
    private let timeout: TimeAmount
    private let state = Mutex(State())

    init(group: any EventLoopGroup, retries: CallbackRetries, timeout: Duration) {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 32
        client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
        self.group = group
        self.retries = retries
        self.timeout = TimeAmount(timeout)
    }

    /// Drops what waits, and lets what is in flight end, which its timeout bounds.
    func shutdown() async {
        let timers = state.withLock { state in
            defer { state.timers = [:] }
            state.isStopped = true
            return state.timers.values.map { $0 }
        }
        for timer in timers { timer.cancel() }
        // A client that is shut down while a request ends may take the connection's release amiss.
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.inFlight > 0 { state.drained = continuation }
                return state.inFlight == 0
            }
            if isIdle { continuation.resume() }
        }
        try? await client.shutdown()
    }

    /// Counts a request that has ended.
    private func ended() {
        let waiting = state.withLock { state in
            state.inFlight -= 1
            guard state.inFlight == 0 else { return nil as CheckedContinuation<Void, Never>? }
            defer { state.drained = nil }
            return state.drained
        }
        waiting?.resume()
    }

    /// Sends what the steps make, one after the other. `tried` hears when the first was tried once, or there is none.
    func run(_ steps: [Step], tried: (@Sendable () -> Void)? = nil) {
        guard let step = steps.first else {
            tried?()
            return
        }
        after(step.delay) { [self] in
            let rest = Array(steps.dropFirst())
            guard let callback = step.make() else { return run(rest, tried: tried) }
            post(callback, first: { _ in tried?() }, then: { [self] in run(rest) })
        }
    }

    /// Posts once and tells whether it was taken; what was not is tried again.
    func deliver(_ callback: Callback) async -> Bool {
        await withCheckedContinuation { continuation in
            post(callback, first: { continuation.resume(returning: $0) }, then: {})
        }
    }

    /// Posts until it is taken or given up. `first` hears of the first try, `then` of the end.
    private func post(
        _ callback: Callback, attempt: Int = 1, first: (@Sendable (Bool) -> Void)?,
        then: @escaping @Sendable () -> Void
    ) {
        once(callback) { [self] isTaken in
            let delay = isTaken ? nil : retries.delay(after: attempt)
            if delay == nil { callback.settled?(isTaken) }
            first?(isTaken)
            guard let delay else { return then() }
            after(delay) { [self] in post(callback, attempt: attempt + 1, first: nil, then: then) }
        }
    }

    /// Posts once, and tells whether the answer was 200.
    func once(_ callback: Callback, _ completion: @escaping @Sendable (Bool) -> Void) {
        guard
            let request = try? HTTPClient.Request(
                url: callback.url, method: .POST, headers: callback.headers, body: .bytes(callback.body)),
            let response = execute(request)
        else { return completion(false) }
        response.whenComplete { result in
            if case .success(let response) = result { completion(response.status == .ok) } else { completion(false) }
        }
    }

    /// The body of a GET that is answered 200.
    func get(_ url: String) async throws -> [UInt8]? {
        guard let response = try await execute(HTTPClient.Request(url: url))?.get(), response.status == .ok else {
            return nil
        }
        return response.body.map { Array($0.readableBytesView) } ?? []
    }

    /// Nil after a shutdown. Connection and request share one event loop, which spares both the way to another.
    private func execute(_ request: HTTPClient.Request) -> EventLoopFuture<HTTPClient.Response>? {
        let mayRun = state.withLock { state in
            if !state.isStopped { state.inFlight += 1 }
            return !state.isStopped
        }
        guard mayRun else { return nil }
        let response = client.execute(
            request: request, eventLoop: .delegateAndChannel(on: group.next()), deadline: .now() + timeout)
        response.whenComplete { [self] _ in ended() }
        return response
    }

    /// Runs the body later, unless it is shut down by then; at once when there is no delay.
    func after(_ delay: Duration, _ body: @escaping @Sendable () -> Void) {
        guard delay > .zero else { return body() }
        state.withLock { state in
            guard !state.isStopped else { return }
            state.serial += 1
            let id = state.serial
            state.timers[id] = group.next().scheduleTask(in: TimeAmount(delay)) { [weak self] in
                guard let self, self.state.withLock({ $0.timers.removeValue(forKey: id) }) != nil else { return }
                body()
            }
        }
    }
}
