// SPDX-License-Identifier: Apache-2.0
// What is known of one prefix, and what follows from it:
//
//                evidence ≥ threshold                 the block's time is over
//     watching ───────────────────────▶ blocked(until) ───────────────────────▶ probation
//        ▲                                    ▲            evidence ≥ threshold │    │
//        │                                    └───── for twice as long ─────────┘    │
//        └───────────────────── verified codes took all evidence away ◀──────────────┘
//
// The evidence is a sequential likelihood ratio (Wald; with Page's floor at zero): each code adds the logarithm of how
// much more probable its fate is under pumping than under honest use. A failed code adds a little, a verified one takes
// away much, and one that is still open adds as much as its age allows. Time is an argument everywhere.

public import Wire

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The state of one prefix.
public struct PrefixWatch: Sendable, Equatable {
    /// What the guard does about a prefix.
    public enum Phase: Sendable, Equatable {
        case watching
        case blocked(until: Milliseconds)
        /// How many codes have been verified in it.
        case probation(verified: Int)
    }

    public let prefix: String
    public internal(set) var phase: Phase = .watching
    /// How often it was blocked in a row, and when last.
    public internal(set) var strikes = 0
    public internal(set) var blockedAt: Milliseconds?

    /// What is shown of it.
    public internal(set) var totals = Totals()
    public internal(set) var judgement = Judgement()

    /// Ripe codes whose fate is believed to be honest; counts that fade with `GuardSettings.halfLife`.
    var history = Tally()
    /// Ripe codes since the evidence was last zero: they join the history when it is zero again.
    var held = Tally()
    /// Those for which it was blocked last: they join the history when it turns out that they were honest.
    var suspected = Tally()
    /// The evidence of ripe codes.
    var evidence = 0.0
    var recent = RecentCodes()
    /// The most codes that were on their way at once in honest times; fades with the history.
    var usualOpen = 0.0
    var fadedAt: Milliseconds

    public init(prefix: String, now: Milliseconds) {
        self.prefix = prefix
        fadedAt = now
    }

    /// Everything that happened under the prefix since it was first seen.
    public struct Totals: Sendable, Equatable {
        public var sent = 0
        public var verified = 0
        public var refused = 0
        /// Micros of the account's currency.
        public var spent: Int64 = 0
        /// What the refused codes would have cost.
        public var stopped: Int64 = 0
    }

    /// What the guard found when it looked last.
    public struct Judgement: Sendable, Equatable {
        /// The share of verified codes that is expected.
        public var expectedShare = 0.0
        public var evidence = 0.0
        /// The evidence that blocks.
        public var threshold = 0.0
    }

    struct Tally: Sendable, Equatable {
        var sent = 0.0
        var verified = 0.0

        mutating func add(_ other: Tally) {
            sent += other.sent
            verified += other.verified
        }

        mutating func scale(by factor: Double) {
            sent *= factor
            verified *= factor
        }
    }
}

/// The two hypotheses about a prefix: shares of verified codes.
struct Hypotheses: Sendable, Equatable {
    let honest: Double
    let collapsed: Double

    /// What a code adds that has not been verified when the part `arrived` of verifications would be there.
    func open(arrived: Double) -> Double { log((1 - collapsed * arrived) / (1 - honest * arrived)) }

    /// What a verified code adds: less than zero.
    var verified: Double { log(collapsed / honest) }
}

extension PrefixWatch {
    // MARK: Time

    /// Fades what is old, judges codes that have become ripe, and ends a block whose time is over.
    mutating func advance(to now: Milliseconds, _ hypotheses: Hypotheses, _ settings: GuardSettings) {
        fade(to: now, settings)
        if evidence == 0 { usualOpen = max(usualOpen, Double(min(recent.open, recent.verified * 4))) }
        for slot in recent.ripen(now: now) {
            let gained = Double(slot.verified) * hypotheses.verified + Double(slot.open) * hypotheses.open(arrived: 1)
            evidence = max(0, evidence + gained)
            held.add(Tally(sent: Double(slot.sent), verified: Double(slot.verified)))
        }
        settleHeld()
        if case .blocked(let until) = phase, until <= now { beginProbation(settings) }
    }

    private mutating func fade(to now: Milliseconds, _ settings: GuardSettings) {
        // In steps, so that a busy prefix does not pay for an exponential with every code.
        let step: Milliseconds = 600_000
        guard now - fadedAt >= step else { return }
        let factor = exp2(-Double(now - fadedAt) / Double(settings.halfLife))
        history.scale(by: factor)
        usualOpen *= factor
        fadedAt = now
    }

    /// Codes of an excursion that came to nothing are history. A long one is, too: pumping does not take so long to
    /// show.
    private mutating func settleHeld() {
        guard evidence == 0 || held.sent > 1000 else { return }
        history.add(held)
        held = Tally()
    }

    // MARK: Evidence

    /// The share that is honest here: its own, as far as there is one, and its parent's.
    func share(parent: Double, _ settings: GuardSettings) -> Double {
        (history.verified + settings.priorWeight * parent) / (history.sent + settings.priorWeight)
    }

    /// The evidence with the codes that are not ripe yet.
    func evidence(now: Milliseconds, _ hypotheses: Hypotheses) -> Double {
        recent.slots.reduce(evidence) { sum, slot in
            let arrived = RecentCodes.arrived(slot, now: now)
            let gained =
                Double(slot.verified) * hypotheses.verified
                + Double(slot.open) * hypotheses.open(arrived: arrived)
            return max(0, sum + gained)
        }
    }

    /// How much evidence blocks it: more where many honest codes would be refused, less where codes are expensive.
    func threshold(price: Int64?, _ settings: GuardSettings) -> Double {
        // A count that fades with a half-life h has settled at rate · h / ln 2.
        let rate = history.verified * 0.693 / Double(settings.halfLife)
        let dependent = log(1 + rate * Double(settings.firstBlock) * 2)
        let relative = Double(max(1, price ?? settings.referencePrice)) / Double(max(1, settings.referencePrice))
        return settings.evidence + dependent - min(1.5, max(-1, 0.5 * log(relative)))
    }

    /// How many codes may be on their way at once: what fits the size of the prefix, what is usual, and what has been
    /// verified just now. An honest rush is spread over many numbers and answers; pumping is and does neither.
    func allowedOpen(openDigits: Int) -> Int {
        let size = [3: 10, 4: 16, 5: 30, 6: 60, 7: 120][openDigits] ?? (openDigits < 3 ? 10 : 300)
        return size + Int(3 * usualOpen) + 4 * recent.verified
    }

    // MARK: Events

    mutating func sent(at now: Milliseconds) { recent.send(at: now) }

    /// A code of it was verified, which was sent at `time`.
    mutating func verified(sentAt time: Milliseconds, _ hypotheses: Hypotheses) {
        if !recent.verify(sentAt: time) {
            // It was judged as failed.
            evidence = max(0, evidence + hypotheses.verified - hypotheses.open(arrived: 1))
            if held.verified < held.sent { held.verified += 1 }
            settleHeld()
        }
        if case .probation(let verified) = phase { phase = .probation(verified: verified + 1) }
    }

    /// A probation is over when nothing speaks against the prefix any more.
    mutating func endProbation(now: Milliseconds, _ hypotheses: Hypotheses) -> Bool {
        guard case .probation(let verified) = phase, verified >= 2, evidence(now: now, hypotheses) == 0 else {
            return false
        }
        // What the block was for was not pumping, or is over; an attack may not teach more than a few codes.
        suspected.scale(by: min(1, 30 / max(1, suspected.sent)))
        unblock()
        strikes = max(0, strikes - 1)
        return true
    }

    /// Forgets what speaks against it.
    mutating func unblock() {
        phase = .watching
        evidence = 0
        history.add(suspected)
        suspected = Tally()
        history.add(held)
        held = Tally()
        recent.removeAll()
    }

    mutating func block(now: Milliseconds, _ settings: GuardSettings) {
        if let blockedAt, now - blockedAt > settings.strikeMemory { strikes = 0 }
        let length = settings.firstBlock << Int64(min(strikes, 16))
        phase = .blocked(until: now + min(length, settings.longestBlock))
        strikes += 1
        blockedAt = now
        suspected = held
        suspected.add(Tally(sent: Double(recent.sent), verified: Double(recent.verified)))
        held = Tally()
        recent.removeAll()
    }

    private mutating func beginProbation(_ settings: GuardSettings) {
        phase = .probation(verified: 0)
        // A few failures suffice to be blocked again, a few verified codes to be free.
        evidence = max(0, threshold(price: nil, settings) - 2)
        recent.removeAll()
    }

    /// Another prefix has been blocked for what was seen here as well.
    mutating func explain(by child: PrefixWatch, evidence explained: Double, _ settings: GuardSettings) {
        recent.subtract(child.recent)
        evidence = max(0, evidence - explained) + settings.escalation
    }
}
