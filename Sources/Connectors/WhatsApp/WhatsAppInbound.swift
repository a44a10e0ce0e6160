// SPDX-License-Identifier: Apache-2.0
// One message of a customer. Whatever WhatsApp may send is a message, of unknown content where nobody here knows its
// kind; only one without an id or a sender is none.

internal import Messaging
internal import Wire

struct WhatsAppInbound {
    let json: JSONValue
    /// Those that came with it, with the sender among them.
    let contacts: [JSONValue]
    /// Digits of the business's number.
    let recipient: String
    let connectorID: Int64
    let now: Milliseconds

    /// The event; nil when it makes no sense.
    var event: ConnectorEvent? {
        let sender = sender
        guard let id = json["id"]?.string.nonEmpty, !sender.isEmpty else { return nil }
        let at = WhatsAppWebhook.time(json["timestamp"]) ?? now
        if type == "revoke" {
            guard let original = json["revoke"]?["original_message_id"]?.string.nonEmpty else { return nil }
            return .deleted(
                InboundDeletion(
                    connectorID: connectorID, kind: .whatsapp, recipient: recipient, sender: sender,
                    providerID: original, at: at))
        }
        let said = type == "edit" ? json["edit"]?["message"] ?? json : json
        let content = WhatsAppInboundBody(json: said, type: said["type"]?.string ?? "unknown")
        return .message(
            InboundMessage(
                connectorID: connectorID, kind: .whatsapp, recipient: recipient, sender: sender, providerID: id,
                content: RichContent(content.body, inbound: facts), sentAt: at, media: content.media))
    }

    private var type: String { json["type"]?.string ?? "unknown" }

    // MARK: Who

    /// Whom it is from: the number where it is known, WhatsApp's id where that is another one, and the id of the person
    /// for this business. Of somebody who has changed number or id the new one comes first and the old one behind it.
    private var sender: [Identity] {
        let contact = contact
        var identities: [Identity] = []
        func add(_ kind: Identity.Kind, _ value: String?) {
            guard let value = value.nonEmpty, value.utf8.count <= 256,
                !identities.contains(where: { $0.value == value })
            else { return }
            identities.append(Identity(kind, value))
        }
        let system = type == "system" ? json["system"] : nil
        let changed = system?["wa_id"]?.string ?? system?["new_wa_id"]?.string
        add(.phone, changed)
        if let from = json["from"]?.string.nonEmpty {
            add(GraphMessage.isBusinessScoped(from) ? .businessScopedID : .phone, from)
        }
        add(.whatsAppID, contact?["wa_id"]?.string)
        add(.businessScopedID, system?["user_id"]?.string)
        add(.businessScopedID, json["from_user_id"]?.string)
        add(.businessScopedID, contact?["user_id"]?.string)
        add(.businessScopedID, system?["previous_user_id"]?.string)
        return identities
    }

    /// The sender's entry: the one with its id, or the only one.
    private var contact: JSONValue? {
        let from = json["from"]?.string
        let user = json["from_user_id"]?.string
        return contacts.first { contact in
            from != nil && contact["wa_id"]?.string == from || user != nil && contact["user_id"]?.string == user
        } ?? (contacts.count == 1 ? contacts.first : nil)
    }

    // MARK: What comes with it

    private var facts: InboundFacts? {
        var facts = InboundFacts()
        let context = json["context"]
        facts.repliesTo =
            (type == "edit" ? json["edit"]?["original_message_id"] : context?["id"])?.string.nonEmpty
        if context?["forwarded"]?.bool == true { facts.isForwarded = true }
        if context?["frequently_forwarded"]?.bool == true {
            facts.isForwarded = true
            facts.isFrequentlyForwarded = true
        }
        if let product = context?["referred_product"], let catalog = product["catalog_id"]?.string,
            let item = product["product_retailer_id"]?.string
        {
            facts.product = InboundFacts.Product(catalogId: catalog, productId: item)
        }
        facts.senderName = (contact?["profile"]?["name"]?.string ?? contact?["profile"]?["username"]?.string).nonEmpty
        facts.groupId = json["group_id"]?.string.nonEmpty
        facts.referral = json["referral"].flatMap(Self.referral)
        return facts == InboundFacts() ? nil : facts
    }

    /// `{"source_url": "https://fb.me/…", "source_type": "ad", "source_id": "…", "headline": "…", "body": "…",
    /// "ctwa_clid": "…"}`.
    private static func referral(_ json: JSONValue) -> InboundFacts.Referral? {
        var referral = InboundFacts.Referral()
        referral.sourceType = json["source_type"]?.string.nonEmpty
        referral.sourceId = json["source_id"]?.string.nonEmpty
        referral.sourceUrl = json["source_url"]?.string.nonEmpty
        referral.headline = json["headline"]?.string.nonEmpty
        referral.body = json["body"]?.string.nonEmpty
        referral.clickId = json["ctwa_clid"]?.string.nonEmpty
        return referral == InboundFacts.Referral() ? nil : referral
    }
}
