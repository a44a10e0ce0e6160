// SPDX-License-Identifier: Apache-2.0
// Networks as the tables of mobile networks and number ranges know them. A code that fits several networks is nobody's.

public import PhoneNumbers

extension NetworkFacts {
    /// A mobile network by its codes (ITU-T E.212); without a name where the tables do not have it.
    public static func mobile(mcc: String, mnc: String) -> NetworkFacts {
        let network = MobileNetwork.find(mcc: mcc, mnc: mnc)
        let region = network?.region ?? MobileNetwork.region(mcc: mcc)
        return NetworkFacts(
            mcc: mcc, mnc: mnc, operatorName: network?.operatorName ?? "",
            country: region.flatMap(Region.alpha3) ?? "")
    }

    /// A mobile network whose MNC may have a 0 before it, as 3GPP TS 23.003 §19.2 writes those of two digits. Without
    /// its MNC when the tables have neither.
    public static func mobile(mcc: String, paddedMNC mnc: String) -> NetworkFacts {
        guard mnc.utf8.count == 3, mnc.hasPrefix("0") else { return mobile(mcc: mcc, mnc: mnc) }
        return theOne(mcc: mcc, among: [mnc, String(mnc.dropFirst())])
    }

    /// The network that gave out an IMSI (ITU-T E.212 §2.1): its MNC is of two or three digits, as the tables know.
    /// Nil for what is no IMSI.
    public static func subscription(imsi: String) -> NetworkFacts? {
        guard (6...15).contains(imsi.utf8.count), imsi.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        let rest = imsi.dropFirst(3)
        return theOne(mcc: String(imsi.prefix(3)), among: [String(rest.prefix(2)), String(rest.prefix(3))])
    }

    private static func theOne(mcc: String, among codes: [String]) -> NetworkFacts {
        let known = codes.filter { MobileNetwork.find(mcc: mcc, mnc: $0) != nil }
        return mobile(mcc: mcc, mnc: known.count == 1 ? known[0] : "")
    }

    /// The network of a register (HLR, MSC) by its address, a global title of E.164 digits. Nil for what is none.
    public static func register(_ address: String) -> NetworkFacts? {
        guard let number = try? PhoneNumber(parsing: "+" + address) else { return nil }
        var facts = NetworkFacts(holderOf: NumberRange.find(number))
        facts.countryCode = String(number.countryCode)
        facts.nationalDestinationCode = number.nationalDestinationCode
        if facts.country.isEmpty { facts.country = number.region.flatMap(Region.alpha3) ?? "" }
        return facts
    }

    /// What the number plan says of who holds a range.
    public init(holderOf range: NumberRange) {
        self.init(
            mcc: range.mcc ?? "", mnc: range.mnc ?? "", operatorName: range.operatorName ?? "",
            country: range.region.flatMap(Region.alpha3) ?? "", timeZone: range.timeZone ?? "")
    }
}

extension PhoneNumber {
    /// The digits that lead to the network: the first group of the number as its country writes it. Empty where it
    /// writes numbers in one group.
    fileprivate var nationalDestinationCode: String {
        let groups = formatted(.international).split { !("0"..."9").contains($0) }.map(String.init)
        guard groups.count > 2, groups[0] == String(countryCode) else { return "" }
        return groups[1]
    }
}
