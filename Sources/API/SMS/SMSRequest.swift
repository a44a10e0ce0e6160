// SPDX-License-Identifier: Apache-2.0
// The parameters of a send request, read and checked one by one. What depends on the configuration — routes, prices,
// what a carrier can write — is `SMSComposer`'s part.

internal import Messaging
internal import SMSText
internal import Wire

/// A send request. Fields that the request must have are nil when they are missing or refused.
struct SMSRequest: Sendable {
    /// Every parameter by name.
    static let parameterNames: Set<String> = [
        "to", "from", "message", "encoding", "gateway", "conversion", "sendDateTime", "validity", "reference",
        "callbackUrl", "callbackMethod", "partLimit", "trate", "mrate", "upperCased", "keepEmojis", "flash",
    ]
    /// How far back `sendDateTime` may lie: clocks differ.
    static let pastTolerance: Milliseconds = 60_000
    static let usualValidity = 2880
    static let validities = 1...10_080
    static let maximumReferenceLength = 255
    static let maximumURLLength = 2048

    /// Digits.
    let recipient: String?
    /// Digits, or an alphanumeric name.
    let sender: String?
    let text: String?
    let encoding: EncodingChoice
    let gateway: String
    let expectsConversion: Bool
    /// In the future; nil to send at once.
    let sendAt: Milliseconds?
    /// From the time of sending on.
    let validity: Milliseconds
    let reference: String?
    let reporting: Reporting?
    let partLimit: Int
    let trate: Double
    let mrate: Double
    let upperCased: Bool
    let keepEmojis: Bool
    let isFlash: Bool

    /// Reads a request; what is wrong with it is in `reader.violations`. `usualTrate` is the one default in which POST
    /// (0) and GET (1) differ.
    init(
        reader: inout ParameterReader, usualTrate: Double, now: Milliseconds,
        callbackRefusal: (String) -> String?
    ) {
        recipient = Self.recipient(&reader)
        sender = Self.sender(&reader)
        text = reader.requiredText("message")
        encoding = reader.choice(
            "encoding", ["AUTO": .auto, "GSM7": .gsm7, "UNICODE": .unicode, "GDM7": .gsm7], default: .auto)
        gateway = reader.text("gateway") ?? Route.defaultGateway
        expectsConversion = reader.flag("conversion", default: false)
        sendAt = Self.sendAt(&reader, now: now)
        validity = Milliseconds(reader.integer("validity", in: Self.validities, default: Self.usualValidity)) * 60_000
        reference = reader.storedText("reference", maximumLength: Self.maximumReferenceLength)
        reporting = Self.reporting(&reader, callbackRefusal: callbackRefusal)
        partLimit = reader.integer("partLimit", in: 1...Segmenter.maximumParts, default: 4)
        trate = reader.share("trate", default: usualTrate)
        mrate = reader.share("mrate", default: 0)
        upperCased = reader.flag("upperCased", default: true)
        keepEmojis = reader.flag("keepEmojis", default: true)
        isFlash = reader.flag("flash", default: false)
    }

    private static func recipient(_ reader: inout ParameterReader) -> String? {
        guard let text = reader.requiredText("to") else { return nil }
        if let number = SMSAddress.recipient(text) { return number }
        reader.refuse("to", "must be a phone number in international format, 7 to 15 digits")
        return nil
    }

    private static func sender(_ reader: inout ParameterReader) -> String? {
        guard let text = reader.requiredText("from") else { return nil }
        if let sender = SMSAddress.sender(text) { return sender }
        reader.refuse("from", "must be a phone number of 3 to 15 digits or a name of 1 to 11 GSM-7 characters")
        return nil
    }

    private static func sendAt(_ reader: inout ParameterReader, now: Milliseconds) -> Milliseconds? {
        guard let instant = reader.instant("sendDateTime") else { return nil }
        if instant < now - pastTolerance {
            reader.refuse("sendDateTime", "must not lie in the past")
            return nil
        }
        return instant > now ? instant : nil
    }

    private static func reporting(
        _ reader: inout ParameterReader, callbackRefusal: (String) -> String?
    ) -> Reporting? {
        let method = reader.choice("callbackMethod", ["POST": Reporting.Method.post, "GET": .get], default: .post)
        guard let url = reader.storedText("callbackUrl", maximumLength: maximumURLLength) else { return nil }
        if let reason = callbackRefusal(url) {
            reader.refuse("callbackUrl", reason)
            return nil
        }
        return Reporting(url: url, method: method)
    }
}
