// SPDX-License-Identifier: Apache-2.0
// What is stored of a delivery to an SMPP client: the facts, not the octets, because which session will take it, and in
// which alphabet, is known only then.
//
//   {"kind":"receipt","id":"18c2…","from":"491701234567","fromForm":"1.1","to":"Acme","toForm":"5.0","state":2,
//    "error":0,"size":1,"submitted":1768478400000,"done":1768478405000,"text":"Hello","reference":7}
//   {"kind":"message","id":"0197…","from":"491701234567","to":"49301234567","text":"Hi"}

internal import Messaging
internal import SMPP
internal import Wire

enum DeliveryBody: Equatable {
    case receipt(ReceiptFacts)
    case message(InboundFacts)
}

/// A receipt, before it is written.
struct ReceiptFacts: Equatable {
    /// As the client knows the message.
    var id: String
    /// The recipient of the message, and its sender.
    var source: Address
    var destination: Address
    var state: MessageState
    /// Of the GSM error list; 0 for none.
    var error: UInt16
    /// How many parts the message has.
    var size: Int
    var submittedAt: Milliseconds
    var doneAt: Milliseconds
    var text: String
    /// user_message_reference of the submit.
    var reference: UInt16?
}

/// An inbound message, before it is written.
struct InboundFacts: Equatable {
    var id: MessageID
    var sender: String
    var recipient: String
    var text: String
}

extension DeliveryBody {
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        switch self {
        case .receipt(let facts): writer.object(facts.write)
        case .message(let facts): writer.object(facts.write)
        }
        return writer.bytes
    }

    /// Reads what `json` writes; nil for anything else.
    init?(json: [UInt8]) {
        guard let value = try? JSONValue(parsing: json) else { return nil }
        switch value["kind"]?.string {
        case "receipt":
            guard let facts = ReceiptFacts(value) else { return nil }
            self = .receipt(facts)
        case "message":
            guard let facts = InboundFacts(value) else { return nil }
            self = .message(facts)
        default: return nil
        }
    }
}

extension ReceiptFacts {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("kind", "receipt")
        writer.member("id", id)
        writer.member("from", source.value)
        writer.member("fromForm", Self.form(of: source))
        writer.member("to", destination.value)
        writer.member("toForm", Self.form(of: destination))
        writer.member("state", Int(state.rawValue))
        writer.member("error", Int(error))
        writer.member("size", size)
        writer.member("submitted", submittedAt)
        writer.member("done", doneAt)
        writer.member("text", text)
        if let reference { writer.member("reference", Int(reference)) }
    }

    fileprivate init?(_ json: JSONValue) {
        guard let id = json["id"]?.string, let source = Self.address(json, "from", "fromForm"),
            let destination = Self.address(json, "to", "toForm"),
            let state = json["state"]?.int64.flatMap({ UInt8(exactly: $0) }).flatMap(MessageState.init(rawValue:)),
            let error = json["error"]?.int64.flatMap({ UInt16(exactly: $0) }),
            let size = json["size"]?.int64.flatMap({ Int(exactly: $0) }),
            let submittedAt = json["submitted"]?.int64, let doneAt = json["done"]?.int64,
            let text = json["text"]?.string
        else { return nil }
        self.init(
            id: id, source: source, destination: destination, state: state, error: error, size: size,
            submittedAt: submittedAt, doneAt: doneAt, text: text,
            reference: json["reference"]?.int64.flatMap { UInt16(exactly: $0) })
    }

    private static func form(of address: Address) -> String { "\(address.ton.rawValue).\(address.npi.rawValue)" }

    private static func address(_ json: JSONValue, _ name: String, _ form: String) -> Address? {
        let numbers = (json[form]?.string ?? "").split(separator: ".").map { UInt8($0) }
        guard let value = json[name]?.string, numbers.count == 2, let ton = numbers[0], let npi = numbers[1] else {
            return nil
        }
        return Address(ton: TypeOfNumber(rawValue: ton), npi: NumberingPlan(rawValue: npi), value: value)
    }
}

extension InboundFacts {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("kind", "message")
        writer.member("id", id.description)
        writer.member("from", sender)
        writer.member("to", recipient)
        writer.member("text", text)
    }

    fileprivate init?(_ json: JSONValue) {
        guard let id = json["id"]?.string.flatMap({ MessageID($0) }), let sender = json["from"]?.string,
            let recipient = json["to"]?.string, let text = json["text"]?.string
        else { return nil }
        self.init(id: id, sender: sender, recipient: recipient, text: text)
    }
}
