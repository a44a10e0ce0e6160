// SPDX-License-Identifier: Apache-2.0
// What SMPP accounts are told: receipts of the messages that they submitted, as far as they asked for them, and the
// inbound messages of their company. Rendered once, in the transaction of the event.

public import Messaging
internal import SMPP
internal import Wire

public struct SMPPEventRenderer: EventRenderer {
    /// Characters of the message in a receipt (SMPP 3.4 Appendix B).
    private static let textLength = 20

    private let directory: DirectoryCache

    public init(directory: DirectoryCache) { self.directory = directory }

    public func statusReport(_ message: Message, parts: [Part]) -> RenderedDelivery? {
        guard message.status.isTerminal, let origin = SubmitOrigin(message.reporting),
            origin.wantsReceipt(for: message.status)
        else { return nil }
        return receipt("smpp.receipt", message, origin)
    }

    public func intermediateReport(_ message: Message, parts: [Part]) -> RenderedDelivery? {
        guard let origin = SubmitOrigin(message.reporting), origin.wantsIntermediate else { return nil }
        return receipt("smpp.intermediate", message, origin)
    }

    private func receipt(_ event: String, _ message: Message, _ origin: SubmitOrigin) -> RenderedDelivery {
        let facts = ReceiptFacts(
            id: origin.idForm.text(of: origin.responseID ?? message.id),
            source: Address(
                ton: origin.destinationForm.ton, npi: origin.destinationForm.npi, value: message.recipient),
            destination: Address(ton: origin.sourceForm.ton, npi: origin.sourceForm.npi, value: message.sender),
            state: message.status.messageState,
            error: message.errorCode.flatMap { UInt16($0, radix: 16) } ?? 0, size: message.size,
            submittedAt: message.createdAt, doneAt: message.doneAt ?? message.sentAt ?? message.createdAt,
            text: Self.beginning(of: message), reference: message.reference.flatMap { UInt16($0) })
        return delivery(event, .receipt(facts), accountID: origin.accountID)
    }

    /// The first characters in ASCII, which every client can read whatever its alphabet.
    private static func beginning(of message: Message) -> String {
        guard case .sms(let content) = message.content else { return "" }
        let scalars = content.text.unicodeScalars.prefix(textLength).map { scalar -> Unicode.Scalar in
            (0x20...0x7E).contains(scalar.value) ? scalar : "?"
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    /// Each account that takes inbound messages gets one; this is the first.
    public func inboundMessage(
        _ message: Message, contents: [InboundContent], channel: MessagingChannel
    ) -> RenderedDelivery? {
        inboundMessages(message, contents: contents, channel: channel).first
    }

    public func inboundMessages(
        _ message: Message, contents: [InboundContent], channel: MessagingChannel
    ) -> [RenderedDelivery] {
        guard case .sms(let content) = message.content else { return [] }
        let accounts = directory.current.smppAccounts.values.filter {
            $0.companyID == channel.companyID && $0.isEnabled && $0.settings.takesInbound
        }
        let facts = InboundFacts(
            id: message.id, sender: message.sender, recipient: message.recipient, text: content.text)
        return accounts.sorted { $0.id < $1.id }.map {
            delivery("smpp.inbound", .message(facts), accountID: $0.id)
        }
    }

    private func delivery(_ event: String, _ body: DeliveryBody, accountID: Int64) -> RenderedDelivery {
        RenderedDelivery(
            event: event, promise: .sevenDays, target: .smpp(accountID: accountID), contentType: "application/json",
            body: body.json)
    }
}
