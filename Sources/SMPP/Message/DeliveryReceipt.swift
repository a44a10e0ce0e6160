// SPDX-License-Identifier: Apache-2.0
// Delivery receipts: the text of SMPP 3.4 Appendix B, which every SMSC writes a little differently, and the optional
// parameters that say the same more reliably. Where both are there the parameters win, and both are kept.
//
//     id:IIIIIIIIII sub:SSS dlvrd:DDD submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DDDDDDD err:E Text: . . .

/// What an SMSC reports about a message.
public struct DeliveryReceipt: Hashable, Sendable {
    /// The `id:` field as it was written: decimal, hexadecimal, padded or not.
    public var textID: String?
    /// receipted_message_id.
    public var receiptedMessageID: String?
    public var submitted: Int?
    public var delivered: Int?
    /// In the SMSC's own zone, which it does not tell.
    public var submitDate: CivilTime?
    public var doneDate: CivilTime?
    /// The `stat:` field as it was written.
    public var stat: String?
    /// message_state.
    public var messageState: MessageState?
    /// The `err:` field as it was written.
    public var err: String?
    public var networkErrorCode: NetworkErrorCode?
    /// The first characters of the message, up to the end of the receipt.
    public var text: String?

    public init() {}

    /// The id to look the message up by.
    public var messageID: String? { receiptedMessageID ?? textID }

    /// The state to believe.
    public var state: MessageState? { messageState ?? stat.flatMap(MessageState.init(receiptWord:)) }

    /// The error to report: that of the network, else `err:` where it is a number.
    public var errorCode: Int? {
        networkErrorCode.map { Int($0.code) } ?? err.flatMap { Int($0) }
    }

    /// Reads the text of Appendix B. Nil when not even an id or a state is in it.
    public init?(text: some Collection<UInt8>) {
        self.init()
        readText(Array(text))
        if textID == nil, stat == nil { return nil }
    }

    /// Reads a deliver_sm whose esm_class says that it is a receipt. Nil when it is none or says nothing.
    public init?(_ pdu: DeliverSM) {
        guard pdu.esmClass.isReceipt else { return nil }
        let octets = pdu.shortMessage.isEmpty ? pdu.tlvs.messagePayload ?? [] : pdu.shortMessage
        self.init(octets, pdu.esmClass, pdu.dataCoding, pdu.tlvs)
    }

    /// Reads a data_sm whose esm_class says that it is a receipt.
    public init?(_ pdu: DataSM) {
        guard pdu.esmClass.isReceipt else { return nil }
        self.init(pdu.tlvs.messagePayload ?? [], pdu.esmClass, pdu.dataCoding, pdu.tlvs)
    }

    private init?(_ octets: [UInt8], _ esmClass: ESMClass, _ dataCoding: UInt8, _ tlvs: TLVs) {
        self.init()
        var text = octets[...]
        if esmClass.hasUserDataHeader, let length = text.first { text = text.dropFirst(Int(length) + 1) }
        // Some SMSCs write even the receipt in UCS-2; its field names are ASCII all the same.
        let isWide = dataCoding == 8 && text.count.isMultiple(of: 2)
        readText(isWide ? Self.narrowed(Array(text)) : Array(text))
        receiptedMessageID = tlvs.receiptedMessageID.flatMap { $0.isEmpty ? nil : $0 }
        messageState = tlvs.messageState
        networkErrorCode = tlvs.networkErrorCode
        if messageID == nil, state == nil, stat == nil { return nil }
    }

    private static func narrowed(_ octets: [UInt8]) -> [UInt8] {
        let units = stride(from: 0, to: octets.count - 1, by: 2).map {
            UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1])
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }
}

// MARK: Reading

extension DeliveryReceipt {
    enum Field: CaseIterable {
        case id, sub, dlvrd, submitDate, doneDate, stat, err, text

        /// How the field is called, in lower case and without blanks.
        var key: [UInt8] {
            switch self {
            case .id: Array("id".utf8)
            case .sub: Array("sub".utf8)
            case .dlvrd: Array("dlvrd".utf8)
            case .submitDate: Array("submitdate".utf8)
            case .doneDate: Array("donedate".utf8)
            case .stat: Array("stat".utf8)
            case .err: Array("err".utf8)
            case .text: Array("text".utf8)
            }
        }

        static let keys: [(field: Field, key: [UInt8])] = allCases.map { ($0, $0.key) }
    }

    /// Finds the fields wherever they stand; each counts once, so that a message that quotes a receipt changes nothing.
    mutating func readText(_ octets: [UInt8]) {
        var found: [(field: Field, key: Range<Int>)] = []
        for colon in octets.indices where octets[colon] == UInt8(ascii: ":") {
            guard let (field, start) = Self.field(before: colon, in: octets, after: found.last?.key.upperBound ?? 0),
                !found.contains(where: { $0.field == field })
            else { continue }
            found.append((field, start..<(colon + 1)))
        }
        for (position, entry) in found.enumerated() {
            let end = position + 1 < found.count ? found[position + 1].key.lowerBound : octets.count
            set(entry.field, octets[entry.key.upperBound..<end])
        }
    }

    /// The field whose name ends at a colon, and where the name starts.
    private static func field(before colon: Int, in octets: [UInt8], after limit: Int) -> (Field, Int)? {
        var best: (field: Field, start: Int)?
        for (field, key) in Field.keys {
            guard let start = start(of: key, before: colon, in: octets, limit: limit) else { continue }
            // "id" ends many words; the other names may touch the value before them.
            if field == .id, start > limit, isLetter(octets[start - 1]) { continue }
            if let best, best.start <= start { continue }
            best = (field, start)
        }
        return best
    }

    /// Matches a name backwards, ignoring case and the blanks and underscores within it or before the colon.
    private static func start(of key: [UInt8], before colon: Int, in octets: [UInt8], limit: Int) -> Int? {
        var index = colon - 1
        for letter in key.reversed() {
            while index >= limit, octets[index] == 0x20 || octets[index] == 0x5F { index -= 1 }
            guard index >= limit, octets[index] | 0x20 == letter else { return nil }
            index -= 1
        }
        return index + 1
    }

    private static func isLetter(_ octet: UInt8) -> Bool {
        (0x61...0x7A).contains(octet | 0x20)
    }

    private mutating func set(_ field: Field, _ octets: ArraySlice<UInt8>) {
        if field == .text {
            let start = octets.first == 0x20 ? octets.dropFirst() : octets
            text = String(decoding: start, as: UTF8.self)
            return
        }
        let trimmed = octets.drop { $0 == 0x20 }
        if field == .submitDate || field == .doneDate {
            let date = CivilTime(digits: trimmed.prefix { (0x30...0x39).contains($0) })
            if field == .submitDate { submitDate = date } else { doneDate = date }
            return
        }
        let word = String(decoding: trimmed.prefix { $0 > 0x20 && $0 != 0x2C && $0 != 0x3B }, as: UTF8.self)
        switch field {
        case .id: textID = word.isEmpty ? nil : word
        case .sub: submitted = Int(word)
        case .dlvrd: delivered = Int(word)
        case .stat: stat = word.isEmpty ? nil : word
        case .err: err = word.isEmpty ? nil : word
        case .submitDate, .doneDate, .text: break
        }
    }
}

// MARK: Writing

extension DeliveryReceipt {
    /// The text of Appendix B, with three-digit counts and ten-digit dates.
    public var encodedText: [UInt8] {
        var octets = Array("id:".utf8) + Array((textID ?? receiptedMessageID ?? "").utf8)
        octets += Array(" sub:".utf8) + Self.count(submitted ?? 1)
        octets += Array(" dlvrd:".utf8) + Self.count(delivered ?? (state == .delivered ? 1 : 0))
        octets += Array(" submit date:".utf8) + (submitDate?.digits(seconds: false) ?? [])
        octets += Array(" done date:".utf8) + (doneDate?.digits(seconds: false) ?? [])
        octets += Array(" stat:".utf8) + Array((stat ?? state?.receiptWord ?? "").utf8)
        octets += Array(" err:".utf8) + (err.map { Array($0.utf8) } ?? Self.count(errorCode ?? 0))
        octets += Array(" text:".utf8) + Array((text ?? "").utf8.prefix(20))
        return octets
    }

    /// A deliver_sm that carries the receipt as text and as optional parameters.
    public func deliverSM(source: Address, destination: Address) -> DeliverSM {
        var pdu = DeliverSM(source: source, destination: destination)
        pdu.esmClass.messageType = state == .enroute ? .intermediateNotification : .deliveryReceipt
        pdu.shortMessage = Array(encodedText.prefix(254))
        pdu.tlvs.receiptedMessageID = messageID
        pdu.tlvs.messageState = state
        pdu.tlvs.networkErrorCode = networkErrorCode
        return pdu
    }

    private static func count(_ value: Int) -> [UInt8] {
        let digits = Array(String(max(value, 0)).utf8)
        return Array(repeating: 0x30, count: max(0, 3 - digits.count)) + digits
    }
}
