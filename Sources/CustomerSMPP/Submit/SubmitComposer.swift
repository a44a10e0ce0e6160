// SPDX-License-Identifier: Apache-2.0
// Makes the messages of a client's submit: the same checks, routes, parts and prices as for a message of any other API.
// Pure: the configuration comes in as a snapshot, the time as an argument.

internal import Accounts
internal import Messaging
internal import SMPP
internal import SMSText
internal import Wire

struct SubmitComposer {
    /// How long a message is tried when its sender does not say, and at the most.
    private static let usualValidity: Milliseconds = 2880 * 60_000
    private static let longestValidity: Milliseconds = 10_080 * 60_000
    /// How far ahead a message may be scheduled.
    private static let longestSchedule: Milliseconds = 366 * 86_400_000

    let directory: Directory
    let account: SMPPAccount
    let now: Milliseconds
    /// By which the handset will know the parts of a text that is cut here.
    let concatenationReference: UInt16

    /// The message to one destination.
    func message(_ submit: ClientMessage, to destination: Address) throws(SubmitRefusal) -> Message {
        try submit.checkFlags()
        guard let recipient = ClientAddress.recipient(destination) else {
            throw SubmitRefusal(.invalidDestinationAddress, "no international number")
        }
        let sender = try sender(submit.source)
        let sendAt = try sendAt(submit)
        let expiresAt = try expiresAt(submit, sendAt: sendAt)
        let (content, size, messages) = try content(of: submit, recipient: recipient)
        var message = Message(
            companyID: account.companyID, id: MessageID.next(now: now), surface: .smpp, kind: .sms, sender: sender,
            recipient: recipient, content: .sms(content), size: size, gateway: account.settings.gateway,
            createdAt: now, expiresAt: expiresAt)
        message.sendAt = sendAt
        if sendAt != nil { message.status = .scheduled }
        message.reference = submit.tlvs.userMessageReference.map { String($0) }
        message.reporting = origin(of: submit, destination: destination).reporting
        try price(&message, messagesPerPart: messages / size)
        return message
    }

    private func origin(of submit: ClientMessage, destination: Address) -> SubmitOrigin {
        SubmitOrigin(
            accountID: account.id, registeredDelivery: submit.registeredDelivery,
            idForm: account.settings.receiptIDs,
            sourceForm: AddressRules.Form(ton: submit.source.ton, npi: submit.source.npi),
            destinationForm: AddressRules.Form(ton: destination.ton, npi: destination.npi))
    }

    /// The sender, which may be left out where the account has a list: then it is the first of it.
    private func sender(_ source: Address) throws(SubmitRefusal) -> String {
        let allowed = account.settings.senders
        if source.value.isEmpty, let first = allowed.first { return first }
        guard let sender = ClientAddress.sender(source) else {
            throw SubmitRefusal(.invalidSourceAddress, "neither a number nor a name")
        }
        guard allowed.isEmpty || allowed.contains(sender) else {
            throw SubmitRefusal(.invalidSourceAddress, "not a sender of the account")
        }
        return sender
    }

    // MARK: Times

    private func sendAt(_ submit: ClientMessage) throws(SubmitRefusal) -> Milliseconds? {
        guard !submit.scheduleDeliveryTime.isEmpty else { return nil }
        guard let time = SMPPTime(submit.scheduleDeliveryTime)?.unixMilliseconds(now: now),
            time <= now + Self.longestSchedule
        else { throw SubmitRefusal(.invalidScheduledDeliveryTime, "schedule_delivery_time") }
        // What is due already leaves at once.
        return time > now ? time : nil
    }

    /// The end of the validity; a relative one counts from now, as the specification has it, and not from the sending.
    private func expiresAt(_ submit: ClientMessage, sendAt: Milliseconds?) throws(SubmitRefusal) -> Milliseconds {
        let start = sendAt ?? now
        var end = start + Self.usualValidity
        if !submit.validityPeriod.isEmpty {
            guard let time = SMPPTime(submit.validityPeriod)?.unixMilliseconds(now: now) else {
                throw SubmitRefusal(.invalidValidityPeriod, "validity_period")
            }
            end = time
        } else if let seconds = submit.tlvs.qosTimeToLive {
            end = now + Milliseconds(seconds) * 1000
        }
        guard end > start else { throw SubmitRefusal(.invalidValidityPeriod, "the validity ends before the sending") }
        return min(end, start + Self.longestValidity)
    }

    // MARK: Content

    /// The content, its parts, and the short messages that the handset gets.
    private func content(
        of submit: ClientMessage, recipient: String
    ) throws(SubmitRefusal) -> (content: SMSContent, size: Int, messages: Int) {
        guard var options = segmentation(for: recipient) else {
            throw SubmitRefusal(.invalidDestinationAddress, "no route")
        }
        switch try SubmitContent(submit, alphabet: account.settings.alphabet) {
        case .coded(let part, let text):
            return (SMSContent(text: text, segmentation: SegmentationOptions(encoding: .gsm7), coded: part), 1, 1)
        case .text(let text, let encoding):
            options.encoding = encoding
            guard case .success(let segmented) = Segmenter.segment(text, options: options) else {
                throw SubmitRefusal(.invalidMessageLength, "a text that cannot be cut")
            }
            Self.fix(&options, to: segmented.encoding)
            let content = SMSContent(
                text: text, segmentation: options, concatenationReference: concatenationReference)
            return (content, segmented.parts.count, segmented.messageCount)
        }
    }

    /// Leaves nothing open, so that cutting the text again gives the same parts.
    private static func fix(_ options: inout SegmentationOptions, to encoding: TextEncoding) {
        options.permittedTables = []
        switch encoding {
        case .ucs2: options.encoding = .unicode
        case .gsm7(let alphabet):
            options.encoding = .gsm7
            if let single = alphabet.single { options.permittedTables.insert(.singleShift(single)) }
            if let locking = alphabet.locking { options.permittedTables.insert(.lockingShift(locking)) }
        }
    }

    /// How the route's carriers want texts cut: as the first one does, with the national tables that all permit.
    private func segmentation(for recipient: String) -> SegmentationOptions? {
        let route = directory.routes.route(gateway: account.settings.gateway, recipient: recipient)
        let connectors = (route?.connectorIDs ?? []).compactMap { directory.connectors[$0] }.filter(\.isEnabled)
        guard var options = connectors.first?.segmentation else { return nil }
        for connector in connectors.dropFirst() {
            options.permittedTables.formIntersection(connector.segmentation.permittedTables)
        }
        return options
    }

    // MARK: Price

    private func price(_ message: inout Message, messagesPerPart: Int) throws(SubmitRefusal) {
        let price = directory.prices.price(
            for: message.recipient, direction: .outbound, companyID: account.companyID, now: now)
        if let price {
            let quote = Quote(price)
            message.quote = Quote(
                amount: quote.amount * messagesPerPart, currency: quote.currency, effectiveFrom: quote.effectiveFrom,
                mccmnc: quote.mccmnc, ttid: quote.ttid)
        }
        guard directory.companies[account.companyID]?.isPrepaid == true else { return }
        // Nobody sends on credit by choosing a network that was forgotten in the price list.
        guard let quote = message.quote else { throw SubmitRefusal(.invalidDestinationAddress, "no price") }
        message.reserved = quote.amount * message.size
    }
}
