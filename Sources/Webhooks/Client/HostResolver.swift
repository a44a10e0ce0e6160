// SPDX-License-Identifier: Apache-2.0

// Host names to addresses. Resolving is its own step, before connecting, because the addresses have to be judged in
// between; the system's resolver blocks and therefore runs on threads of its own, never on an event loop.

import NIOPosix
import Synchronization
public import Wire

/// Turns a host name into addresses; a value so that tests can answer as they need.
public struct HostResolver: Sendable {
    /// There is no address for this name, or the resolver could not be asked; `reason` is the system's text.
    public struct Failure: Error, Sendable, Hashable {
        /// The system's text.
        public var reason: String

        /// A failure with this text.
        public init(reason: String) {
            self.reason = reason
        }
    }

    let resolve: @Sendable (_ host: String) async throws -> [IPAddress]
    let close: @Sendable () async -> Void

    /// A resolver that asks this closure; the addresses are in order of preference.
    public init(_ resolve: @escaping @Sendable (_ host: String) async throws -> [IPAddress]) {
        self.resolve = resolve
        self.close = {}
    }

    private init(
        resolve: @escaping @Sendable (String) async throws -> [IPAddress], close: @escaping @Sendable () async -> Void
    ) {
        self.resolve = resolve
        self.close = close
    }

    /// The system's resolver (`getaddrinfo`) on this many threads; the client that gets it shuts it down.
    public static func system(threads: Int = 8) -> HostResolver {
        let pool = LookupThreads(count: threads)
        return HostResolver(resolve: pool.resolve, close: pool.shutdown)
    }
}

/// Threads for blocking look-ups, started with the first one.
private final class LookupThreads: Sendable {
    private enum State {
        case new
        case running(NIOThreadPool)
        case closed
    }

    private let count: Int
    private let state = Mutex(State.new)

    init(count: Int) {
        self.count = count
    }

    @Sendable func resolve(_ host: String) async throws -> [IPAddress] {
        let pool = try state.withLock { state in
            switch state {
            case .running(let pool): return pool
            case .closed: throw HostResolver.Failure(reason: "the resolver is shut down")
            case .new:
                let pool = NIOThreadPool(numberOfThreads: count)
                pool.start()
                state = .running(pool)
                return pool
            }
        }
        return try await pool.runIfActive { try SystemLookup.addresses(of: host) }
    }

    @Sendable func shutdown() async {
        let last = state.withLock { state in
            defer { state = .closed }
            return state
        }
        if case .running(let pool) = last { try? await pool.shutdownGracefully() }
    }
}
