// SPDX-License-Identifier: Apache-2.0
// What the simulated handsets show: parts joined, the newest messages of the newest handsets kept.

internal import NIOCore
internal import SMPP
internal import SMSText
internal import Wire

struct HandsetInboxes: Sendable {
    private struct Conversation: Hashable {
        var sender: String
        var recipient: String
        var reference: UInt16
        var total: Int
    }

    /// Messages of which parts are missing; more of them push out the oldest.
    static let incompleteLimit = 1000

    let messageLimit: Int
    let handsetLimit: Int
    let defaultAlphabet: DefaultAlphabet
    private var inboxes: [String: CircularBuffer<SMSCSimulator.HandsetMessage>] = [:]
    private var handsets = CircularBuffer<String>()
    private var incomplete: [Conversation: [Reassembly.Part]] = [:]
    private var waiting = CircularBuffer<Conversation>()

    init(messageLimit: Int, handsetLimit: Int, defaultAlphabet: DefaultAlphabet) {
        self.messageLimit = max(1, messageLimit)
        self.handsetLimit = max(1, handsetLimit)
        self.defaultAlphabet = defaultAlphabet
    }

    /// The handset's messages, oldest first.
    func messages(for handset: String) -> [SMSCSimulator.HandsetMessage] {
        inboxes[Self.digits(handset)].map(Array.init) ?? []
    }

    /// Takes a message or a part; returns the message that is whole now.
    mutating func receive(_ message: StoredMessage) -> SMSCSimulator.HandsetMessage? {
        let (header, userData) = message.content.split
        let coding = message.content.dataCoding
        let place = header?.concatenation ?? message.content.sar.map { ($0.reference, $0.total, $0.sequence) }
        let part = Reassembly.Part(
            sequence: place?.2 ?? 1, content: .octets(userData, dataCoding: coding, header: header))
        let conversation = Conversation(
            sender: message.source.value, recipient: Self.digits(message.destination.value),
            reference: place?.0 ?? 0, total: place?.1 ?? 1)
        guard let parts = collect(part, of: conversation) else { return nil }
        let text = Reassembly.text(of: parts, total: conversation.total, defaultAlphabet: defaultAlphabet)
        let whole = SMSCSimulator.HandsetMessage(
            sender: conversation.sender, recipient: conversation.recipient, text: text, parts: conversation.total,
            dataCoding: coding, receivedAt: message.finishedAt ?? message.acceptedAt)
        keep(whole)
        return whole
    }

    /// All parts, once they are there.
    private mutating func collect(_ part: Reassembly.Part, of conversation: Conversation) -> [Reassembly.Part]? {
        guard conversation.total > 1 else { return [part] }
        if incomplete[conversation] == nil { waiting.append(conversation) }
        var parts = incomplete[conversation] ?? []
        if !parts.contains(where: { $0.sequence == part.sequence }) { parts.append(part) }
        guard parts.count >= conversation.total else {
            incomplete[conversation] = parts
            if waiting.count > Self.incompleteLimit { incomplete[waiting.removeFirst()] = nil }
            return nil
        }
        incomplete[conversation] = nil
        if let index = waiting.firstIndex(of: conversation) { waiting.remove(at: index) }
        return parts
    }

    private mutating func keep(_ message: SMSCSimulator.HandsetMessage) {
        if inboxes[message.recipient] == nil {
            handsets.append(message.recipient)
            if handsets.count > handsetLimit { inboxes[handsets.removeFirst()] = nil }
        }
        inboxes[message.recipient, default: CircularBuffer()].append(message)
        if inboxes[message.recipient]?.count ?? 0 > messageLimit { inboxes[message.recipient]?.removeFirst() }
    }

    static func digits(_ number: String) -> String {
        number.hasPrefix("+") ? String(number.dropFirst()) : number
    }
}
