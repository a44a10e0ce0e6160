// SPDX-License-Identifier: Apache-2.0
// What every surface that sends short messages shares: the route to a number, the text as the carriers of that route
// can write it, its parts and their price. Pure: the configuration comes in as a snapshot.

public import Accounts
public import SMSText
internal import Synchronization
public import Wire

/// What a short message is made of.
public struct ShortMessageDraft: Sendable {
    /// Digits; nil where it was refused already, and only the text is to be checked.
    public var recipient: String?
    /// Nil where it was refused already, and only the route is to be checked.
    public var text: String?
    public var gateway = Route.defaultGateway
    public var encoding = EncodingChoice.auto
    public var isFlash = false
    /// How many parts it may have.
    public var partLimit = Segmenter.maximumParts
    /// What may be changed in the text to save parts, from 0 to 1; nothing unless set.
    public var trate = 0.0
    public var mrate = 0.0
    public var upperCased = false
    public var keepEmojis = true

    public init(recipient: String?, text: String?) {
        self.recipient = recipient
        self.text = text
    }
}

/// What a draft becomes.
public struct ShortMessage: Sendable {
    public let content: SMSContent
    /// How many parts.
    public let size: Int
    public let gateway: String
    /// Of one part; nil where no price is known.
    public let quote: Quote?
    /// What a prepaid company pays for it.
    public let reserved: Money
}

/// Why a draft is no message.
public enum ShortMessageRefusal: Error, Equatable {
    case unknownGateway
    case noRoute
    /// A character is not in GSM-7, where nothing else is allowed; positions count from 1.
    case notRepresentable(position: Int)
    case tooManyParts(count: Int, limit: Int)
    /// The number has no price, and the company is prepaid: nobody sends on credit by choosing a network that was
    /// forgotten in the price list.
    case noPrice

    /// What is wrong with the member that it is about.
    public var message: String {
        switch self {
        case .unknownGateway: "is not the name of a gateway"
        case .noRoute: "is a number that no route leads to"
        case .notRepresentable(let position):
            "cannot be written in GSM7: the character at position \(position) is not in it"
        case .tooManyParts(let count, let limit): "allows \(limit) parts, and the message needs at least \(count)"
        case .noPrice: "is a number that has no price, and the company is prepaid"
        }
    }
}

/// Numbers by which handsets know the parts of one long message. They start anywhere: a restart must not repeat the
/// last ones.
public final class PartReferences: Sendable {
    private let last = Atomic<UInt16>(UInt16.random(in: .min ... .max))

    public init() {}

    public func next() -> UInt16 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}

public struct ShortMessageComposer: Sendable {
    let directory: Directory
    let companyID: CompanyID
    let now: Milliseconds
    let concatenationReference: UInt16

    /// - Parameter concatenationReference: By which the handset will know the parts of this message.
    public init(directory: Directory, companyID: CompanyID, now: Milliseconds, concatenationReference: UInt16) {
        self.directory = directory
        self.companyID = companyID
        self.now = now
        self.concatenationReference = concatenationReference
    }

    /// The message; nil where the draft lacks its recipient or its text and is fine otherwise.
    public func compose(_ draft: ShortMessageDraft) throws(ShortMessageRefusal) -> ShortMessage? {
        let segmentation = try segmentation(for: draft)
        guard let text = draft.text else { return nil }
        let planned = try plan(text, draft, segmentation: segmentation)
        guard let recipient = draft.recipient else { return nil }
        let size = planned.segmented.parts.count
        let quote = quote(for: recipient, charging: planned.segmented)
        var reserved = Money.zero
        if directory.companies[companyID]?.isPrepaid == true {
            guard let quote else { throw .noPrice }
            reserved = quote.amount * size
        }
        return ShortMessage(
            content: content(of: planned, segmentation, isFlash: draft.isFlash), size: size, gateway: draft.gateway,
            quote: quote, reserved: reserved)
    }

    /// How the route's carriers want texts cut: as the first one does, with the national tables that all permit.
    private func segmentation(for draft: ShortMessageDraft) throws(ShortMessageRefusal) -> SegmentationOptions {
        guard draft.gateway != Route.voiceGateway, directory.routes.hasGateway(draft.gateway) else {
            throw .unknownGateway
        }
        guard let recipient = draft.recipient else { return SegmentationOptions(encoding: draft.encoding) }
        let connectors = directory.routes.route(gateway: draft.gateway, recipient: recipient)?.connectorIDs
            .compactMap { directory.connectors[$0] }.filter(\.isEnabled)
        guard let connectors, let first = connectors.first else { throw .noRoute }
        var options = first.segmentation
        for connector in connectors.dropFirst() {
            options.permittedTables.formIntersection(connector.segmentation.permittedTables)
        }
        options.encoding = draft.encoding
        return options
    }

    private func plan(
        _ text: String, _ draft: ShortMessageDraft, segmentation: SegmentationOptions
    ) throws(ShortMessageRefusal) -> TranscodedText {
        let options = TranscodingOptions(
            segmentation: segmentation, trate: draft.trate, mrate: draft.mrate, upperCased: draft.upperCased,
            keepEmojis: draft.keepEmojis, partLimit: draft.partLimit)
        switch Transcoder.plan(text, options: options) {
        case .success(let planned): return planned
        case .failure(.notRepresentable(_, let offset)): throw .notRepresentable(position: offset + 1)
        case .failure(.tooManyParts(let count, let limit)): throw .tooManyParts(count: count, limit: limit)
        }
    }

    /// The text with the encoding and the tables that were chosen, so that cutting it again gives the same parts.
    private func content(
        of planned: TranscodedText, _ segmentation: SegmentationOptions, isFlash: Bool
    ) -> SMSContent {
        var options = segmentation
        options.permittedTables = []
        switch planned.segmented.encoding {
        case .ucs2:
            options.encoding = .unicode
        case .gsm7(let alphabet):
            options.encoding = .gsm7
            if let single = alphabet.single { options.permittedTables.insert(.singleShift(single)) }
            if let locking = alphabet.locking { options.permittedTables.insert(.lockingShift(locking)) }
        }
        let reference = planned.segmented.messageCount > 1 ? concatenationReference : 0
        return SMSContent(
            text: planned.text, segmentation: options, isFlash: isFlash, concatenationReference: reference)
    }

    /// The price of one part. Where the carrier cuts the text itself there is one part, which costs as much as all the
    /// messages that the handset will get.
    private func quote(for recipient: String, charging segmented: SegmentedText) -> Quote? {
        let price = directory.prices.price(for: recipient, direction: .outbound, companyID: companyID, now: now)
        guard let price else { return nil }
        let quote = Quote(price)
        return Quote(
            amount: quote.amount * (segmented.messageCount / segmented.parts.count), currency: quote.currency,
            effectiveFrom: quote.effectiveFrom, mccmnc: quote.mccmnc, ttid: quote.ttid)
    }
}
