// SPDX-License-Identifier: Apache-2.0
// Writing as the customer in the demo: what a JSON body says becomes a message to the simulated provider.
//
//     {"from": "4915112345678", "text": "Hi"}
//     {"from": "4915112345678", "image": "<base64>", "caption": "Look", "contentType": "image/png"}
//     {"from": "4915112345678", "button": {"payload": "yes", "title": "Yes"}}
//     {"read": "wamid.…"}   {"delete": "wamid.…"}

import API
import Foundation
import Simulators
import Wire

/// A request of `POST /simulator/whatsapp` or `/simulator/viber`.
struct DemoCustomerRequest: Sendable {
    enum Act: Sendable {
        case text(String)
        case media(bytes: [UInt8], contentType: String, filename: String, caption: String?)
        case button(payload: String, title: String)
        case location(latitude: Double, longitude: Double)
        case read(String)
        case delete(String)
    }

    let from: String
    let repliesTo: String?
    let act: Act

    init(_ body: JSONValue) throws {
        func text(_ name: String) -> String? { body[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        let digits = (text("from") ?? "").filter { $0.isASCII && $0.isNumber }
        repliesTo = text("repliesTo")
        if let id = text("read") {
            act = .read(id)
        } else if let id = text("delete") {
            act = .delete(id)
        } else if let value = text("text") {
            act = .text(value)
        } else if let value = text("image") {
            guard let data = Data(base64Encoded: value) else { throw Self.refusal("image", "must be Base64") }
            act = .media(
                bytes: [UInt8](data), contentType: text("contentType") ?? "image/jpeg",
                filename: text("filename") ?? "picture.jpg", caption: text("caption"))
        } else if let button = body["button"] {
            guard let payload = button["payload"]?.string, let title = button["title"]?.string else {
                throw Self.refusal("button", "needs a payload and a title")
            }
            act = .button(payload: payload, title: title)
        } else if let place = body["location"] {
            guard let latitude = place["latitude"]?.double, let longitude = place["longitude"]?.double else {
                throw Self.refusal("location", "needs a latitude and a longitude")
            }
            act = .location(latitude: latitude, longitude: longitude)
        } else {
            throw Self.refusal("text", "or image, button, location, read or delete is required")
        }
        from = digits
        switch act {
        case .read, .delete: break
        default: if digits.isEmpty { throw Self.refusal("from", "must be the digits of a number") }
        }
    }

    private static func refusal(_ field: String, _ message: String) -> Problem {
        Problem.violations([Violation(field: field, message: message)])
    }
}

extension DemoProviders {
    /// The id that WhatsApp gave the message, and whether the node has taken it.
    func writeOnWhatsApp(_ request: DemoCustomerRequest) async throws -> (id: String, isTaken: Bool) {
        let customer = GraphSimulator.Customer(waID: request.from)
        var extras = GraphSimulator.Extras()
        extras.repliesTo = request.repliesTo
        let message: GraphSimulator.CustomerMessage
        switch request.act {
        case .read(let id):
            let done = try await whatsApp.customerReads(messageID: id)
            return (done.messageID, done.isAcknowledged)
        case .delete(let id):
            let done = try await whatsApp.customerDeletes(messageID: id)
            return (done.messageID, done.isAcknowledged)
        case .text(let text): message = .text(text)
        case .media(let bytes, let type, let filename, let caption):
            message = .media(.image, bytes: bytes, mimeType: type, caption: caption, filename: filename)
        case .button(let payload, let title): message = .buttonReply(id: payload, title: title)
        case .location(let latitude, let longitude): message = .location(latitude: latitude, longitude: longitude)
        }
        let done = try await whatsApp.customerWrites(from: customer, message, extras: extras)
        return (done.messageID, done.isAcknowledged)
    }

    /// The token that Viber gave the message, and whether the node has taken it.
    func writeOnViber(_ request: DemoCustomerRequest) async throws -> (id: String, isTaken: Bool) {
        let message: ViberSimulator.CustomerMessage
        switch request.act {
        case .read(let id):
            let done = try await viber.customerSees(messageToken: id)
            return (done.messageToken, done.isAcknowledged)
        case .delete:
            throw Problem.violations([Violation(field: "delete", message: "is not possible on Viber")])
        case .text(let text): message = .text(text)
        case .media(let bytes, let type, let filename, let caption):
            message = .picture(url: viber.hosting(bytes, mimeType: type, filename: filename), text: caption)
        case .button(let payload, let title): message = .button(text: title, payload: payload)
        case .location(let latitude, let longitude): message = .location(latitude: latitude, longitude: longitude)
        }
        let done = try await viber.customerWrites(from: request.from, message)
        return (done.messageToken, done.isAcknowledged)
    }
}
