// SPDX-License-Identifier: Apache-2.0
// The other direction: callbacks, whose signature is checked on the bytes before anything is read, and where a bot's
// are to go. Viber calls the address while it is being set and takes it only if that is answered, so setting it is
// tried until it succeeds.

internal import Logging
public import Messaging
internal import Wire

extension ViberConnector {
    public func read(_ request: ProviderRequest) -> ProviderReading {
        guard request.method == "POST" else { return .answer(ProviderAnswer(status: 405)) }
        let signature = Self.signature(of: request)
        let isSigned = signature.map { ViberSignature.isValid($0, of: request.body, token: options.token) } ?? false
        // A signature that is there and wrong is refused in any case.
        guard isSigned || (signature == nil && takesUnsigned) else {
            logger.warning("a callback without Viber's signature was refused")
            return .answer(ProviderAnswer(status: 403))
        }
        client.note(.received, "callback", status: nil, body: request.body)
        let accepted = ProviderAnswer(status: 200)
        guard let event = event(in: request.body, isTrusted: isSigned) else { return .answer(accepted) }
        return .events([event], then: accepted)
    }

    /// Viber writes it into a header, and for a bot also into a parameter.
    private static func signature(of request: ProviderRequest) -> String? {
        request.headers[ViberSignature.header] ?? request.query.first { $0.name == "sig" }?.value
    }

    private var takesUnsigned: Bool {
        guard case .business(let business) = options.service else { return false }
        return business.takesUnsignedCallbacks
    }

    private func event(in body: [UInt8], isTrusted: Bool) -> ConnectorEvent? {
        let now = environment.clock()
        switch options.service {
        case .business(let business):
            return ViberBusinessCallback(connectorID: id, serviceID: business.serviceID, isTrusted: isTrusted)
                .event(in: body, now: now)
        case .bot(let bot):
            return ViberBotCallback(connectorID: id, account: bot.account).event(in: body, now: now)
        }
    }

    // MARK: Where a bot's callbacks go

    /// Everything but the events that cannot be turned off.
    private static let eventTypes = [
        "delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started",
    ]

    static func webhookRequest(_ url: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("url", url)
            writer.member("event_types", array: { writer in for type in eventTypes { writer.string(type) } })
            writer.member("send_name", true)
            writer.member("send_photo", false)
        }
        return writer.bytes
    }

    func setWebhook(_ url: String) async {
        var pause = Duration.milliseconds(200)
        while !Task.isCancelled {
            let result = await post(options.baseURL + "/pa/set_webhook", Self.webhookRequest(url), what: "set_webhook")
            guard let refusal = Self.refusal(of: result) else { return logger.info("Viber's callbacks come here") }
            logger.warning("Viber's webhook is not set", metadata: ["reason": "\(refusal)"])
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(300))
        }
    }

    /// Why an address was not taken; nil when it was.
    static func refusal(of result: ProviderResult) -> String? {
        switch result {
        case .notSent(let reason), .unanswered(let reason): return reason
        case .answered(let reply):
            guard let answer = try? JSONValue(parsing: reply.body), let status = answer["status"]?.int64 else {
                return "Viber answers \(reply.status)"
            }
            return status == 0 ? nil : ViberBotStatus.words[status] ?? "status \(status)"
        }
    }
}
