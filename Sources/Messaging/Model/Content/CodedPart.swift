// SPDX-License-Identifier: Apache-2.0
// User data that its sender has already coded and cut, and that goes to the carrier as it came: the same octets under the
// same header. Only where the carrier means another alphabet by data_coding 0 are the octets written anew.

public import SMSText
internal import Wire

/// One part as an SMPP client submitted it.
public struct CodedPart: Sendable, Equatable {
    /// What tells the handset which parts belong together, where it is not in the header (SMPP 3.4 §5.3.2.22 to 24).
    public struct Concatenation: Sendable, Equatable {
        public let reference: UInt16
        public let total: UInt8
        /// From 1.
        public let number: UInt8

        public init(reference: UInt16, total: UInt8, number: UInt8) {
            self.reference = reference
            self.total = total
            self.number = number
        }
    }

    /// The user data after its header.
    public var octets: [UInt8]
    public var dataCoding: UInt8
    /// The user data header with its length octet; empty for none.
    public var header: [UInt8]
    /// What data_coding 0 means to its sender.
    public var alphabet: DefaultAlphabet
    public var concatenation: Concatenation?
    public var protocolID: UInt8
    public var priority: UInt8

    public init(
        octets: [UInt8], dataCoding: UInt8, header: [UInt8] = [], alphabet: DefaultAlphabet,
        concatenation: Concatenation? = nil, protocolID: UInt8 = 0, priority: UInt8 = 0
    ) {
        self.octets = octets
        self.dataCoding = dataCoding
        self.header = header
        self.alphabet = alphabet
        self.concatenation = concatenation
        self.protocolID = protocolID
        self.priority = priority
    }

    func write(to writer: inout JSONWriter) {
        writer.member("octets", Hex.encode(octets))
        writer.member("coding", Int(dataCoding))
        if !header.isEmpty { writer.member("header", Hex.encode(header)) }
        if alphabet != .gsm7 { writer.member("alphabet", alphabet.rawValue) }
        if let concatenation {
            let numbers = [Int(concatenation.reference), Int(concatenation.total), Int(concatenation.number)]
            writer.member("sar", array: { writer in for number in numbers { writer.value(.integer(Int64(number))) } })
        }
        if protocolID != 0 { writer.member("pid", Int(protocolID)) }
        if priority != 0 { writer.member("priority", Int(priority)) }
    }

    /// Reads what `write` writes; nil for anything else.
    init?(json: JSONValue) {
        func octet(_ name: String) -> UInt8? {
            guard let value = json[name] else { return 0 }
            return value.int64.flatMap { UInt8(exactly: $0) }
        }
        guard let octets = json["octets"]?.string.flatMap({ Hex.decode($0) }), let dataCoding = octet("coding"),
            let header = Hex.decode(json["header"]?.string ?? ""), let protocolID = octet("pid"),
            let priority = octet("priority"),
            let alphabet = DefaultAlphabet(rawValue: json["alphabet"]?.string ?? DefaultAlphabet.gsm7.rawValue)
        else { return nil }
        var concatenation: Concatenation?
        if let members = json["sar"]?.array {
            guard members.count == 3, let reference = members[0].int64.flatMap({ UInt16(exactly: $0) }),
                let total = members[1].int64.flatMap({ UInt8(exactly: $0) }),
                let number = members[2].int64.flatMap({ UInt8(exactly: $0) })
            else { return nil }
            concatenation = Concatenation(reference: reference, total: total, number: number)
        }
        self.init(
            octets: octets, dataCoding: dataCoding, header: header, alphabet: alphabet, concatenation: concatenation,
            protocolID: protocolID, priority: priority)
    }
}
