// SPDX-License-Identifier: Apache-2.0
// How many codes may be sent in a time: per number, per block of numbers, per address of the person who asks, and per
// account. The defaults are far from what honest users need.

public import Wire

/// One limit: never more than `count` within any `span`.
public struct LimitRule: Sendable, Hashable {
    /// Counts that a rule can have.
    public static let counts = 1...10_000_000
    /// A second to a month.
    public static let spans: ClosedRange<Milliseconds> = 1000...(31 * 86_400_000)

    public let count: Int
    public let span: Milliseconds

    /// Both are taken to the nearest that is possible.
    public init(_ count: Int, per span: Milliseconds) {
        self.count = min(max(count, Self.counts.lowerBound), Self.counts.upperBound)
        self.span = min(max(span, Self.spans.lowerBound), Self.spans.upperBound)
    }

    /// Reads `5 per 10m`: a count, and a time in `s`, `m`, `h` or `d`. Nil for anything else.
    public init?(_ text: some StringProtocol) {
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 3, words[1] == "per", let count = Self.number(words[0]), Self.counts.contains(count),
            let unit = words[2].last.flatMap({ Self.units[$0] }), let amount = Self.number(words[2].dropLast()),
            amount <= Int(Self.spans.upperBound), Self.spans.contains(Int64(amount) * unit)
        else { return nil }
        self.init(count, per: Int64(amount) * unit)
    }

    private static let units: [Character: Milliseconds] = ["s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]

    private static func number(_ text: some StringProtocol) -> Int? {
        guard (1...10).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}

extension LimitRule: CustomStringConvertible {
    /// As it is read, in the largest unit that fits.
    public var description: String {
        let unit = Self.units.filter { span % $0.value == 0 }.max { $0.value < $1.value }
        guard let unit else { return "\(count) per \(span)ms" }
        return "\(count) per \(span / unit.value)\(unit.key)"
    }
}

/// The limits of all companies: a list of rules for each scope; an empty one does not limit.
public struct VerificationLimits: Sendable, Equatable {
    /// What is counted together, within one company.
    public enum Scope: String, Sendable, CaseIterable {
        /// One telephone number.
        case number
        /// The address of the person who asks, as the request tells it; IPv6 by its first 64 bits.
        case address
        /// Ten thousand neighbouring numbers.
        case prefix
        /// All codes of the company.
        case account
    }

    /// No scope can have more rules: each costs a few bytes for everything that is counted.
    public static let rulesPerScope = 4

    public private(set) var rules: [Scope: [LimitRule]]

    public static let standard: [Scope: [LimitRule]] = [
        .number: [LimitRule(5, per: 600_000), LimitRule(20, per: 86_400_000)],
        .address: [LimitRule(30, per: 600_000), LimitRule(200, per: 86_400_000)],
        .prefix: [LimitRule(200, per: 600_000)],
        .account: [LimitRule(200, per: 1000), LimitRule(6000, per: 60_000)],
    ]

    public init(_ rules: [Scope: [LimitRule]] = Self.standard) {
        self.rules = rules.mapValues { Array($0.prefix(Self.rulesPerScope)) }
    }

    public subscript(scope: Scope) -> [LimitRule] { rules[scope] ?? [] }

    /// Replaces the rules of a scope by those of a text such as `5 per 10m, 20 per 1d`; `none` and an empty text take
    /// all away. Returns what is wrong with the text, and then changes nothing.
    public mutating func set(_ scope: Scope, to text: String) -> String? {
        let parts = text.split(separator: ",").filter { $0.contains { $0 != " " } }
        if parts.isEmpty || text == "none" {
            rules[scope] = []
            return nil
        }
        let read = parts.compactMap { LimitRule($0) }
        guard read.count == parts.count, read.count <= Self.rulesPerScope else {
            return "must be at most \(Self.rulesPerScope) limits such as \"5 per 10m, 20 per 1d\", or none"
        }
        rules[scope] = read
        return nil
    }
}
