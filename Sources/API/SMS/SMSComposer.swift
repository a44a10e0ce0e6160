// SPDX-License-Identifier: Apache-2.0
// Makes the message of a send request: its route, the text as the carriers of the route can write it, its parts and
// their price. Pure: the configuration comes in as a snapshot.

internal import Accounts
internal import Messaging
internal import SMSText
internal import Wire

struct SMSComposer {
    let directory: Directory
    let companyID: CompanyID
    let now: Milliseconds
    /// By which the handset will know the parts of this message.
    let concatenationReference: UInt16
    /// Where the request stands in its client's trace.
    var trace: TraceContext?

    /// The message, or nil with what is wrong in `reader.violations`.
    func message(for request: SMSRequest, reader: inout ParameterReader) -> Message? {
        guard let segmentation = segmentation(for: request, reader: &reader),
            let planned = plan(request, segmentation: segmentation, reader: &reader),
            let recipient = request.recipient, let sender = request.sender, reader.violations.isEmpty
        else { return nil }
        let segmented = planned.segmented
        var message = Message(
            companyID: companyID, id: MessageID.next(now: now), surface: .sms, kind: .sms, sender: sender,
            recipient: recipient, content: .sms(content(of: planned, segmentation, isFlash: request.isFlash)),
            size: segmented.parts.count, gateway: request.gateway, createdAt: now,
            expiresAt: (request.sendAt ?? now) + request.validity)
        message.reference = request.reference
        message.trace = trace
        message.reporting = request.reporting
        message.expectsConversion = request.expectsConversion
        message.sendAt = request.sendAt
        if request.sendAt != nil { message.status = .scheduled }
        message.quote = quote(for: recipient, charging: segmented)
        if directory.companies[companyID]?.isPrepaid == true {
            // Nobody sends on credit by choosing a network that was forgotten in the price list.
            guard let quote = message.quote else {
                reader.refuse("to", "is a number that has no price, and the company is prepaid")
                return nil
            }
            message.reserved = quote.amount * message.size
        }
        return message
    }

    /// How the route's carriers want texts cut: as the first one does, with the national tables that all permit.
    private func segmentation(for request: SMSRequest, reader: inout ParameterReader) -> SegmentationOptions? {
        guard directory.routes.hasGateway(request.gateway) else {
            reader.refuse("gateway", "is not the name of a gateway")
            return nil
        }
        guard let recipient = request.recipient else { return SegmentationOptions(encoding: request.encoding) }
        let connectors = directory.routes.route(gateway: request.gateway, recipient: recipient)?.connectorIDs
            .compactMap { directory.connectors[$0] }.filter(\.isEnabled)
        guard let connectors, let first = connectors.first else {
            reader.refuse("to", "is a number that no route leads to")
            return nil
        }
        var options = first.segmentation
        for connector in connectors.dropFirst() {
            options.permittedTables.formIntersection(connector.segmentation.permittedTables)
        }
        options.encoding = request.encoding
        return options
    }

    private func plan(
        _ request: SMSRequest, segmentation: SegmentationOptions, reader: inout ParameterReader
    ) -> TranscodedText? {
        guard let text = request.text else { return nil }
        let options = TranscodingOptions(
            segmentation: segmentation, trate: request.trate, mrate: request.mrate, upperCased: request.upperCased,
            keepEmojis: request.keepEmojis, partLimit: request.partLimit)
        switch Transcoder.plan(text, options: options) {
        case .success(let planned):
            return planned
        case .failure(.notRepresentable(_, let offset)):
            reader.refuse("message", "cannot be written in GSM7: the character at position \(offset + 1) is not in it")
        case .failure(.tooManyParts(let count, let limit)):
            reader.refuse("partLimit", "allows \(limit) parts, and the message needs at least \(count)")
        }
        return nil
    }

    /// The text with the encoding and the tables that were chosen, so that cutting it again gives the same parts.
    private func content(
        of planned: TranscodedText, _ segmentation: SegmentationOptions, isFlash: Bool
    ) -> SMSContent {
        var options = segmentation
        options.permittedTables = []
        switch planned.segmented.encoding {
        case .ucs2:
            options.encoding = .unicode
        case .gsm7(let alphabet):
            options.encoding = .gsm7
            if let single = alphabet.single { options.permittedTables.insert(.singleShift(single)) }
            if let locking = alphabet.locking { options.permittedTables.insert(.lockingShift(locking)) }
        }
        let reference = planned.segmented.messageCount > 1 ? concatenationReference : 0
        return SMSContent(
            text: planned.text, segmentation: options, isFlash: isFlash, concatenationReference: reference)
    }

    /// The price of one part. Where the carrier cuts the text itself there is one part, which costs as much as all the
    /// messages that the handset will get.
    private func quote(for recipient: String, charging segmented: SegmentedText) -> Quote? {
        let price = directory.prices.price(for: recipient, direction: .outbound, companyID: companyID, now: now)
        guard let price else { return nil }
        let quote = Quote(price)
        return Quote(
            amount: quote.amount * (segmented.messageCount / segmented.parts.count), currency: quote.currency,
            effectiveFrom: quote.effectiveFrom, mccmnc: quote.mccmnc, ttid: quote.ttid)
    }
}
