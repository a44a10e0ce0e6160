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
        let messages = MessageStore(writer.transaction)
        try messages.insert([message])
        try messages.appendEvents([Event(key: message.key, kind: .received, at: now)])
        try InboundStore(writer.transaction).insertContents(contents, of: message.key)
        result.received.append(message.kind)
        for renderer in writer.renderers.values {
            rendered += renderer.inboundMessages(message, contents: contents, channel: channel)
                .map { (message.key, $0) }
        }
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
