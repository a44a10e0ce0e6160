// SPDX-License-Identifier: Apache-2.0
// WhatsApp's calls: the handshake that proves to it that the URL is ours, and notifications, whose signature is checked
// on the bytes before anything of them is read.

internal import Crypto
internal import Logging
public import Messaging
internal import Wire

extension WhatsAppConnector {
    public func read(_ request: ProviderRequest) -> ProviderReading {
        switch request.method {
        case "GET": .answer(handshake(request))
        case "POST": notification(request)
        default: .answer(ProviderAnswer(status: 405))
        }
    }

    private func handshake(_ request: ProviderRequest) -> ProviderAnswer {
        func parameter(_ name: String) -> String? { request.query.first { $0.name == name }?.value }
        guard parameter("hub.mode") == "subscribe", let token = options.credentials.verifyToken,
            let given = parameter("hub.verify_token"), WhatsAppSignature.isEqual(given, token),
            let challenge = parameter("hub.challenge")
        else { return ProviderAnswer(status: 403) }
        return ProviderAnswer(status: 200, body: Array(challenge.utf8))
    }

    private func notification(_ request: ProviderRequest) -> ProviderReading {
        guard let secret = options.credentials.appSecret,
            let signature = request.headers[WhatsAppSignature.header],
            WhatsAppSignature.isValid(signature, of: request.body, secret: secret)
        else { return .answer(ProviderAnswer(status: 403)) }
        let now = environment.clock()
        client.note(.received, "webhook", status: nil, body: request.body)
        let reading = WhatsAppWebhook(connectorID: id, now: now).events(in: request.body)
        if reading.unreadable > 0 {
            // Asking for it again would bring the same bytes.
            logger.warning("unreadable entries in a webhook", metadata: ["entries": "\(reading.unreadable)"])
        }
        return .events(reading.events, then: ProviderAnswer(status: 200))
    }
}

/// `X-Hub-Signature-256: sha256=<64 hexadecimal digits>`: HMAC-SHA256 of the body, keyed with the app's secret.
enum WhatsAppSignature {
    /// By lower-case name, as `ProviderRequest` has it.
    static let header = "x-hub-signature-256"
    private static let scheme = "sha256="

    static func sign(_ body: [UInt8], secret: String) -> String {
        scheme + Hex.encode(HMAC<SHA256>.authenticationCode(for: body, using: key(secret)))
    }

    /// Whether `signature` is the one of these bytes; takes the same time for every wrong one.
    static func isValid(_ signature: String, of body: [UInt8], secret: String) -> Bool {
        guard signature.hasPrefix(scheme), let code = Hex.decode(signature.dropFirst(scheme.count)), code.count == 32
        else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: body, using: key(secret))
    }

    /// Compares two secrets in a time that does not tell how far they agree.
    static func isEqual(_ left: String, _ right: String) -> Bool {
        let random = SymmetricKey(size: .bits256)
        let code = HMAC<SHA256>.authenticationCode(for: Array(left.utf8), using: random)
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Array(right.utf8), using: random)
    }

    private static func key(_ secret: String) -> SymmetricKey { SymmetricKey(data: Array(secret.utf8)) }
}
