// SPDX-License-Identifier: Apache-2.0
// query_sm, cancel_sm and replace_sm on what a simulated SMSC has accepted, and the receipts it writes.

internal import SMPP
internal import SMSText
internal import Wire

extension SMSCCore {
    func query(_ body: QuerySM, account: String) -> (response: QuerySMResponse, status: CommandStatus) {
        guard let message = find(body.messageID, account), message.source.value == body.source.value else {
            return (QuerySMResponse(messageID: body.messageID), .invalidMessageID)
        }
        var response = QuerySMResponse(messageID: message.id, messageState: message.state.rawValue)
        if let finishedAt = message.finishedAt {
            response.finalDate = SMPPTime.absolute(unixMilliseconds: finishedAt, quarterHours: 0).text
            response.errorCode = message.final.flatMap { UInt8($0.err) } ?? 0
        }
        return (response, .ok)
    }

    /// One message by id, or all from the source to the destination.
    mutating func cancel(_ body: CancelSM, account: String, now: Instant) -> CommandStatus {
        guard body.messageID.isEmpty else {
            guard let message = find(body.messageID, account), message.source.value == body.source.value else {
                return .invalidMessageID
            }
            return cancel(message, now: now) ? .ok : .cancelFailed
        }
        let matching = messages.values.filter {
            $0.account == account && $0.finishedAt == nil && $0.source.value == body.source.value
                && $0.destination.value == body.destination.value
        }
        for message in matching.sorted(by: { $0.key < $1.key }) { _ = cancel(message, now: now) }
        return matching.isEmpty ? .cancelFailed : .ok
    }

    /// False when it is too late.
    private mutating func cancel(_ message: StoredMessage, now: Instant) -> Bool {
        guard message.finishedAt == nil else { return false }
        guard message.final != nil else {
            // Retired already, and never to be reported.
            messages[message.key]?.final = Final(.deleted)
            messages[message.key]?.finishedAt = now.wall
            counters.finished += 1
            return true
        }
        messages[message.key]?.final = Final(.deleted)
        if let cancelled = messages[message.key] { journal(cancelled, due: now.wall) }
        finish(message.key, now: now)
        return true
    }

    mutating func replace(_ body: ReplaceSM, account: String, now: Instant) -> CommandStatus {
        guard let message = find(body.messageID, account), message.source.value == body.source.value else {
            return .invalidMessageID
        }
        guard message.finishedAt == nil else { return .replaceFailed }
        var replaced = message
        replaced.content.octets = body.shortMessage
        replaced.content.hasHeader = false
        replaced.registeredDelivery = body.registeredDelivery
        messages[message.key] = replaced
        journal(replaced, due: now.wall)
        return .ok
    }

    /// Records what a restart is to make of a message that has changed.
    private mutating func journal(_ message: StoredMessage, due: Milliseconds) {
        actions.append(.journal(message.wantsReceipt ? .accepted(message, due: due) : .done(message.key)))
    }

    private func find(_ id: String, _ account: String) -> StoredMessage? {
        guard let key = keys[id], let message = messages[key], message.account == account else { return nil }
        return message
    }

    // MARK: PDUs

    /// The PDU for something pending; nil when the message of a copy is forgotten.
    func delivery(_ key: UInt64, _ entry: Pending) -> Delivery? {
        switch entry.kind {
        case .handset(let part, _): .deliver(part)
        case .receipt: messages[key].map(receipt)
        case .copy(let original): messages[original].map(receipt)
        }
    }

    private func receipt(_ message: StoredMessage) -> Delivery {
        let pdu = receiptPDU(message)
        guard configuration.receiptPDU == .dataSM else { return .deliver(pdu) }
        var data = DataSM(source: pdu.source, destination: pdu.destination, esmClass: pdu.esmClass, tlvs: pdu.tlvs)
        data.tlvs.messagePayload = pdu.shortMessage
        return .data(data)
    }

    private func receiptPDU(_ message: StoredMessage) -> DeliverSM {
        let final = message.final ?? Final(.unknown)
        let form = configuration.receiptIDForm
        let id = form.text(for: message.id)
        var receipt = DeliveryReceipt()
        receipt.textID = form.placement == .parameter ? "" : id
        receipt.receiptedMessageID = id
        receipt.submitted = 1
        receipt.delivered = final.state == .delivered ? 1 : 0
        receipt.submitDate = CivilTime(unixSeconds: message.acceptedAt / 1000)
        receipt.doneDate = CivilTime(unixSeconds: (message.finishedAt ?? message.acceptedAt) / 1000)
        receipt.stat = final.state.receiptWord
        receipt.messageState = final.state
        receipt.err = final.state == .delivered ? final.err : configuration.errText ?? final.err
        if final.state != .delivered, let code = receipt.err.flatMap({ UInt16($0) }) {
            receipt.networkErrorCode = NetworkErrorCode(network: 3, code: code)
        }
        receipt.text = beginning(of: message.content)
        var pdu = receipt.deliverSM(source: message.destination, destination: message.source)
        pdu.esmClass.messageType = .deliveryReceipt
        if form.placement == .text { pdu.tlvs = [] }
        return pdu
    }

    /// The first characters of a text in the default alphabet, where they are ASCII; other texts are not quoted.
    private func beginning(of content: MessageContent) -> String {
        let (header, userData) = content.split
        guard content.dataCoding == 0 else { return "" }
        let decoded = InboundText.decode(
            octets: Array(userData.prefix(20)), dataCoding: 0, defaultAlphabet: configuration.defaultAlphabet,
            header: header)
        guard case .text(let text) = decoded, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return "" }
        return text
    }
}
