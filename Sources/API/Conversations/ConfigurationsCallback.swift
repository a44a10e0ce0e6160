// SPDX-License-Identifier: Apache-2.0
// Callback settings as the Conversations API reads and shows them. What a request leaves out is not set: a channel then
// has what the account says.

internal import Messaging
internal import Wire

extension CallbackSettings {
    private static let mostEvents = 50

    /// Reads a callback; what is wrong is noted in `body`. A signature and a header are the account's alone, and an
    /// empty one is none. `refusal` says why a URL cannot be called.
    init(_ body: BodyReader, isAccount: Bool, refusal: (String) -> String?) {
        self.init()
        callbackVersion = body.choice("callbackVersion")
        inboundMessageUrl = Self.url("inboundMessageUrl", body, refusal)
        messageStatusUrl = Self.url("messageStatusUrl", body, refusal)
        eventFilter = Self.eventFilter(body)
        if isAccount {
            signature = Self.signature(body["signature"])
            header = Self.header(body["header"])
        }
    }

    private static func url(_ name: String, _ body: BodyReader, _ refusal: (String) -> String?) -> String? {
        guard let url = body.url(name) else { return nil }
        if let reason = refusal(url) { body.refuse(name, reason) }
        return url
    }

    private static func eventFilter(_ body: BodyReader) -> [String]? {
        guard body.has("eventFilter") else { return nil }
        var events: [String] = []
        for element in body.array("eventFilter", count: 0...mostEvents) {
            if !element.exists { element.refuse("is required") }
            guard let event = element.text() else { continue }
            if !Self.events.contains(event) {
                element.refuse("must be one of \(Self.events.joined(separator: ", "))")
            } else if !events.contains(event) {
                events.append(event)
            }
        }
        return events
    }

    private static func signature(_ place: BodyReader) -> Signature? {
        guard !isEmpty(place, of: ["secret", "method"]), let object = place.asObject() else { return nil }
        let secret = object.requiredText("secret", length: secretLengths)
        let word = object.requiredWord("method", among: Signature.Method.allCases.map(\.rawValue))
        return word.flatMap(Signature.Method.init).map { Signature(secret: secret, method: $0) }
    }

    private static func header(_ place: BodyReader) -> Header? {
        guard !isEmpty(place, of: ["key", "value"]), let object = place.asObject() else { return nil }
        let key = object.requiredText("key", length: headerKeyLengths)
        let value = object.requiredText("value", length: headerValueLengths)
        if let reason = refusal(ofHeaderKey: key) { object.refuse("key", reason) }
        if let reason = refusal(ofHeaderValue: value) { object.refuse("value", reason) }
        return Header(key: key, value: value)
    }

    /// Whether nothing is set: no value, `""`, or an object whose first member is missing or `""`.
    private static func isEmpty(_ place: BodyReader, of names: [String]) -> Bool {
        switch place.value {
        case nil, .string("")?: true
        case .object?: names.allSatisfy { !place.has($0) } || place[names[0]].value == .string("")
        default: false
        }
    }

    /// Writes the members; signature and header only of an account.
    func write(to writer: inout JSONWriter, isAccount: Bool) {
        writer.member("callbackVersion", (callbackVersion ?? .standard).rawValue)
        if isAccount, let signature {
            writer.member(
                "signature",
                object: { writer in
                    writer.member("secret", signature.secret)
                    writer.member("method", signature.method.rawValue)
                })
        }
        if isAccount, let header {
            writer.member(
                "header",
                object: { writer in
                    writer.member("key", header.key)
                    writer.member("value", header.value)
                })
        }
        writer.member("inboundMessageUrl", inboundMessageUrl)
        writer.member("messageStatusUrl", messageStatusUrl)
        writer.member("eventFilter", texts: eventFilter ?? [])
    }
}
