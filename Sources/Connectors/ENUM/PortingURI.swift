// SPDX-License-Identifier: Apache-2.0
// What a URI of ENUM says of a number's network: the portability parameters of tel URIs (RFC 4694), in SIP URIs within
// the user part (RFC 3261 §19.1.6), and the mobile networks' host names of 3GPP TS 23.003 (GSMA's carrier ENUM).

internal import Wire

struct PortingURI: Sendable, Equatable {
    /// `npdi`: the number was looked up in a portability database.
    private(set) var isDipped = false
    /// `rn`, upper case, without separators; with "+" where it is global. A ported number has one.
    private(set) var routingNumber: String?
    /// `rn-context` where it is the beginning of global numbers: "+44".
    private(set) var routingContext: String?
    /// `cic`: the carrier's identification code, as `routingNumber`.
    private(set) var carrier: String?
    /// `spn`: the service provider's code.
    private(set) var provider: String?
    private(set) var mcc: String?
    private(set) var mnc: String?

    /// Nil for what is neither a tel nor a SIP URI; says nothing where nothing is said.
    init?(_ bytes: [UInt8]) {
        guard bytes.count <= 1024, let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let rest = bytes[(colon + 1)...]
        switch String(decoding: bytes[..<colon], as: UTF8.self).lowercased() {
        case "tel": read(parameters: rest)
        case "sip", "sips":
            guard let at = rest.lastIndex(of: UInt8(ascii: "@")) else { return nil }
            read(parameters: rest[..<at])
            let server = rest[(at + 1)...]
            read(parameters: server)
            read(host: server.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "?") })
        default: return nil
        }
    }

    /// Whether it says anything of a network or of portability.
    var isSaying: Bool { isDipped || routingNumber != nil || carrier != nil || provider != nil || mcc != nil }

    /// What follows the first semicolon; the first of several parameters of one name counts.
    private mutating func read(parameters text: ArraySlice<UInt8>) {
        for parameter in text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).dropFirst() {
            let parts = parameter.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(decoding: parts[0], as: UTF8.self).lowercased()
            let value = parts.count > 1 ? Self.unescaped(parts[1]) : ""
            switch name {
            case "npdi": isDipped = true
            case "rn": routingNumber = routingNumber ?? Self.routingCode(value)
            case "rn-context": routingContext = routingContext ?? Self.prefix(value)
            case "cic": carrier = carrier ?? Self.routingCode(value)
            case "spn": provider = provider ?? (value.isEmpty ? nil : value)
            case "mcc": mcc = mcc ?? Self.digits(value, 3...3)
            case "mnc": mnc = mnc ?? Self.digits(value, 2...3)
            default: break
            }
        }
    }

    /// `….mnc015.mcc234.3gppnetwork.org`; the MNC has a 0 before it where it has two digits.
    private mutating func read(host: ArraySlice<UInt8>) {
        let labels = String(decoding: host, as: UTF8.self).lowercased().split(separator: ".")
        guard mcc == nil, labels.count >= 4, labels.suffix(2) == ["3gppnetwork", "org"] else { return }
        let (network, country) = (labels[labels.count - 4], labels[labels.count - 3])
        guard network.hasPrefix("mnc"), country.hasPrefix("mcc"),
            let mnc = Self.digits(String(network.dropFirst(3)), 2...3),
            let mcc = Self.digits(String(country.dropFirst(3)), 3...3)
        else { return }
        (self.mcc, self.mnc) = (mcc, mnc)
    }

    /// A code of digits and A to F, without what is between them for the eye; nil when it is something else.
    static func routingCode(_ text: String) -> String? {
        var result = ""
        for (place, character) in text.enumerated() {
            switch character {
            case "-", ".", "(", ")": continue
            case "+" where place == 0: result.append(character)
            case "0"..."9", "a"..."f", "A"..."F", "*", "#": result += character.uppercased()
            default: return nil
            }
        }
        return result.isEmpty || result == "+" || result.utf8.count > 32 ? nil : result
    }

    private static func prefix(_ text: String) -> String? { text.hasPrefix("+") ? routingCode(text) : nil }

    private static func digits(_ text: String, _ lengths: ClosedRange<Int>) -> String? {
        let isNumber = lengths.contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber ? text : nil
    }

    /// Without percent escapes (RFC 3986 §2.1).
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let escape = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self))
            {
                result += escape
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
