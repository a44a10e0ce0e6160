// SPDX-License-Identifier: Apache-2.0
// Turns received parts into messages: a part of a longer message waits in the database for the others, ten minutes at the
// most; then what is missing is marked in the text.

public import Accounts
internal import SMSText
internal import SQL
internal import Wire

struct InboundWriter {
    private let writer: ProgressWriter
    private let directory: Directory
    private var result: ProgressWriter.Result
    private var rendered: [(key: MessageKey, rendered: RenderedDelivery)] = []
    private let channelsByID: [Int64: MessagingChannel]

    init(writer: ProgressWriter, directory: Directory, result: ProgressWriter.Result = ProgressWriter.Result()) {
        self.writer = writer
        self.directory = directory
        self.result = result
        channelsByID = Dictionary(uniqueKeysWithValues: directory.channels.values.map { ($0.id, $0) })
    }

    /// Stores one arrival, unless it is there already.
    mutating func store(_ part: InboundPart, isInDoubt: Bool) throws -> IntakeAnswer {
        let address = ChannelAddress(kind: part.kind, address: part.recipient)
        guard let channel = directory.channels[address] else { return .unknownRecipient }
        let inbound = InboundStore(writer.transaction)
        guard try inbound.noteArrival(part, isInDoubt: isInDoubt, now: writer.now) else { return .stored }
        let id = UUIDv7.next(now: writer.now).description
        guard let concatenation = part.concatenation, concatenation.total > 1 else {
            let content = InboundContent(number: 1, id: id, sentAt: part.sentAt ?? writer.now)
            try deliver(text: part.content.text, contents: [content], size: 1, sender: part.sender, channel: channel)
            return .stored
        }
        if try !inbound.insert(part, of: concatenation, channelID: channel.id, providerID: id, now: writer.now) {
            // The sender has come round to the same reference: what waited under it will not be completed any more.
            try release(
                inbound.parts(
                    channelID: channel.id, sender: part.sender, reference: concatenation.reference,
                    total: concatenation.total), channel: channel)
            _ = try inbound.insert(part, of: concatenation, channelID: channel.id, providerID: id, now: writer.now)
        }
        let parts = try inbound.parts(
            channelID: channel.id, sender: part.sender, reference: concatenation.reference, total: concatenation.total)
        if parts.count == concatenation.total { try release(parts, channel: channel) }
        return .stored
    }

    /// Makes messages of parts whose others did not come in time.
    mutating func releaseOverdue(before instant: Milliseconds, limit: Int) throws -> Int {
        let inbound = InboundStore(writer.transaction)
        let overdue = try inbound.overdue(before: instant, limit: limit)
        for parts in overdue {
            guard let channel = parts.first.flatMap({ channelsByID[$0.channelID] }) else {
                try inbound.remove(parts)
                continue
            }
            try release(parts, channel: channel)
        }
        return overdue.count
    }

    /// Stores the deliveries of everything that was made.
    mutating func finish() throws -> ProgressWriter.Result {
        let room = max(0, writer.deliveryRoom - result.deliveries.count)
        let leased = min(room, rendered.count)
        result.deliveries += try DeliveryStore(writer.transaction).insert(
            rendered, leased: leased, lease: writer.lease, now: writer.now)
        result.leftDeliveries += rendered.count - leased
        result.accounts.formUnion(rendered.compactMap(\.rendered.accountID))
        return result
    }

    private mutating func release(_ parts: [StoredInboundPart], channel: MessagingChannel) throws {
        guard let first = parts.first else { return }
        try InboundStore(writer.transaction).remove(parts)
        let text = Reassembly.text(
            of: parts.map { part in
                let content = part.content
                return Reassembly.Part(
                    sequence: part.number,
                    content: .octets(content.octets, dataCoding: content.dataCoding, header: content.header))
            }, total: first.total, defaultAlphabet: first.content.alphabet)
        try deliver(
            text: text,
            contents: parts.map { InboundContent(number: $0.number, id: $0.providerID, sentAt: $0.sentAt) },
            size: first.total, sender: first.sender, channel: channel)
    }

    private mutating func deliver(
        text: String, contents: [InboundContent], size: Int, sender: String, channel: MessagingChannel
    ) throws {
        let now = writer.now
        var message = Message(
            companyID: channel.companyID, id: UUIDv7.next(now: now), surface: .sms, kind: channel.kind, sender: sender,
            recipient: channel.address, content: .sms(SMSContent(inboundText: text)), size: size, gateway: "",
            createdAt: now, expiresAt: now)
        message.direction = .inbound
        message.status = .delivered
        message.doneAt = now
        let price = directory.prices.price(
            for: sender, direction: .inbound, companyID: channel.companyID, now: now)
        message.quote = price.map(Quote.init(_:))
        try deliver(message, from: [Identity(.phone, sender)], name: nil, contents: contents, channel: channel)
    }

    /// Stores a whole message with its contact and its conversation, and tells whoever wants to know.
    private mutating func deliver(
        _ message: Message, from identities: [Identity], name: String?, contents: [InboundContent],
        channel: MessagingChannel
    ) throws {
        let now = writer.now
        var message = message
        message.eraseAt = channel.settings.dataRetentionInDays.map { now + Int64($0) * 86_400_000 }
        let conversations = ConversationStore(writer.transaction)
        let contact = try conversations.contact(identities, name: name, companyID: channel.companyID, now: now)
        message.conversationID = try conversations.note(
            .inbound, contactID: contact, channelID: channel.id, companyID: channel.companyID, now: now)
        let messages = MessageStore(writer.transaction)
        try messages.insert([message])
        try messages.appendEvents([
            Event(
                key: message.key, kind: .received, at: now,
                channel: message.surface.namesChannels ? message.kind : nil)
        ])
        try InboundStore(writer.transaction).insertContents(contents, of: message.key)
        result.received.append(message.kind)
        for renderer in writer.renderers.values {
            rendered += renderer.inboundMessages(message, contents: contents, channel: channel)
                .map { (message.key, $0) }
        }
    }
}

// Messages of chat channels.
extension InboundWriter {
    /// Stores a whole message, unless its provider has sent it before.
    mutating func store(_ inbound: InboundMessage) throws -> IntakeAnswer {
        let address = ChannelAddress(kind: inbound.kind, address: inbound.recipient)
        guard let channel = directory.channels[address] else { return .unknownRecipient }
        let now = writer.now
        // The echo of a message has the id of the message (each direction has its own ids).
        let id = inbound.kind == .echo ? UUIDv7(inbound.providerID) ?? .next(now: now) : .next(now: now)
        let ids = InboundIDStore(writer.transaction)
        let key = MessageKey(companyID: channel.companyID, id: id)
        guard try ids.note(inbound.providerID, channelID: channel.id, key: key, now: now) else { return .stored }
        var content = inbound.content
        try resolveReferences(of: &content, inbound, ids: ids)
        if let media = inbound.media {
            let mediaID = try MediaStore(writer.transaction).noteInbound(
                media, connectorID: inbound.connectorID, companyID: channel.companyID, now: now)
            content.body.setMedia(mediaID.description)
        }
        var message = Message(
            companyID: channel.companyID, id: id, surface: .none, kind: inbound.kind, sender: inbound.sender[0].value,
            recipient: channel.address, content: .rich(content), size: 1, gateway: "", createdAt: now, expiresAt: now)
        message.direction = .inbound
        message.status = .delivered
        message.doneAt = now
        let contents = [InboundContent(number: 1, id: inbound.providerID, sentAt: inbound.sentAt)]
        try deliver(
            message, from: inbound.sender, name: content.inbound?.senderName, contents: contents, channel: channel)
        return .stored
    }

    /// A message of ours is named by our id in what answers it, not by the provider's.
    private func resolveReferences(
        of content: inout RichContent, _ inbound: InboundMessage, ids: InboundIDStore
    ) throws {
        if let reference = content.inbound?.repliesTo,
            let ours = try ids.outbound(reference, connectorID: inbound.connectorID)
        {
            content.inbound?.repliesTo = ours.description
        }
        if case .reaction(var reaction) = content.body,
            let ours = try ids.outbound(reaction.messageId, connectorID: inbound.connectorID)
        {
            reaction.messageId = ours.description
            content.body = .reaction(reaction)
        }
    }

    /// Erases what a customer has taken back, and tells of it.
    mutating func store(_ deletion: InboundDeletion) throws -> IntakeAnswer {
        let address = ChannelAddress(kind: deletion.kind, address: deletion.recipient)
        guard let channel = directory.channels[address] else { return .unknownRecipient }
        let messages = MessageStore(writer.transaction)
        // A withdrawal of what never came says nothing.
        guard let key = try InboundIDStore(writer.transaction).inbound(deletion.providerID, channelID: channel.id),
            let (message, _) = try messages.find(key, direction: .inbound), message.status != .deleted
        else { return .stored }
        try messages.withdraw(key)
        try messages.appendEvents([Event(key: key, kind: .withdrawn, at: deletion.at, channel: deletion.kind)])
        for renderer in writer.renderers.values {
            if let report = renderer.deletionReport(message, deletion: deletion, channel: channel) {
                rendered.append((key, report))
            }
        }
        return .stored
    }
}

extension Quote {
    /// What a row of the price table charges.
    public init(_ price: Price) {
        self.init(
            amount: price.amount, currency: price.currency, effectiveFrom: price.effectiveFrom,
            mccmnc: price.mcc + price.mnc, ttid: price.ttid)
    }
}
