// SPDX-License-Identifier: Apache-2.0
// What a client's octets become: one part that goes on as it came, or, when a text is longer than a part and says nothing
// of parts, a text that is cut for the carrier as a text of any other API.

internal import Messaging
internal import SMPP
internal import SMSText

enum SubmitContent {
    /// The octets of one short message.
    static let messageOctets = 140

    case coded(CodedPart, text: String)
    case text(String, encoding: EncodingChoice)

    init(_ message: ClientMessage, alphabet: DefaultAlphabet) throws(SubmitRefusal) {
        guard let kind = DataCodingKind(message.dataCoding) else {
            throw SubmitRefusal(.invalidDataCoding, "data_coding \(message.dataCoding)")
        }
        var octets = message.octets
        var header: UserDataHeader?
        if message.esmClass.hasUserDataHeader {
            guard let split = UserDataHeader.split(octets) else {
                throw SubmitRefusal(.invalidMessageLength, "a header that is longer than the message")
            }
            header = split.header
            octets = split.userData
        }
        let headerOctets = message.octets.count - octets.count
        let received = ReceivedText(
            octets: octets, dataCoding: message.dataCoding, header: header, alphabet: alphabet)
        let concatenation = try message.concatenation()
        if kind == .ucs2, !octets.count.isMultiple(of: 2) {
            throw SubmitRefusal(.invalidMessageLength, "an odd number of octets in UCS-2")
        }
        if Self.fits(received, kind: kind, headerOctets: headerOctets) {
            let part = CodedPart(
                octets: octets, dataCoding: message.dataCoding, header: Array(message.octets.prefix(headerOctets)),
                alphabet: alphabet, concatenation: concatenation, protocolID: message.protocolID,
                priority: message.priorityFlag)
            self = .coded(part, text: received.text)
            return
        }
        guard header == nil, concatenation == nil, kind != .binary else {
            throw SubmitRefusal(.invalidMessageLength, "a part of \(message.octets.count) octets")
        }
        self = .text(received.text, encoding: kind == .ucs2 ? .unicode : .auto)
    }

    /// Whether the user data is no longer than one short message beside its header.
    private static func fits(_ received: ReceivedText, kind: DataCodingKind, headerOctets: Int) -> Bool {
        let room = messageOctets - headerOctets
        guard kind == .defaultAlphabet else { return received.octets.count <= room }
        switch received.alphabet {
        case .gsm7: return received.octets.count <= room * 8 / 7
        case .gsm7Packed: return received.octets.count <= room
        case .latin1, .ascii, .utf8:
            // Whatever the carrier's alphabet is, it is septets on the air, or UCS-2.
            let text = received.text
            if let septets = GSM7Alphabet.standard.septets(for: text) { return septets.count <= room * 8 / 7 }
            return text.utf16.count <= room / 2
        }
    }
}
