// SPDX-License-Identifier: Apache-2.0
// A text cut into the parts that go to the carrier. Joining `parts[i].text` gives the text that was segmented, and
// `parts[i].userData` together with its header never exceeds the 140 octets of one short message (payload mode aside).

/// How the characters of a segmented text are coded.
public enum TextEncoding: Sendable, Hashable {
    /// GSM 7-bit (data_coding 0 of the carrier) under the given alphabet.
    case gsm7(GSM7Alphabet)
    /// UTF-16BE, one or two 16-bit units per scalar (data_coding 8).
    case ucs2
}

/// Width of the concatenation reference in the user data header (3GPP TS 23.040 §9.2.3.24.1 and .8).
public enum ReferenceWidth: Sendable, Hashable {
    /// IEI 00: five octets, 153 septets or 67 units a part.
    case eight
    /// IEI 08: six octets, 152 septets or 66 units a part.
    case sixteen
}

/// How a carrier is told which parts belong together.
public enum Concatenation: Sendable, Hashable {
    /// A concatenation element in the user data header of every part.
    case userDataHeader
    /// The SMPP TLVs sar_msg_ref_num, sar_total_segments and sar_segment_seqnum; the carrier adds the header, so a part
    /// is no longer than with a header.
    case sar
    /// The whole text in one message_payload TLV; the carrier cuts it.
    case messagePayload
}

/// A text with its encoding and its parts, as one `Segmenter` or `Transcoder` run produced it.
public struct SegmentedText: Sendable, Hashable {
    /// One part as it goes into one PDU.
    public struct Part: Sendable, Hashable {
        /// The characters of this part.
        public let text: String
        /// The octets after the user data header: one septet per octet, packed septets, Latin-1 … as the carrier's
        /// `DefaultAlphabet` has it, or UTF-16BE.
        public let userData: [UInt8]
        /// Septets (GSM-7) or UTF-16 units (UCS-2) in this part.
        public let units: Int
    }

    public let encoding: TextEncoding
    /// One or more; exactly one for `.messagePayload`.
    public let parts: [Part]
    /// Short messages that the handset receives, which is what is charged; equals `parts.count` but for `.messagePayload`.
    public let messageCount: Int
    public let concatenation: Concatenation
    public let referenceWidth: ReferenceWidth

    /// The data_coding of SMPP 3.4 §5.2.19 without a message class: 0 or 8.
    public var dataCoding: UInt8 {
        switch encoding {
        case .gsm7: 0
        case .ucs2: 8
        }
    }

    /// The header of the part at `index` (0 …), nil when it needs none. Only the low octet of `reference` is used with
    /// an 8-bit reference width.
    public func header(forPart index: Int, reference: UInt16) -> UserDataHeader? {
        var header = UserDataHeader()
        if parts.count > 1, concatenation == .userDataHeader {
            let total = UInt8(truncatingIfNeeded: parts.count)
            let sequence = UInt8(truncatingIfNeeded: index + 1)
            switch referenceWidth {
            case .eight:
                let low = UInt8(truncatingIfNeeded: reference)
                header.elements.append(.concatenation8(reference: low, total: total, sequence: sequence))
            case .sixteen:
                header.elements.append(.concatenation16(reference: reference, total: total, sequence: sequence))
            }
        }
        if case .gsm7(let alphabet) = encoding { header.elements += alphabet.headerElements }
        return header.elements.isEmpty ? nil : header
    }

    /// The octets of `short_message` (or of message_payload) for the part at `index`: the header, if any, and the user data.
    public func octets(forPart index: Int, reference: UInt16) -> [UInt8] {
        (header(forPart: index, reference: reference)?.octets ?? []) + parts[index].userData
    }
}
