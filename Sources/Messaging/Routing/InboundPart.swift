// SPDX-License-Identifier: Apache-2.0
// What arrives from a customer's customer, before it is known whether it is a whole message. The octets of a part are
// kept as they came: a character may be cut in two by the border between parts and is whole only when they are joined.

public import SMSText
public import Wire

/// The user data of a part, and what it takes to read it.
public struct ReceivedText: Sendable, Equatable {
    /// After the header.
    public let octets: [UInt8]
    public let dataCoding: UInt8
    public let header: UserDataHeader?
    /// What data_coding 0 means to the carrier.
    public let alphabet: DefaultAlphabet

    public init(octets: [UInt8], dataCoding: UInt8, header: UserDataHeader?, alphabet: DefaultAlphabet) {
        self.octets = octets
        self.dataCoding = dataCoding
        self.header = header
        self.alphabet = alphabet
    }

    /// The text of a message of one part; binary data is shown in hexadecimal, two digits an octet.
    public var text: String {
        let decoded = InboundText.decode(
            octets: octets, dataCoding: dataCoding, defaultAlphabet: alphabet, header: header)
        return switch decoded {
        case .text(let text): text
        case .binary(let octets): Hex.encode(octets)
        }
    }

    /// The form in which a waiting part is stored: `alphabet dataCoding header octets`, the last three in hexadecimal.
    var stored: String {
        [alphabet.rawValue, Hex.encode([dataCoding]), Hex.encode(header?.octets ?? []), Hex.encode(octets)]
            .joined(separator: " ")
    }

    /// Reads what `stored` writes.
    init?(stored: String) {
        let fields = stored.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count == 4, let alphabet = DefaultAlphabet(rawValue: String(fields[0])),
            let dataCoding = Hex.decode(fields[1])?.first, let header = Hex.decode(fields[2]),
            let octets = Hex.decode(fields[3])
        else { return nil }
        // `split` wants user data behind the header; there is none here.
        let parsed = header.isEmpty ? nil : UserDataHeader.split(header + [0])?.header
        self.init(octets: octets, dataCoding: dataCoding, header: parsed, alphabet: alphabet)
    }
}

/// A message, or one part of one, from a customer's customer.
public struct InboundPart: Sendable, Equatable {
    /// What joins parts: the sender's reference, how many there are, and which this is (from 1).
    public struct Concatenation: Sendable, Equatable {
        public let reference: Int
        public let total: Int
        public let number: Int

        public init(reference: Int, total: Int, number: Int) {
            self.reference = reference
            self.total = total
            self.number = number
        }
    }

    public let connectorID: Int64
    public let kind: ChannelKind
    public let sender: String
    public let recipient: String
    public let content: ReceivedText
    public let concatenation: Concatenation?
    /// When the sender's network took it, where it says so.
    public let sentAt: Milliseconds?
    /// Equal for two arrivals of the same bytes.
    public let fingerprint: [UInt8]
    /// The link on which it came; a repetition is one only on another link.
    public let bind: String

    public init(
        connectorID: Int64, kind: ChannelKind, sender: String, recipient: String, content: ReceivedText,
        concatenation: Concatenation?, sentAt: Milliseconds?, fingerprint: [UInt8], bind: String
    ) {
        self.connectorID = connectorID
        self.kind = kind
        self.sender = sender
        self.recipient = recipient
        self.content = content
        self.concatenation = concatenation
        self.sentAt = sentAt
        self.fingerprint = fingerprint
        self.bind = bind
    }
}
