// SPDX-License-Identifier: Apache-2.0
// The transaction in which messages are accepted: their rows, what is reserved for them, their events, their jobs.

internal import Accounts
internal import SQL
internal import Wire

extension Acceptor {
    /// What is accepted or not as one.
    struct Request: Sendable {
        let message: Message
        let following: [Message]
        let idempotency: IdempotencyClaim?

        var messages: [Message] { following.isEmpty ? [message] : [message] + following }
    }

    struct Writing {
        let transaction: Transaction
        let renderers: [Surface: any EventRenderer]
        let channels: [ChannelAddress: MessagingChannel]
        /// How many messages this node can take over at once.
        let room: Int
        let lease: Lease
        let now: Milliseconds

        func write(_ requests: [Request]) throws -> [AcceptResult] {
            let results = try requests.map(check)
            var accepted: [Message] = []
            var first: [Message] = []
            for (request, result) in zip(requests, results) where result == .accepted {
                first.append(request.message)
                if request.message.kind.isRouted && request.following.isEmpty {
                    accepted.append(retained(request.message))
                } else {
                    accepted += try request.messages.map { try joined(retained($0)) }
                }
            }
            let store = MessageStore(transaction)
            try store.insert(accepted)
            try store.appendEvents(accepted.map(event))
            var roomLeft = room
            try JobStore(transaction).insert(
                first.map { message in
                    // The same that `handOver` gives to the dispatcher.
                    let isHeld = roomLeft > 0 && Self.isImmediate(message, now: now)
                    if isHeld { roomLeft -= 1 }
                    return (message.key, message.sendAt ?? now, isHeld ? lease : 0)
                })
            try storeChains(accepted)
            try report(accepted)
            return results
        }

        static func immediate(_ messages: [Message], now: Milliseconds) -> [Message] {
            messages.filter { isImmediate($0, now: now) }
        }

        private static func isImmediate(_ message: Message, now: Milliseconds) -> Bool { (message.sendAt ?? 0) <= now }

        private func event(of message: Message) -> Event {
            Event(
                key: message.key, kind: message.status == .scheduled ? .scheduled : .accepted, at: now,
                channel: message.surface.namesChannels ? message.kind : nil)
        }

        /// A message with the days for which its channel wants content kept.
        private func retained(_ message: Message) -> Message {
            let channel = channels[ChannelAddress(kind: message.kind, address: message.sender)]
            guard let days = channel?.settings.dataRetentionInDays, channel?.companyID == message.companyID else {
                return message
            }
            var message = message
            message.extra = message.extra ?? MessageExtra()
            message.extra?.retentionDays = days
            return message
        }

        /// A message on a chat channel, with the conversation that it belongs to.
        private func joined(_ message: Message) throws -> Message {
            guard !message.kind.isRouted,
                let channel = channels[ChannelAddress(kind: message.kind, address: message.sender)]
            else { return message }
            let conversations = ConversationStore(transaction)
            let contact = try conversations.contact(
                [Identity.recipient(message.recipient, kind: message.kind)], name: nil, companyID: message.companyID,
                now: now)
            var message = message
            message.conversationID = try conversations.note(
                .outbound, contactID: contact, channelID: channel.id, companyID: message.companyID, now: now)
            return message
        }

        private func storeChains(_ messages: [Message]) throws {
            let due = messages.compactMap { message in
                message.extra?.fallbackDue(ofStep: 0, from: message.sendAt ?? now).map { (message.key, 0, $0) }
            }
            if !due.isEmpty { try FallbackStore(transaction).set(due) }
        }

        /// Tells of the acceptance where somebody asked for it.
        private func report(_ messages: [Message]) throws {
            let rendered = messages.compactMap { message -> (key: MessageKey, rendered: RenderedDelivery)? in
                guard message.surface.namesChannels else { return nil }
                return renderers[message.surface]?.acceptedReport(message).map { (message.key, $0) }
            }
            _ = try DeliveryStore(transaction).insert(rendered, leased: 0, lease: lease, now: now)
        }

        private func check(_ request: Request) throws -> AcceptResult {
            let companyID = request.message.companyID
            if let idempotency = request.idempotency {
                let result = try IdempotencyStore(transaction).claim(idempotency, companyID: companyID, now: now)
                guard result == .accepted else { return result }
            }
            if try reserve(request.messages) { return .accepted }
            // The answer "accepted" must not stand for a message that was not.
            if let idempotency = request.idempotency {
                try IdempotencyStore(transaction).forget(idempotency, companyID: companyID)
            }
            return .insufficientBalance
        }

        /// Takes the price of all the messages off the balance, or of none.
        private func reserve(_ messages: [Message]) throws -> Bool {
            let balances = BalanceStore(transaction)
            for (index, message) in messages.enumerated() where message.reserved != .zero {
                let isCovered = try balances.reserve(
                    message.reserved, companyID: message.companyID, messageID: message.id, now: now)
                guard !isCovered else { continue }
                for other in messages[..<index] where other.reserved != .zero {
                    try balances.add(
                        other.reserved, kind: .released, companyID: other.companyID, messageID: other.id, now: now)
                    try balances.settle(companyID: other.companyID, messageID: other.id, now: now)
                }
                return false
            }
            return true
        }
    }
}

extension Identity {
    /// The name under which a message's recipient is known.
    static func recipient(_ address: String, kind: ChannelKind) -> Identity {
        let isNumber = address.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return switch kind {
        case .whatsapp: Identity(isNumber ? .phone : .businessScopedID, address)
        case .viber: Identity(isNumber ? .phone : .viberID, address)
        case .sms, .mms, .echo, .voice: Identity(.phone, address)
        }
    }
}
