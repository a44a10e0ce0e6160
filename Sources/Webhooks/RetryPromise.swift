// SPDX-License-Identifier: Apache-2.0

// What each API family promises about deliveries that fail, as pure schedules: the same failure at the same
// time always yields the same next try, and no try ever lies beyond the end of its promise.

/// When a failed delivery is tried again.
public enum NextTry: Sendable, Hashable {
    /// Try again at this time (milliseconds since 1970).
    case at(Int64)
    /// The promise is fulfilled: park the delivery as undelivered.
    case giveUp
}

/// The retry promise of one API family. Raw values are stored with jobs and never change.
public enum RetryPromise: String, Sendable, Hashable, CaseIterable, Codable {
    /// Conversations and Chat, status events: one try and two more, 10 s and 60 s after the failure before.
    case statusTwoMore = "status-two-more"
    /// Conversations, inbound WhatsApp: exponential backoff from 10 s, capped at 1 h, 14 days in all.
    case whatsAppInbound = "whatsapp-inbound"
    /// Inbound SMS and Viber, SMS delivery reports: every 10 s, 10 min pause after each 100 failures, 48 h in all.
    case everyTenSeconds = "every-ten-seconds"
    /// NIS callbacks: after 1, 5, 10, 20, 30 and 60 min, then hourly, 48 h in all.
    case numberInformation = "number-information"
    /// Inbox webhooks: for ever, exponential backoff from 10 s, capped at 1 h.
    case inbox = "inbox"
    /// XMS webhooks: exponential backoff from 10 s, capped at 1 h, 24 h in all.
    case xms = "xms"

    /// How long after the first try the last one may be, in milliseconds; `nil` when time does not bound the promise.
    public var span: Int64? {
        switch self {
        case .statusTwoMore, .inbox: nil
        case .whatsAppInbound: 14 * Self.day
        case .everyTenSeconds, .numberInformation: 2 * Self.day
        case .xms: Self.day
        }
    }

    /// How long a delivery may wait without a try while its endpoint is failing, in milliseconds from the event; `nil`
    /// for ever. A status has so few tries that each must be a real one, and is of no use after a day.
    public var patience: Int64? { self == .statusTwoMore ? Self.day : span }

    /// How many tries there are at most, the first included; `nil` when their number does not bound the promise.
    public var maximumTries: Int? { self == .statusTwoMore ? 3 : nil }

    /// How long an endpoint may take to answer, in milliseconds.
    public var answerTimeout: Int64 { self == .numberInformation ? 2 * Self.second : 10 * Self.second }

    /// The next try after a failed one.
    ///
    /// - Parameters:
    ///   - attempt: The number of the try that failed, counted from 1.
    ///   - firstAttemptAt: When the first try was made (milliseconds since 1970).
    ///   - now: When the failure became known (milliseconds since 1970).
    ///   - retryAfter: What the endpoint asked for in `Retry-After`, in milliseconds from `now`. It can only delay a
    ///     try, and delays it no further than the end of the promise (or 24 h, 1 h for status events, where none is set).
    ///   - jitterSeed: Spreads exponential backoff over the last fifth of each delay; 0 leaves the delay as it is.
    public func next(
        afterFailure attempt: Int, firstAttemptAt: Int64, now: Int64, retryAfter: Int64? = nil, jitterSeed: UInt64 = 0
    ) -> NextTry {
        if let maximumTries, attempt >= maximumTries { return .giveUp }
        let (scheduled, overflow) = now.addingReportingOverflow(delay(after: max(1, attempt), jitterSeed: jitterSeed))
        if overflow { return .giveUp }
        let latest: Int64
        if let span {
            latest = firstAttemptAt.saturatingAdd(span)
            if scheduled > latest { return .giveUp }
        } else {
            latest = now.saturatingAdd(self == .statusTwoMore ? Self.hour : Self.day)
        }
        guard let retryAfter, retryAfter > 0 else { return .at(scheduled) }
        return .at(min(max(scheduled, now.saturatingAdd(retryAfter)), latest))
    }

    /// The pause between the end of try `attempt` and the next one, in milliseconds.
    private func delay(after attempt: Int, jitterSeed: UInt64) -> Int64 {
        switch self {
        case .statusTwoMore:
            return attempt == 1 ? 10 * Self.second : 60 * Self.second
        case .everyTenSeconds:
            return attempt.isMultiple(of: 100) ? 10 * Self.minute : 10 * Self.second
        case .numberInformation:
            let minutes: [Int64] = [1, 5, 10, 20, 30, 60]
            return minutes[min(attempt, minutes.count) - 1] * Self.minute
        case .whatsAppInbound, .inbox, .xms:
            let full = min(10 * Self.second << Int64(min(attempt - 1, 20)), Self.hour)
            return full - Self.jitter(seed: jitterSeed, attempt: attempt, below: full / 5)
        }
    }

    /// A number in `0 ..< limit` that depends on nothing but seed and attempt (SplitMix64's output function).
    private static func jitter(seed: UInt64, attempt: Int, below limit: Int64) -> Int64 {
        guard seed != 0, limit > 0 else { return 0 }
        var z = seed &+ UInt64(truncatingIfNeeded: attempt) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return Int64(z % UInt64(limit))
    }

    private static let second: Int64 = 1000
    private static let minute: Int64 = 60 * second
    private static let hour: Int64 = 60 * minute
    private static let day: Int64 = 24 * hour
}

extension Int64 {
    /// The sum, or the greatest value when it does not fit. `other` is not negative.
    func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
