// SPDX-License-Identifier: Apache-2.0
// The connector's translations without a connector, for checks against other implementations of WhatsApp's protocol.

internal import Messaging
public import Wire

public enum WhatsAppWire {
    /// The requests and webhooks of one line of `Tests/Support/WhatsAppProbe`, which describes both sides.
    public static func answer(_ request: JSONValue) -> String {
        if let id = request["read"]?.string {
            let json = WhatsAppConnector.readMark(id, isTyping: request["typing"]?.bool == true)
            return String(decoding: json, as: UTF8.self)
        }
        if let webhook = request["webhook"] { return events(in: webhook) }
        var content = JSONWriter()
        if let json = request["content"] { content.value(json) }
        guard let stored = MessageContent(json: content.text, kind: .whatsapp), case .rich(let rich) = stored else {
            return refused("no content")
        }
        // Every medium is where its URL says, and an id of ours is WhatsApp's.
        var media: [MediaSource: GraphMedia] = [:]
        for source in rich.body.mediaBodies.compactMap({ MediaSource($0) }) {
            switch source {
            case .own(let id): media[source] = .id(id)
            case .url(let url): media[source] = .link(url)
            }
        }
        do {
            let message = GraphMessage(
                recipient: request["recipient"]?.string ?? "", body: rich.body, media: media)
            return String(decoding: try message.json(), as: UTF8.self)
        } catch {
            return refused(error.reason)
        }
    }

    private static func refused(_ reason: String) -> String {
        var writer = JSONWriter()
        writer.object { $0.member("refused", reason) }
        return writer.text
    }

    private static func events(in webhook: JSONValue) -> String {
        var body = JSONWriter()
        body.value(webhook)
        let reading = WhatsAppWebhook(connectorID: 1, now: 0).events(in: body.bytes)
        var writer = JSONWriter()
        writer.object { writer in
            writer.member(
                "events", array: { writer in for event in reading.events { writer.string(word(event)) } })
            writer.member("unreadable", reading.unreadable)
        }
        return writer.text
    }

    private static func word(_ event: ConnectorEvent) -> String {
        switch event {
        case .receipt(let receipt): "\(receipt.state)"
        case .inbound: "part"
        case .message(let message):
            if case .postback(let postback) = message.content.body {
                postback.origin.rawValue
            } else {
                message.content.body.contentType
            }
        case .deleted: "deleted"
        }
    }
}
