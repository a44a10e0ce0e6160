// SPDX-License-Identifier: Apache-2.0
// The look-up of one number in ENUM (RFC 6116 §3), without its questions and answers' way through the network:
//
//     begin ──ask(domain)──▶ records ──terminal rule that says something──▶ found
//                  ▲            │
//                  └─ non-terminal rule                 no rule left ──▶ nothing, or failed if a question was
//
// Rules are tried by order, then preference; one that is broken, for another service or without a match is passed over.
// However a zone leads in circles, no domain is asked for twice and no more than `mostQuestions` at all.

struct ENUMWalk: Sendable {
    enum Step: Equatable, Sendable {
        case ask(DNSName)
        case found(Finding)
        case nothing
        case failed(String)
    }

    struct Finding: Equatable, Sendable {
        var uri: PortingURI
        /// The smallest TTL of the records that led here; seconds.
        var validFor: UInt32
    }

    /// A rule still to be tried, and how long what led to it is valid.
    private struct Candidate {
        var record: NAPTR
        var validFor: UInt32
    }

    static let mostQuestions = 6
    static let mostRecords = 100
    /// Of the services field, in lower case: what carries a tel or SIP URI (RFC 4769, RFC 6116 §3.4.3).
    static let services: Set<String> = ["pstn:tel", "pstn:sip", "tel", "sip"]

    /// "+" and digits, the text that rules are applied to.
    private let number: String
    /// Whether a URI says something that the one who asks can use.
    private let isUseful: @Sendable (PortingURI) -> Bool
    /// The next one is the last.
    private var candidates: [Candidate] = []
    private var asked: Set<DNSName> = []
    /// How long what led to the open question is valid.
    private var validFor = UInt32.max
    private var failure: String?

    init(digits: String, isUseful: @escaping @Sendable (PortingURI) -> Bool) {
        number = "+" + digits
        self.isUseful = isUseful
    }

    mutating func begin(at domain: DNSName) -> Step { ask(domain, validFor: .max) ?? .nothing }

    /// The question was answered.
    mutating func received(_ answer: NAPTRAnswer) -> Step {
        let limit = min(validFor, answer.aliasTTL ?? .max)
        if let alias = answer.alias, let step = ask(alias, validFor: limit) { return step }
        let best = answer.records.sorted { ($0.order, $0.preference) < ($1.order, $1.preference) }
        let added = best.prefix(Self.mostRecords).map { Candidate(record: $0, validFor: min(limit, $0.ttl)) }
        candidates += added.reversed()
        return next()
    }

    /// The question was not answered. What other rules say counts all the same.
    mutating func failed(_ reason: String) -> Step {
        failure = failure ?? reason
        return next()
    }

    private mutating func next() -> Step {
        while let candidate = candidates.popLast() {
            if let step = follow(candidate) { return step }
        }
        return failure.map { .failed($0) } ?? .nothing
    }

    /// Nil for a rule that leads nowhere.
    private mutating func follow(_ candidate: Candidate) -> Step? {
        let record = candidate.record
        switch record.flags.lowercased() {
        case "u":
            guard Self.isSupported(record.services), let result = NAPTRRule(record.regexp)?.apply(to: number),
                let uri = PortingURI(result), uri.isSaying, isUseful(uri)
            else { return nil }
            return .found(Finding(uri: uri, validFor: candidate.validFor))
        case "":
            let result = record.regexp.isEmpty ? nil : NAPTRRule(record.regexp)?.apply(to: number)
            let domain = record.replacement ?? result.flatMap { DNSName(String(decoding: $0, as: UTF8.self)) }
            return domain.flatMap { ask($0, validFor: candidate.validFor) }
        default: return nil
        }
    }

    private mutating func ask(_ domain: DNSName, validFor: UInt32) -> Step? {
        guard domain.isAskable, asked.count < Self.mostQuestions, asked.insert(domain).inserted else { return nil }
        self.validFor = validFor
        return .ask(domain)
    }

    /// `E2U+service+service`, in the reverse order of RFC 2916 as well.
    static func isSupported(_ field: String) -> Bool {
        let parts = field.lowercased().split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        guard parts.first == "e2u" || parts.last == "e2u" else { return false }
        return parts.contains { services.contains($0) }
    }
}
