// SPDX-License-Identifier: Apache-2.0
// What can become of a one-time password:
//
//                right code            ┌──────────┐
//          ┌─────────────────────────► │ verified │
//          │                           └──────────┘
//     ┌────┴───┐  the last wrong code  ┌───────────────────┐
//     │ active │ ────────────────────► │ too many attempts │
//     └─┬────┬─┘                       └───────────────────┘
//       │    │    expiresAt            ┌─────────┐
//       │    └───────────────────────► │ expired │
//       └─ wrong code, another left    └─────────┘
//
// Only an active one is ever left. Deletion may come in any state and keeps the status; from then on, and from the
// deletion of its application on, it is gone for checks. The time is exact: a check in the millisecond `expiresAt` is late.
// `OTPStore.takeAttempt` has the same condition in SQL, so that attempts of many nodes are counted one by one.

internal import Wire

/// The phases of one one-time password; the code is compared elsewhere.
struct OTPState: Sendable, Equatable {
    /// How a check is answered.
    enum Answer: Sendable, Equatable { case verified, wrong, refused, gone }

    struct Verdict: Sendable, Equatable {
        let answer: Answer
        /// What is to be noted, in order.
        let events: [OTPEvent]
    }

    private(set) var status: OTPStatus
    private(set) var attempts: Int
    let limit: Int
    let expiresAt: Milliseconds
    private(set) var isDeleted: Bool
    /// Its application was deleted.
    let isOrphaned: Bool

    init(
        status: OTPStatus = .active, attempts: Int = 0, limit: Int, expiresAt: Milliseconds, isDeleted: Bool = false,
        isOrphaned: Bool = false
    ) {
        self.limit = limit
        self.expiresAt = expiresAt
        self.status = status
        self.attempts = attempts
        self.isDeleted = isDeleted
        self.isOrphaned = isOrphaned
    }

    /// Whether a code may be tried, or sent again.
    func isOpen(at now: Milliseconds) -> Bool {
        status == .active && !isDeleted && !isOrphaned && now < expiresAt && attempts < limit
    }

    /// Whether the code is of no more use to anybody.
    var hasEnded: Bool { status != .active || isDeleted }

    /// A code is tried.
    mutating func check(isCorrect: Bool, at now: Milliseconds) -> Verdict {
        let noticed = passTime(to: now)
        if isDeleted || isOrphaned || status == .verified { return Verdict(answer: .gone, events: noticed) }
        guard isOpen(at: now) else { return Verdict(answer: .refused, events: noticed) }
        attempts += 1
        if isCorrect {
            status = .verified
            return Verdict(
                answer: .verified,
                events: [OTPEvent(.checked, status: .success, at: now), OTPEvent(.verified, at: now)])
        }
        let failure = OTPEvent(.checked, status: .failed, at: now)
        guard attempts >= limit else { return Verdict(answer: .wrong, events: [failure]) }
        status = .tooManyAttempts
        return Verdict(answer: .refused, events: [failure, OTPEvent(.tooManyAttempts, at: now)])
    }

    /// Time has passed: an active one expires, and the event bears the time at which it did.
    mutating func passTime(to now: Milliseconds) -> [OTPEvent] {
        guard status == .active, !isDeleted, now >= expiresAt else { return [] }
        status = .expired
        return [OTPEvent(.expired, at: expiresAt)]
    }

    /// Its sender deletes it; nil when it was deleted before.
    mutating func delete(at now: Milliseconds) -> [OTPEvent]? {
        guard !isDeleted else { return nil }
        let noticed = passTime(to: now)
        isDeleted = true
        return noticed + [OTPEvent(.deleted, at: now)]
    }
}
