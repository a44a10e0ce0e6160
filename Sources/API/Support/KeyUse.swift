// SPDX-License-Identifier: Apache-2.0
// When each key was last used, and from where. Noted in memory by every request and written down in batches: a request
// never waits for it, and what the last seconds before a crash would have said is lost without harm.

internal import Accounts
public import Logging
public import Messaging
internal import Synchronization
public import Wire

public final class KeyUseRecorder: Sendable {
    private struct Use {
        var at: Milliseconds
        var address: IPAddress?
        var isWritten = false
    }

    private let uses = Mutex<[Int64: Use]>([:])

    public init() {}

    /// A request with the key was let in. A key's id, not its text: only keys that exist come here.
    func note(_ keyID: Int64, at: Milliseconds, from address: IPAddress?) {
        uses.withLock { $0[keyID] = Use(at: at, address: address) }
    }

    /// Whether the request that was last let in with this key came from `address`.
    func wasLastUsed(_ keyID: Int64, from address: IPAddress?) -> Bool {
        uses.withLock { uses in uses[keyID].map { $0.address == address } ?? false }
    }

    /// When the key was last used on this node since its start.
    public func lastUse(of keyID: Int64) -> Milliseconds? { uses.withLock { $0[keyID]?.at } }

    /// Writes down what is not written yet, and forgets keys that are gone.
    public func flush(to directory: DirectoryCache) async throws {
        let known = Set(directory.current.keys.values.map(\.id))
        let fresh = uses.withLock { uses in
            uses = uses.filter { known.contains($0.key) }
            return uses.compactMapValues { $0.isWritten ? nil : $0.at }
        }
        guard !fresh.isEmpty else { return }
        try await directory.noteUse(ofKeys: fresh)
        uses.withLock { uses in
            for (keyID, at) in fresh where uses[keyID]?.at == at { uses[keyID]?.isWritten = true }
        }
    }

    /// Flushes every `interval` until the task is cancelled, and once more then.
    public func run(_ directory: DirectoryCache, every interval: Duration = .seconds(5), logger: Logger) async {
        while (try? await Task.sleep(for: interval)) != nil {
            await flushOrSay(to: directory, logger)
        }
        await flushOrSay(to: directory, logger)
    }

    private func flushOrSay(to directory: DirectoryCache, _ logger: Logger) async {
        do {
            try await flush(to: directory)
        } catch {
            logger.warning("the last use of keys was not written down", metadata: ["error": "\(error)"])
        }
    }
}
