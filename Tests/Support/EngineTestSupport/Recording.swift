// SPDX-License-Identifier: Apache-2.0
// Stand-ins for the webhooks: a renderer whose bodies tests can read at a glance, and an inbox that keeps what it gets.

public import Messaging
import Synchronization

/// Renders `<message id> <status>` and `<sender> <text>`.
public struct RecordingRenderer: EventRenderer {
    public init() {}

    public func statusReport(_ message: Message, parts: [Part]) -> RenderedDelivery? {
        guard let reporting = message.reporting else { return nil }
        return Self.delivery("status", reporting, "\(message.id) \(message.status)")
    }

    public func inboundMessage(
        _ message: Message, contents: [InboundContent], channel: MessagingChannel
    ) -> RenderedDelivery? {
        guard let reporting = channel.inbound else { return nil }
        let text: String
        switch message.content {
        case .sms(let content): text = content.text
        case .rich(let content):
            if case .text(let body) = content.body { text = body.text } else { text = content.body.contentType }
        case .speech(let content): text = content.text
        case .sealed, nil: text = ""
        }
        return Self.delivery("inbound", reporting, "\(message.sender) \(text)")
    }

    public func acceptedReport(_ message: Message) -> RenderedDelivery? {
        message.reporting.map { Self.delivery("accepted", $0, "\(message.id) accepted") }
    }

    public func channelFailedReport(_ message: Message, failure: StepFailure) -> RenderedDelivery? {
        message.reporting.map {
            Self.delivery("channel-failed", $0, "\(message.id) \(failure.kind) failed: \(failure.code ?? "")")
        }
    }

    public func seenReport(_ message: Message, parts: [Part]) -> RenderedDelivery? {
        message.reporting.map { Self.delivery("seen", $0, "\(message.id) seen") }
    }

    public func deletionReport(_ message: Message, channel: MessagingChannel) -> RenderedDelivery? {
        channel.inbound.map { Self.delivery("withdrawn", $0, "\(message.id) withdrawn") }
    }

    private static func delivery(_ event: String, _ reporting: Reporting, _ body: String) -> RenderedDelivery {
        RenderedDelivery(
            event: event, promise: .everyTenSeconds, url: reporting.url, method: reporting.method,
            contentType: "text/plain", body: Array(body.utf8))
    }
}

/// Keeps every delivery that the engine hands over.
public final class RecordingInbox: DeliveryInbox {
    private let recorded = Watched<[Delivery]>([])
    private let capacity: Mutex<Int>
    private let held = Mutex(0)
    private let forgotten = Mutex(0)

    public init(capacity: Int = 100_000) { self.capacity = Mutex(capacity) }

    /// Everything that was handed over so far, in order.
    public var deliveries: [Delivery] { recorded.current }

    /// The bodies of everything that was handed over, as text.
    public var bodies: [String] { deliveries.map { String(decoding: $0.rendered.body, as: UTF8.self) } }

    /// Waits until `count` deliveries were handed over in all, and returns them.
    public func deliveries(count: Int) async throws -> [Delivery] {
        try await recorded.wait(for: "\(count) deliveries") { $0.count >= count }
    }

    /// The bodies, as text, once `count` deliveries were handed over in all.
    public func bodies(count: Int) async throws -> [String] {
        _ = try await deliveries(count: count)
        return bodies
    }

    /// Room that is set aside at the moment.
    public var reserved: Int { held.withLock { $0 } }

    /// How often everything was to be forgotten.
    public var timesForgotten: Int { forgotten.withLock { $0 } }

    public func setCapacity(_ capacity: Int) { self.capacity.withLock { $0 = capacity } }

    public func reserve(_ count: Int) -> Int {
        let capacity = capacity.withLock { $0 }
        return held.withLock { held in
            let room = max(0, min(count, capacity - held))
            held += room
            return room
        }
    }

    public func take(_ deliveries: [Delivery], reserved: Int) {
        held.withLock { $0 -= reserved }
        if !deliveries.isEmpty { recorded.update { $0 += deliveries } }
    }

    public func forgetAll() { forgotten.withLock { $0 += 1 } }
}
