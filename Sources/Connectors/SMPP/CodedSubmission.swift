// SPDX-License-Identifier: Apache-2.0
// A part that its sender has coded, as a submit_sm: its octets as they came, unless the carrier means another alphabet by
// data_coding 0. Then the text is written in the carrier's alphabet, and in UCS-2 where that cannot hold it.

internal import Messaging
internal import SMPP
internal import SMSText

extension SMPPConnectorOptions {
    /// The octets of one short message.
    private static let messageOctets = 140

    /// Puts a coded part into a submit_sm; false when the carrier's alphabet cannot hold its text in one message.
    func write(_ coded: CodedPart, to pdu: inout SubmitSM) -> Bool {
        var header = coded.header
        if let concatenation = coded.concatenation {
            header = write(concatenation, of: coded, to: &pdu)
        }
        guard let userData = userData(of: coded, headerOctets: header.count) else { return false }
        pdu.protocolID = coded.protocolID
        pdu.priorityFlag = coded.priority
        pdu.dataCoding = userData.dataCoding
        pdu.esmClass.hasUserDataHeader = !header.isEmpty
        let octets = header + userData.octets
        if octets.count > Self.longestShortMessage || concatenation == .messagePayload {
            pdu.tlvs.messagePayload = octets
        } else {
            pdu.shortMessage = octets
        }
        return true
    }

    /// Tells the carrier in its own way which parts belong together; returns the header that the part gets.
    private func write(
        _ link: CodedPart.Concatenation, of coded: CodedPart, to pdu: inout SubmitSM
    ) -> [UInt8] {
        let element: [UInt8] = [
            8, 4, UInt8(link.reference >> 8), UInt8(truncatingIfNeeded: link.reference), link.total, link.number,
        ]
        let body = coded.header.dropFirst() + element
        let isInSeptets = DataCodingKind(coded.dataCoding) == .defaultAlphabet && coded.alphabet != .gsm7Packed
        let octets = Self.messageOctets - body.count - 1
        let fits = coded.octets.count <= (isInSeptets ? octets * 8 / 7 : octets)
        // A sender that left no room for a header counts on the carrier to make some.
        if concatenation == .userDataHeader, fits { return [UInt8(body.count)] + body }
        pdu.tlvs.sarMsgRefNum = link.reference
        pdu.tlvs.sarTotalSegments = link.total
        pdu.tlvs.sarSegmentSeqnum = link.number
        return coded.header
    }

    private func userData(of coded: CodedPart, headerOctets: Int) -> (octets: [UInt8], dataCoding: UInt8)? {
        guard coded.alphabet != alphabet, DataCodingKind(coded.dataCoding) == .defaultAlphabet else {
            return (coded.octets, coded.dataCoding)
        }
        let header = coded.header.isEmpty ? nil : UserDataHeader.split(coded.header + [0])?.header
        let national = GSM7Alphabet(locking: header?.lockingShift, single: header?.singleShift)
        let text = ReceivedText(
            octets: coded.octets, dataCoding: coded.dataCoding, header: header, alphabet: coded.alphabet
        ).text
        let form = national == .standard || alphabet.carriesSeptets ? alphabet : .gsm7
        if let octets = form.octets(for: text, alphabet: national, headerOctets: headerOctets) {
            return (octets, coded.dataCoding)
        }
        guard text.utf16.count <= (Self.messageOctets - headerOctets) / 2 else { return nil }
        let octets = text.utf16.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        let hasClass = coded.dataCoding & 0x10 != 0
        return (octets, hasClass ? 0x18 | coded.dataCoding & 0x03 : 0x08)
    }
}
