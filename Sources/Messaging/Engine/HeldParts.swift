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
    /// Other parts of the message are on their way to a provider; nothing was changed.
    case underWay
}

extension MessagingEngine {
    /// After how long a part is sent again: by then the node that held it has forgotten the message, ms.
    private static let resendDelay: Milliseconds = 500

    /// Releases a held part, with a row in the audit log. While other parts of its message are on their way the node that
    /// sends them goes by what it knows, so the decision has to wait until they are out.
    public func release(
        _ key: MessageKey, part number: Int, as release: HeldRelease, actor: Actor
    ) async throws -> HeldReleaseResult {
        let (_, result) = try await context.writeProgress(expecting: 1) { writer in
            let messages = MessageStore(writer.transaction)
            // Its row is locked before its parts are looked at: of two operators the second sees what the first did.
            guard let message = try messages.lock([key])[0] else {
                return (ProgressWriter.Result(), HeldReleaseResult.notHeld)
            }
            let parts = try messages.parts(of: [key])[0].filter { $0.step == message.step }
            guard let part = parts.last(where: { $0.number == number && $0.state == .held }) else {
                return (ProgressWriter.Result(), HeldReleaseResult.notHeld)
            }
            guard parts.count >= message.size, parts.allSatisfy({ $0.state >= .held }) else {
                return (ProgressWriter.Result(), .underWay)
            }
            let result = try writer.apply([
                PartChange(key: key, step: part.step, number: number, release: release, at: writer.now)
            ])
            if release == .resend {
                let job = (key: key, dueAt: writer.now + Self.resendDelay, lease: Lease(0))
                try JobStore(writer.transaction).insert([job], step: message.step)
            }
            try AuditLog(writer.transaction).record(
                .released, .message, id: key.id.description, name: "part \(number)", companyID: key.companyID,
                to: ["as": .string(release.rawValue)], actor: actor, now: writer.now)
            return (result, .released)
        }
        return result
    }
}
