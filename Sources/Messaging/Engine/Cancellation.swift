// SPDX-License-Identifier: Apache-2.0
// Withdraws messages of which nothing has been handed to a provider. The message's job is locked before its parts are
// looked at: a dispatcher marks parts only under that lock, so either it sees no job any more or its mark is seen here.

internal import Accounts
internal import SQL
internal import Wire

extension MessagingEngine {
    /// Ends a message as `deleted` while all of it still waits here. False when it is on its way, or has ended.
    public func cancel(_ key: MessageKey, reason: String) async throws -> Bool {
        let (_, isCancelled) = try await context.writeProgress(expecting: 1) { writer in
            guard try JobStore(writer.transaction).lock(key),
                let parts = try MessageStore(writer.transaction).parts(of: [key]).first,
                parts.allSatisfy({ $0.state == .queued })
            else { return (ProgressWriter.Result(), false) }
            return (try writer.end([key], as: .deleted, errorCode: nil, reason: reason), true)
        }
        if isCancelled { dispatcher.forget([key]) }
        return isCancelled
    }
}
