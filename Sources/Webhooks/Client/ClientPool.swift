// SPDX-License-Identifier: Apache-2.0

// The media client's HTTP clients, each pinned to one host name and one address that was checked. The pin is what keeps
// a second answer of the name service from leading a request elsewhere; keeping the clients is what keeps connections
// alive.

import AsyncHTTPClient
import NIOCore
import Synchronization
internal import Wire

final class ClientPool: Sendable {
    struct Key: Hashable {
        var host: String
        var address: IPAddress
    }

    struct Lease {
        let key: Key
        let client: HTTPClient
    }

    private struct Entry {
        let client: HTTPClient
        var inFlight = 0
        var lastUse: UInt64 = 0
        var connectFailed = false
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var uses: UInt64 = 0
        var retiring: [ObjectIdentifier: HTTPClient] = [:]
        var isClosed = false
    }

    private let capacity: Int
    private let makeClient: @Sendable (Key) -> HTTPClient
    private let state = Mutex(State())

    init(capacity: Int, makeClient: @escaping @Sendable (Key) -> HTTPClient) {
        self.capacity = capacity
        self.makeClient = makeClient
    }

    /// How many clients there are.
    var count: Int { state.withLock { $0.entries.count } }

    /// A client for one of the addresses, preferring one that has connections already and one that could be reached;
    /// `nil` when there are no addresses or the pool is closed. Hand it back with `giveBack`.
    func lease(host: String, among addresses: some Collection<IPAddress>) -> Lease? {
        let (lease, evicted) = state.withLock { state -> (Lease?, HTTPClient?) in
            if state.isClosed { return (nil, nil) }
            func entry(_ address: IPAddress) -> Entry? { state.entries[Key(host: host, address: address)] }
            guard
                let address = addresses.first(where: { entry($0)?.connectFailed == false })
                    ?? addresses.first(where: { entry($0) == nil }) ?? addresses.first
            else { return (nil, nil) }
            let key = Key(host: host, address: address)
            var evicted: HTTPClient?
            if state.entries[key] == nil {
                evicted = evictOne(&state)
                state.entries[key] = Entry(client: makeClient(key))
            }
            state.uses += 1
            state.entries[key]?.lastUse = state.uses
            state.entries[key]?.inFlight += 1
            return (state.entries[key].map { Lease(key: key, client: $0.client) }, evicted)
        }
        if let evicted { retire(evicted) }
        return lease
    }

    /// Ends a lease; `connected` tells whether the address could be reached (`nil`: unknown).
    func giveBack(_ lease: Lease, connected: Bool?) {
        state.withLock { state in
            state.entries[lease.key]?.inFlight -= 1
            if let connected { state.entries[lease.key]?.connectFailed = !connected }
        }
    }

    /// Closes all clients; deliveries under way are cancelled. Later leases are refused.
    func shutdown() async {
        let clients = state.withLock { state in
            state.isClosed = true
            let clients = state.entries.values.map(\.client) + state.retiring.values
            state.entries = [:]
            state.retiring = [:]
            return clients
        }
        // A client that was being retired answers "already shut down", which is as good.
        for client in clients { try? await client.shutdown() }
    }

    /// Takes the client out that was unused longest; those with deliveries under way stay, even above the capacity.
    private func evictOne(_ state: inout State) -> HTTPClient? {
        guard state.entries.count >= capacity else { return nil }
        let idle = state.entries.filter { $0.value.inFlight == 0 }
        guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return nil }
        state.entries[oldest.key] = nil
        state.retiring[ObjectIdentifier(oldest.value.client)] = oldest.value.client
        return oldest.value.client
    }

    private func retire(_ client: HTTPClient) {
        client.shutdown { [self] _ in
            state.withLock { _ = $0.retiring.removeValue(forKey: ObjectIdentifier(client)) }
        }
    }
}
