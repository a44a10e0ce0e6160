// SPDX-License-Identifier: Apache-2.0
// Makes the message of a send request of the SMS API. What it shares with other surfaces is `ShortMessageComposer`'s.

internal import Accounts
internal import Messaging
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
        guard let short = shortMessage(for: request, reader: &reader), let recipient = request.recipient,
            let sender = request.sender, reader.violations.isEmpty
        else { return nil }
        var message = Message(
            companyID: companyID, id: MessageID.next(now: now), surface: .sms, kind: .sms, sender: sender,
            recipient: recipient, content: .sms(short.content), size: short.size, gateway: short.gateway,
            createdAt: now, expiresAt: (request.sendAt ?? now) + request.validity)
        message.reference = request.reference
        message.trace = trace
        message.reporting = request.reporting
        message.expectsConversion = request.expectsConversion
        message.sendAt = request.sendAt
        if request.sendAt != nil { message.status = .scheduled }
        message.quote = short.quote
        message.reserved = short.reserved
        return message
    }

    private func shortMessage(for request: SMSRequest, reader: inout ParameterReader) -> ShortMessage? {
        let composer = ShortMessageComposer(
            directory: directory, companyID: companyID, now: now, concatenationReference: concatenationReference)
        var draft = ShortMessageDraft(recipient: request.recipient, text: request.text)
        draft.gateway = request.gateway
        draft.encoding = request.encoding
        draft.isFlash = request.isFlash
        draft.partLimit = request.partLimit
        draft.trate = request.trate
        draft.mrate = request.mrate
        draft.upperCased = request.upperCased
        draft.keepEmojis = request.keepEmojis
        do throws(ShortMessageRefusal) {
            return try composer.compose(draft)
        } catch {
            reader.refuse(Self.parameter(of: error), error.message)
            return nil
        }
    }

    /// The parameter that a refusal is about.
    private static func parameter(of refusal: ShortMessageRefusal) -> String {
        switch refusal {
        case .unknownGateway: "gateway"
        case .noRoute, .noPrice: "to"
        case .notRepresentable: "message"
        case .tooManyParts: "partLimit"
        }
    }
}
