// SPDX-License-Identifier: Apache-2.0
// The bodies of Meta's webhooks: one entry with one change of the field `messages`.

internal import Wire

/// A message that was taken, as its statuses need it.
struct GraphSent: Sendable {
    var id: String
    var phoneNumberID: String
    var message: GraphMessage
    var takenAt: Milliseconds
    /// Until when the customer-care window is open.
    var windowEnd: Milliseconds?
    var namesUserIDs: Bool
}

enum GraphStatus: Hashable, Sendable {
    case sent, delivered, read
    case failed(GraphError)

    var name: String {
        switch self {
        case .sent: "sent"
        case .delivered: "delivered"
        case .read: "read"
        case .failed: "failed"
        }
    }
}

struct GraphWebhooks {
    var account: GraphSimulator.Account
    var number: GraphSimulator.PhoneNumber

    func envelope(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        var value: [String: JSONValue] = [
            "messaging_product": .string("whatsapp"),
            "metadata": .members([
                "display_phone_number": .string(number.number), "phone_number_id": .string(number.id),
            ]),
        ]
        for (name, member) in members { value[name] = member }
        return .members([
            "object": .string("whatsapp_business_account"),
            "entry": .array([
                .members([
                    "id": .string(account.id),
                    "changes": .array([.members(["value": .object(value), "field": .string("messages")])]),
                ])
            ]),
        ])
    }

    func status(_ status: GraphStatus, of sent: GraphSent, now: Milliseconds) -> JSONValue {
        let (waID, userID) = identities(of: sent)
        var isPriced = false
        if case .sent = status { isPriced = true }
        if case .delivered = status { isPriced = true }
        var errors: JSONValue?
        if case .failed(let error) = status { errors = .array([error.inStatus]) }
        return envelope([
            "contacts": userID == nil
                ? nil : .array([.members(["wa_id": .optional(waID), "user_id": .optional(userID)])]),
            "statuses": .array([
                .members([
                    "id": .string(sent.id), "status": .string(status.name), "timestamp": .string(String(now / 1000)),
                    "recipient_id": .optional(waID), "recipient_user_id": .optional(userID),
                    "biz_opaque_callback_data": .optional(sent.message.callbackData),
                    "conversation": isPriced ? conversation(of: sent, waID ?? userID ?? "") : nil,
                    "pricing": isPriced ? pricing(of: sent) : nil, "errors": errors,
                ])
            ]),
        ])
    }

    private func identities(of sent: GraphSent) -> (waID: String?, userID: String?) {
        sent.message.isUserID
            ? (nil, sent.message.recipient)
            : (
                sent.message.recipient,
                sent.namesUserIDs ? GraphCustomers.userID(of: sent.message.recipient) : nil
            )
    }

    private func conversation(of sent: GraphSent, _ customer: String) -> JSONValue {
        let end = sent.windowEnd ?? sent.takenAt + GraphCustomers.window
        let id = Signature.sha256(Array("\(number.id)/\(customer)/\(end)".utf8)).prefix(32)
        return .members([
            "id": .string(String(id)), "expiration_timestamp": .string(String(end / 1000)),
            "origin": .members(["type": .string(sent.message.category)]),
        ])
    }

    /// Per-message pricing: what is said inside the window is free, marketing never is.
    private func pricing(of sent: GraphSent) -> JSONValue {
        let category = sent.message.category
        let isFree = category == "service" || category == "utility" && sent.windowEnd != nil
        return .members([
            "billable": .bool(!isFree), "pricing_model": .string("PMP"), "category": .string(category),
            "type": .string(isFree ? "free_customer_service" : "regular"),
        ])
    }

    /// A message of a customer.
    func message(
        id: String, from customer: GraphSimulator.Customer, type: String, content: JSONValue,
        extras: GraphSimulator.Extras, namesUserIDs: Bool, now: Milliseconds
    ) -> JSONValue {
        let userID = customer.userID ?? (namesUserIDs ? customer.effectiveUserID : nil)
        var message: [String: JSONValue] = [
            "id": .string(id), "timestamp": .string(String(now / 1000)), "type": .string(type), type: content,
        ]
        message["from"] = .optional(customer.waID)
        message["from_user_id"] = .optional(userID)
        message["context"] = context(extras, customer)
        message["referral"] = extras.referral
        if type == "unsupported" {
            message["errors"] = .array([
                .members([
                    "code": .integer(131051), "title": .string("Message type unknown"),
                    "message": .string("Message type unknown"),
                    "error_data": .members(["details": .string("Message type is currently not supported.")]),
                ])
            ])
        }
        return envelope([
            "contacts": .array([
                .members([
                    "profile": .members([
                        "name": .string(customer.name), "username": .optional(customer.username),
                    ]),
                    "wa_id": .optional(customer.waID), "user_id": .optional(userID),
                ])
            ]),
            "messages": .array([.object(message)]),
        ])
    }

    private func context(_ extras: GraphSimulator.Extras, _ customer: GraphSimulator.Customer) -> JSONValue? {
        let context = JSONValue.members([
            "from": extras.repliesTo == nil && extras.product == nil ? nil : .string(number.number),
            "id": .optional(extras.repliesTo), "forwarded": extras.isForwarded ? .bool(true) : nil,
            "frequently_forwarded": extras.isFrequentlyForwarded ? .bool(true) : nil,
            "referred_product": extras.product.map {
                .members(["catalog_id": .string($0.catalogID), "product_retailer_id": .string($0.productID)])
            },
        ])
        return context == .object([:]) ? nil : context
    }

    /// The deletion of a message that a customer wrote.
    func deletion(of id: String, by customer: GraphSimulator.Customer, now: Milliseconds) -> JSONValue {
        envelope([
            "statuses": .array([
                .members([
                    "id": .string(id), "status": .string("deleted"), "timestamp": .string(String(now / 1000)),
                    "recipient_id": .optional(customer.waID), "recipient_user_id": .optional(customer.userID),
                ])
            ])
        ])
    }
}
