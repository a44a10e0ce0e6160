// SPDX-License-Identifier: Apache-2.0
// What the simulated sources of number information say of a number, chosen by its last three digits: the simulated ENUM
// zone and the simulated HLR provider speak of one number alike.

public enum NumberOutcome: String, Hashable, Sendable, CaseIterable {
    /// With the operator to whom its range was given, switched on, at home.
    case home
    /// Nobody has the number: no such domain, unknownSubscriber.
    case unknown
    /// Its handset is switched off: absentSubscriber.
    case absent
    /// It may not be called: callBarred.
    case barred
    /// The source is broken: SERVFAIL, HTTP 500.
    case broken
    /// In another country.
    case roaming
    /// The source never answers.
    case silent
    /// With another operator.
    case ported
    /// The DNS answer is too long for UDP; the HLR provider cuts the connection.
    case cut
    /// Ported, as a record says that the domain's own record leads to.
    case chained

    /// The default rule: `002` to `010` at the end of the number, anything else is at home.
    public static func byLastDigits(_ digits: String) -> NumberOutcome {
        switch digits.suffix(3) {
        case "002": unknown
        case "003": absent
        case "004": barred
        case "005": broken
        case "006": roaming
        case "007": silent
        case "008": ported
        case "009": cut
        case "010": chained
        default: home
        }
    }

    var isPorted: Bool { self == .ported || self == .chained }
}
