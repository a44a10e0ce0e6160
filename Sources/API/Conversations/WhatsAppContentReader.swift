// SPDX-License-Identifier: Apache-2.0
// The content of a WhatsApp message: eleven types, each under a member of its own name. Templates and interactive
// messages have files of their own.

internal import Messaging
internal import Wire

/// The media that a request names by their ids, each with the place where it does; whether they exist is looked up once
/// everything else is right.
final class MediaReferences {
    private(set) var all: [(place: BodyReader, id: String)] = []

    func note(_ id: String, at place: BodyReader) { all.append((place, id)) }
}

struct WhatsAppContentReader {
    static let types = bulkTypes + ["reaction", "interactive"]
    /// What a bulk may hold.
    static let bulkTypes = [
        "text", "image", "document", "video", "audio", "sticker", "location", "contacts", "template",
    ]

    private static let textLengths = 1...4096
    private static let captionLengths = 0...4096
    private static let maximumFilenameLength = 255
    private static let maximumPlaceLength = 256

    let media: MediaReferences

    /// The body; nil with what is wrong in the reader's violations.
    func body(_ content: BodyReader, types: [String] = Self.types) -> RichBody? {
        switch content.requiredWord("contentType", among: types) {
        case "text"?: .text(text(content))
        case "image"?: medium(content, "image", hasCaption: true).map { .image($0) }
        case "document"?: medium(content, "document", hasCaption: true, hasFilename: true).map { .document($0) }
        case "video"?: medium(content, "video", hasCaption: true).map { .video($0) }
        case "audio"?: medium(content, "audio").map { .audio($0) }
        case "sticker"?: medium(content, "sticker").map { .sticker($0) }
        case "location"?: location(content).map { .location($0) }
        case "reaction"?: reaction(content).map { .reaction($0) }
        case "contacts"?: .contacts(contacts(content))
        case "template"?: template(content).map { .template($0) }
        case "interactive"?: interactive(content).map { .interactive($0) }
        default: nil
        }
    }

    private func text(_ content: BodyReader) -> TextBody {
        TextBody(
            content.requiredText("text", length: Self.textLengths), renderUrlPreview: content.flag("renderUrlPreview"))
    }

    /// A medium, by its URL or by the id of one that was uploaded.
    func medium(
        _ content: BodyReader, _ name: String, hasCaption: Bool = false, hasFilename: Bool = false
    ) -> MediaBody? {
        guard let member = content.requiredObject(name) else { return nil }
        if member.has("url") == member.has("mediaId") { member.refuse("must have either url or mediaId") }
        var medium = MediaBody(url: member.url("url"), mediaId: member.uuid("mediaId"))
        if let id = medium.mediaId { media.note(id, at: member["mediaId"]) }
        if hasCaption { medium.caption = member.text("caption", length: Self.captionLengths) }
        if hasFilename { medium.filename = member.text("filename", length: 1...Self.maximumFilenameLength) }
        return medium
    }

    func location(_ content: BodyReader) -> Location? {
        guard let member = content.requiredObject("location") else { return nil }
        return Location(
            longitude: member.requiredNumber("longitude", in: -180...180),
            latitude: member.requiredNumber("latitude", in: -90...90),
            name: member.text("name", length: 0...Self.maximumPlaceLength),
            address: member.text("address", length: 0...Self.maximumPlaceLength))
    }

    private func reaction(_ content: BodyReader) -> Reaction? {
        guard let member = content.requiredObject("reaction") else { return nil }
        // One character as people count them: many an emoji is made of several scalars.
        let emoji = member.requiredText("emoji", length: 0...64)
        if emoji.count > 1 { member.refuse("emoji", "must have at most 1 character") }
        return Reaction(messageId: member.requiredText("messageId", length: 1...512), emoji: emoji)
    }
}

// MARK: Contacts

extension WhatsAppContentReader {
    /// As many as WhatsApp takes in one message.
    private static let contactCounts = 1...257
    private static let entryCounts = 0...50

    private func contacts(_ content: BodyReader) -> [ContactCard] {
        content.requiredArray("contacts", count: Self.contactCounts).map { contact($0) }
    }

    private func contact(_ reader: BodyReader) -> ContactCard {
        var card = ContactCard()
        guard let reader = reader.required() else { return card }
        card.birthday = birthday(reader)
        card.name = name(reader)
        card.addresses = entries(reader, "addresses", address)
        card.emails = entries(reader, "emails") { .init(email: $0.text("email"), type: $0.text("type")) }
        card.ims = entries(reader, "ims") { .init(service: $0.text("service"), userId: $0.text("userId")) }
        card.phones = entries(reader, "phones") { .init(phone: $0.text("phone"), type: $0.text("type")) }
        card.urls = entries(reader, "urls") { .init(url: $0.text("url"), type: $0.text("type")) }
        card.org = reader.object("org").map { member in
            var org = ContactCard.Organisation()
            org.company = member.text("company")
            org.department = member.text("department")
            org.title = member.text("title")
            return org
        }
        return card
    }

    private func entries<Entry>(
        _ reader: BodyReader, _ name: String, _ read: (BodyReader) -> Entry
    ) -> [Entry]? {
        guard reader.has(name) else { return nil }
        return reader.array(name, count: Self.entryCounts).compactMap { $0.required().map(read) }
    }

    private func birthday(_ reader: BodyReader) -> String? {
        guard let text = reader.text("birthday") else { return nil }
        if text.utf8.count == 10, Timestamp.parse(text + "T00:00:00Z") != nil { return text }
        reader.refuse("birthday", "must be a date such as 1987-01-31")
        return nil
    }

    /// WhatsApp wants one part of a name beside the whole.
    private func name(_ reader: BodyReader) -> ContactCard.Name? {
        guard let member = reader.requiredObject("name") else { return nil }
        var name = ContactCard.Name(formattedName: member.requiredText("formattedName"))
        name.prefix = member.text("prefix")
        name.firstName = member.text("firstName")
        name.middleName = member.text("middleName")
        name.lastName = member.text("lastName")
        name.suffix = member.text("suffix")
        if ["prefix", "firstName", "middleName", "lastName", "suffix"].allSatisfy({ !member.has($0) }) {
            member.refuse("must have one of prefix, firstName, middleName, lastName and suffix beside formattedName")
        }
        return name
    }

    private func address(_ reader: BodyReader) -> ContactCard.Address {
        var address = ContactCard.Address()
        address.city = reader.text("city")
        address.country = reader.text("country")
        address.countryCode = reader.text("countryCode")
        address.state = reader.text("state")
        address.street = reader.text("street")
        address.type = reader.text("type")
        address.zip = reader.text("zip")
        return address
    }
}
