// SPDX-License-Identifier: Apache-2.0
// A provider's answer about one subscriber, read by the map of its settings. A fact in a form that cannot be understood
// counts as not given.
//
//     { "imsi": "262021234567890", "hlr": "491720000000", "msc": "491720000001", "mcc": "262", "mnc": "02",
//       "presence": true, "roaming": false, "ported": false, "error": "0" }

internal import NumberInfo
internal import Wire

struct HLRAnswer: Sendable {
    static let deepest = 24
    private static let yes: Set<String> = ["true", "yes", "y", "1"]
    private static let no: Set<String> = ["false", "no", "n", "0"]
    /// MAP: absentSubscriberSM and absentSubscriber, a handset that the network cannot reach.
    private static let absences: Set<String> = ["6", "1b"]

    private let json: JSONValue
    private let options: HLROptions

    /// Nil for what is no JSON object.
    init?(_ body: [UInt8], _ options: HLROptions) {
        guard let json = try? JSONValue(parsing: body, depth: Self.deepest), json.object != nil else { return nil }
        self.json = json
        self.options = options
    }

    var facts: NumberFacts {
        var facts = NumberFacts()
        facts.errorCode = error
        facts.ported = known(.ported)
        facts.imsi = digits(.imsi, 6...15) ?? ""
        facts.hlrNumber = digits(.hlr, 5...15) ?? ""
        facts.mscNumber = digits(.msc, 5...15) ?? ""
        facts.subscription = .subscription(imsi: facts.imsi)
        facts.hlr = .register(facts.hlrNumber)
        facts.msc = .register(facts.mscNumber)
        facts.current = current ?? facts.subscription
        facts.presence = known(.presence)
        if Self.absences.contains(facts.errorCode) { facts.presence.fill(from: .no) }
        facts.roaming = known(.roaming)
        facts.roaming.fill(from: Self.roaming(facts))
        for network in [\NumberFacts.current, \.subscription, \.hlr, \.msc] {
            // Who answers MAP is a GSM network.
            if facts[keyPath: network]?.technology.isEmpty == true { facts[keyPath: network]?.technology = "GSM" }
        }
        return facts
    }

    /// The network that the provider names.
    private var current: NetworkFacts? {
        guard let mcc = digits(.mcc, 3...3) else { return nil }
        return .mobile(mcc: mcc, mnc: digits(.mnc, 2...3) ?? "")
    }

    /// A subscriber whose MSC is in another country than the IMSI's is roaming; within one country nobody can tell.
    private static func roaming(_ facts: NumberFacts) -> Known {
        guard let home = facts.subscription?.country, let visited = facts.msc?.country, !home.isEmpty, !visited.isEmpty,
            home != visited
        else { return .unknown }
        return .yes
    }

    private func value(_ fact: HLROptions.Fact) -> JSONValue? {
        var value: JSONValue? = json
        for member in options.map[fact] ?? [] { value = value?[member] }
        return value
    }

    /// A fact as the provider wrote it, at most 40 characters of it.
    func shown(_ fact: HLROptions.Fact) -> String? {
        value(fact)?.bool.map { $0 ? "true" : "false" } ?? text(fact).map { String($0.prefix(40)) }
    }

    /// A text or a whole number as text.
    private func text(_ fact: HLROptions.Fact) -> String? {
        switch value(fact) {
        case .string(let text): text
        case .integer(let number): String(number)
        default: nil
        }
    }

    private func digits(_ fact: HLROptions.Fact, _ lengths: ClosedRange<Int>) -> String? {
        guard var text = text(fact) else { return nil }
        if text.hasPrefix("+") { text.removeFirst() }
        let isNumber = lengths.contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber ? text : nil
    }

    private func known(_ fact: HLROptions.Fact) -> Known {
        if let flag = value(fact)?.bool { return Known(flag) }
        guard let word = text(fact)?.lowercased() else { return .unknown }
        if options.yes.contains(word) { return .yes }
        if options.no.contains(word) { return .no }
        return Self.yes.contains(word) ? .yes : Self.no.contains(word) ? .no : .unknown
    }

    /// "0" where there is none, or none that is understood.
    private var error: String {
        guard var text = text(.error)?.lowercased(), !text.isEmpty else { return NumberFacts.noError }
        if let code = options.errorCodes[text] { return code }
        if text.hasPrefix("0x") { text.removeFirst(2) }
        guard let code = UInt16(text, radix: options.errorsAreHexadecimal ? 16 : 10), code <= 0xFF else {
            return NumberFacts.noError
        }
        return String(code, radix: 16)
    }
}
