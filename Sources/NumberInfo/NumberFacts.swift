// SPDX-License-Identifier: Apache-2.0
// What is known of a phone number, source by source. What no source has said stays unknown or empty: nothing here is
// ever guessed, and what one source has said no later source changes.

/// Three-valued: what no source knows stays `unknown`. The raw values are the words of the NIS API.
public enum Known: String, Sendable, Codable, CaseIterable {
    case yes = "true"
    case no = "false"
    case unknown

    public init(_ value: Bool?) {
        switch value {
        case true?: self = .yes
        case false?: self = .no
        case nil: self = .unknown
        }
    }

    /// Takes the other's word where this one has none.
    public mutating func fill(from other: Known) {
        if self == .unknown { self = other }
    }
}

/// One network as GNP and GNV describe it. An empty text is a fact that is not known.
public struct NetworkFacts: Sendable, Equatable, Codable {
    /// Mobile country code: three digits (ITU-T E.212).
    public var mcc = ""
    /// Mobile network code: two or three digits.
    public var mnc = ""
    /// The installation's own number for the network (`ttid`).
    public var ttid = ""
    public var operatorName = ""
    /// ISO 3166-1 alpha-3.
    public var country = ""
    /// Offset from UTC, as "+0100".
    public var timeZone = ""
    /// "GSM", "MVNO GSM", "GSM/CDMA", "Satellite", "CDMA", "iDen", "iDen/GSM", "Pager" or "Fixed".
    public var technology = ""
    /// Of a register's address: its E.164 country code.
    public var countryCode = ""
    /// Of a register's address: its national destination code.
    public var nationalDestinationCode = ""

    public init(
        mcc: String = "", mnc: String = "", ttid: String = "", operatorName: String = "", country: String = "",
        timeZone: String = "", technology: String = "", countryCode: String = "", nationalDestinationCode: String = ""
    ) {
        self.mcc = mcc
        self.mnc = mnc
        self.ttid = ttid
        self.operatorName = operatorName
        self.country = country
        self.timeZone = timeZone
        self.technology = technology
        self.countryCode = countryCode
        self.nationalDestinationCode = nationalDestinationCode
    }

    /// Whether nothing at all is known.
    public var isEmpty: Bool { self == NetworkFacts() }

    /// Whether it is known which network this is, rather than only its country.
    public var isIdentified: Bool { !operatorName.isEmpty || !(mcc.isEmpty || mnc.isEmpty) }

    /// Whether both may describe one network. MCC with MNC decide where both know them, since one operator's name is
    /// written in many ways; otherwise nothing that both know may differ.
    public func isCompatible(with other: NetworkFacts) -> Bool {
        let codes = [(mcc, other.mcc), (mnc, other.mnc)]
        if codes.allSatisfy({ !$0.isEmpty && !$1.isEmpty }) { return codes.allSatisfy(==) }
        let rest = [(operatorName, other.operatorName), (country, other.country), (countryCode, other.countryCode)]
        return (codes + rest).allSatisfy { $0.isEmpty || $1.isEmpty || $0 == $1 }
    }

    /// Takes what this one does not know from the other, unless the two are different networks.
    public mutating func fill(from other: NetworkFacts) {
        guard isCompatible(with: other) else { return }
        let fields: [WritableKeyPath<NetworkFacts, String>] = [
            \.mcc, \.mnc, \.ttid, \.operatorName, \.country, \.timeZone, \.technology, \.countryCode,
            \.nationalDestinationCode,
        ]
        for field in fields where self[keyPath: field].isEmpty { self[keyPath: field] = other[keyPath: field] }
    }
}

/// What one or more sources say of a number.
public struct NumberFacts: Sendable, Equatable, Codable {
    public var ported = Known.unknown
    public var roaming = Known.unknown
    /// Whether the handset is switched on, as its HLR knows it.
    public var presence = Known.unknown
    /// The network that serves the number now.
    public var current: NetworkFacts?
    /// The network to which the number's range was given (NRH); after porting another than `current`.
    public var rangeHolder: NetworkFacts?
    /// The network whose IMSI the subscriber has.
    public var subscription: NetworkFacts?
    /// The network of the HLR that answered.
    public var hlr: NetworkFacts?
    /// The network of the MSC that serves the subscriber.
    public var msc: NetworkFacts?
    public var imsi = ""
    /// The address of the HLR: E.164 digits.
    public var hlrNumber = ""
    /// The address of the MSC: E.164 digits.
    public var mscNumber = ""
    /// A MAP user error (3GPP TS 29.002) as bare lower-case hex: "1b" is absentSubscriber; "0" none.
    public var errorCode = NumberFacts.noError

    public static let noError = "0"

    public init() {}

    /// Whether nothing at all is known.
    public var isEmpty: Bool { self == NumberFacts() }

    /// Takes from a later source what no source has said so far, field by field.
    public mutating func fill(from other: NumberFacts) {
        ported.fill(from: other.ported)
        roaming.fill(from: other.roaming)
        presence.fill(from: other.presence)
        for network in [\NumberFacts.current, \.rangeHolder, \.subscription, \.hlr, \.msc] {
            fill(network, from: other[keyPath: network])
        }
        for text in [\NumberFacts.imsi, \.hlrNumber, \.mscNumber] where self[keyPath: text].isEmpty {
            self[keyPath: text] = other[keyPath: text]
        }
        if errorCode == Self.noError { errorCode = other.errorCode }
    }

    private mutating func fill(_ network: WritableKeyPath<NumberFacts, NetworkFacts?>, from other: NetworkFacts?) {
        guard let other, !other.isEmpty else { return }
        self[keyPath: network]?.fill(from: other)
        if self[keyPath: network] == nil { self[keyPath: network] = other }
    }
}

extension NumberFacts {
    /// Whether no further source can add to what the question is about, so that none need be asked.
    public func isComplete(for question: NumberQuestion) -> Bool {
        let isLocated = ported != .unknown && current?.isIdentified == true
        switch question {
        case .portability: return isLocated
        case .subscriber:
            if errorCode != Self.noError { return true }
            return isLocated && roaming != .unknown && presence != .unknown && subscription?.isIdentified == true
                && rangeHolder?.isIdentified == true && !hlrNumber.isEmpty && !mscNumber.isEmpty
        }
    }
}
