// SPDX-License-Identifier: Apache-2.0
// An operator's word on a part of which nobody knows whether the provider took it, and which the connector's policy has
// kept: send it again, count it as sent, or let it fail.

public import Accounts
internal import SQL
internal import Wire

/// What to take a held part for.
public enum HeldRelease: String, Sendable, CaseIterable {
    /// It did not arrive: send it again, marked as a possible duplicate.
    case resend
    /// It arrived: count it as taken by the provider, whose id for it nobody knows.
    case sent
    case failed
}

public enum HeldReleaseResult: Sendable, Equatable {
    case released
    /// The message has no such part, or it is not held any more.
    case notHeld
}

extension MessagingEngine {
    /// Releases a held part, with a row in the audit log.
    public func release(
        _ key: MessageKey, part number: Int, as release: HeldRelease, actor: Actor
    ) async throws -> HeldReleaseResult {
        let (_, result) = try await context.writeProgress(expecting: 1) { writer in
            let parts = try MessageStore(writer.transaction).parts(of: [key]).first ?? []
            guard let part = parts.last(where: { $0.number == number && $0.state == .held }) else {
                return (ProgressWriter.Result(), HeldReleaseResult.notHeld)
            }
            let result = try writer.apply([
                PartChange(key: key, step: part.step, number: number, release: release, at: writer.now)
            ])
            let isReleased = result.progress.first?.parts.contains {
                $0.number == number && $0.step == part.step && $0.state != .held
            }
            guard isReleased == true else { return (result, .notHeld) }
            // A message whose last part was held has no job any more; one with parts on their way still has its own.
            if release == .resend { try JobStore(writer.transaction).insertIfMissing(key, dueAt: writer.now) }
            try AuditLog(writer.transaction).record(
                .released, .message, id: key.id.description, name: "part \(number)", companyID: key.companyID,
                to: ["as": .string(release.rawValue)], actor: actor, now: writer.now)
            return (result, .released)
        }
        if result == .released { dispatcher.poll() }
        return result
    }
}
