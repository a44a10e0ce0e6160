// SPDX-License-Identifier: Apache-2.0
// A telephone network on loopback: it takes SIP calls over UDP, rings, answers and listens, as the last digits of the
// number called say, and keeps what each telephone heard.

internal import Logging
public import NIOCore
internal import NIOPosix
internal import Synchronization
internal import Wire

/// The simulated network. `start` and `shutdown` are called once each.
public final class VoiceSimulator: Sendable {
    public let configuration: Configuration
    private let group: any EventLoopGroup
    private let state = Mutex(State())

    private struct State {
        var channel: (any Channel)?
        var port: Int?
        var book = CallBook()
    }

    public init(configuration: Configuration = Configuration(), group: any EventLoopGroup) {
        self.configuration = configuration
        self.group = group
    }

    /// Listens, and returns the port.
    @discardableResult
    public func start() async throws -> Int {
        let channel = try await DatagramBootstrap(group: group)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(VoiceExchange(simulator: self))
                }
            }
            .bind(host: configuration.host, port: configuration.port).get()
        let port = channel.localAddress?.port ?? configuration.port
        state.withLock { state in
            state.channel = channel
            state.port = port
        }
        return port
    }

    /// Forgets the calls that are still going on.
    public func shutdown() async {
        let channel = state.withLock { state in
            state.port = nil
            defer { state.channel = nil }
            return state.channel
        }
        try? await channel?.close()
    }

    /// The port it listens on; nil before `start` and after `shutdown`.
    public var port: Int? { state.withLock { $0.port } }

    /// The calls that a telephone got, oldest first, including the one that it is having.
    public func calls(to number: String) -> [SimulatedCall] {
        state.withLock { $0.book.calls(to: Self.digits(number)) }
    }

    static func digits(_ number: String) -> String {
        String(number.unicodeScalars.filter { ("0"..."9").contains($0) }.map { Character($0) })
    }

    func add(_ call: SimulatedCall) {
        state.withLock {
            $0.book.add(call, callLimit: configuration.callLimit, numberLimit: configuration.numberLimit)
        }
    }

    func change(_ call: SimulatedCall, _ change: (inout SimulatedCall) -> Void) {
        state.withLock { $0.book.change(callID: call.callID, of: call.recipient, change) }
    }
}

/// The calls of each number; what is too much is forgotten, the oldest first.
struct CallBook: Sendable {
    private var calls: [String: [SimulatedCall]] = [:]
    private var numbers = CircularBuffer<String>()

    func calls(to number: String) -> [SimulatedCall] { calls[number] ?? [] }

    mutating func add(_ call: SimulatedCall, callLimit: Int, numberLimit: Int) {
        if calls[call.recipient] == nil {
            numbers.append(call.recipient)
            if numbers.count > numberLimit { calls[numbers.removeFirst()] = nil }
        }
        calls[call.recipient, default: []].append(call)
        if calls[call.recipient, default: []].count > callLimit { calls[call.recipient]?.removeFirst() }
    }

    mutating func change(callID: String, of number: String, _ change: (inout SimulatedCall) -> Void) {
        guard let place = calls[number]?.lastIndex(where: { $0.callID == callID }) else { return }
        guard var call = calls[number]?[place] else { return }
        change(&call)
        calls[number]?[place] = call
    }
}
