// SPDX-License-Identifier: Apache-2.0
// Makes the message or the call that brings a code. Its content is sealed before it leaves this file; what others may
// know of it is its size and its price.

internal import Accounts
internal import Messaging
internal import Wire

/// A message with what its one-time password notes of it.
struct OTPSending: Sendable {
    let message: Message
    let channel: OTPChannel
    /// Of all parts.
    let price: Money?

    func attempt(_ otp: OneTimePassword, clientAddress: IPAddress?, isResend: Bool) -> SendAttempt {
        SendAttempt(
            companyID: otp.companyID, otpID: otp.id, number: otp.number, channel: channel, clientAddress: clientAddress,
            price: price, isResend: isResend)
    }

    func row(of otp: OneTimePassword, now: Milliseconds) -> OTPSend {
        OTPSend(
            companyID: otp.companyID, otpID: otp.id, number: otp.sendCount, messageID: message.id, channel: channel,
            at: now, price: price)
    }
}

struct OTPComposer {
    let directory: Directory
    let secrets: SecretBox
    let application: VerificationApplication
    let now: Milliseconds
    let concatenationReference: UInt16
    let trace: TraceContext?

    /// - Parameters:
    ///   - sender: instead of the application's, for a short message
    ///   - caller: instead of the application's, for a call
    func compose(
        _ otp: OneTimePassword, _ secret: OTPSecret, on channel: OTPChannel, sender: String?, caller: String?
    ) throws(VerificationError) -> OTPSending {
        switch channel {
        case .sms: try shortMessage(otp, secret, sender: sender ?? application.settings.sender)
        case .voice: try call(otp, secret, caller: caller ?? application.settings.caller ?? "")
        }
    }

    private func shortMessage(
        _ otp: OneTimePassword, _ secret: OTPSecret, sender: String
    ) throws(VerificationError) -> OTPSending {
        let template = secret.text ?? application.template(otp.language, .sms).text
        let text = OTPText.rendered(template, code: secret.code, validity: otp.validity)
        let composer = ShortMessageComposer(
            directory: directory, companyID: otp.companyID, now: now, concatenationReference: concatenationReference)
        let short: ShortMessage
        do throws(ShortMessageRefusal) {
            guard let composed = try composer.compose(ShortMessageDraft(recipient: otp.number, text: text)) else {
                throw ShortMessageRefusal.noRoute
            }
            short = composed
        } catch {
            throw .refused(error)
        }
        var message = try message(
            otp, .sms, .sms(short.content), sender: sender, size: short.size, gateway: short.gateway)
        message.quote = short.quote
        message.reserved = short.reserved
        return OTPSending(message: message, channel: .sms, price: short.quote.map { $0.amount * short.size })
    }

    private func call(
        _ otp: OneTimePassword, _ secret: OTPSecret, caller: String
    ) throws(VerificationError) -> OTPSending {
        let route = directory.routes.route(gateway: Route.voiceGateway, recipient: otp.number)
        let isOpen = route?.connectorIDs.contains { directory.connectors[$0]?.isEnabled == true } ?? false
        guard isOpen else { throw .noVoice }
        let template = application.template(otp.language, .voice)
        let text = OTPText.spoken(secret.text ?? template.text, code: secret.code, validity: otp.validity)
        let price = directory.prices.price(for: otp.number, direction: .voice, companyID: otp.companyID, now: now)
        let isPrepaid = directory.companies[otp.companyID]?.isPrepaid == true
        if isPrepaid, price == nil { throw .refused(.noPrice) }
        // A text of the request is in the request's language, a template in its own.
        let speech = SpeechContent(text: text, language: secret.text == nil ? template.language : otp.language)
        var message = try message(
            otp, .voice, .speech(speech), sender: caller, size: 1, gateway: Route.voiceGateway)
        message.quote = price.map(Quote.init(_:))
        if isPrepaid { message.reserved = price?.amount ?? .zero }
        return OTPSending(message: message, channel: .voice, price: price?.amount)
    }

    /// The message with its content sealed. Nobody has a use for it once the code has expired.
    private func message(
        _ otp: OneTimePassword, _ kind: ChannelKind, _ content: MessageContent, sender: String, size: Int,
        gateway: String
    ) throws(VerificationError) -> Message {
        let key = MessageKey(companyID: otp.companyID, id: UUIDv7.next(now: now))
        let sealed: SealedContent
        do {
            sealed = try SealedContent(content, of: key, with: secrets)
        } catch {
            throw .unavailable
        }
        var message = Message(
            companyID: key.companyID, id: key.id, surface: .verification, kind: kind, sender: sender,
            recipient: otp.number, content: .sealed(sealed), size: size, gateway: gateway, createdAt: now,
            expiresAt: otp.expiresAt)
        message.trace = trace
        return message
    }
}

extension OneTimePassword {
    /// For how many seconds it is valid from its first delivery request on.
    var validity: Int64 { (expiresAt - createdAt) / 1000 }
}
