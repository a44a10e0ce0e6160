// SPDX-License-Identifier: Apache-2.0
// The echo channel: what it takes is delivered at once, and comes back where that was asked for.

import Messaging
import Synchronization
import Testing
import Wire

@testable import Connectors

struct EchoTests {
    /// Keeps what it hears.
    private final class Sink: ConnectorSink {
        struct Heard {
            var outcomes: [(ticket: PartTicket, outcome: SendOutcome)] = []
            var events: [ConnectorEvent] = []
            /// How many events had been stored when the first outcome came.
            var storedBefore: Int?
            var stored = 0
        }

        let heard = Mutex(Heard())
        /// What is answered to events, the last for ever.
        let answers: Mutex<[IntakeAnswer]>

        let events: AsyncStream<ConnectorEvent>
        private let offered: AsyncStream<ConnectorEvent>.Continuation

        init(answers: [IntakeAnswer] = [.stored]) {
            self.answers = Mutex(answers)
            (events, offered) = AsyncStream.makeStream()
        }

        func completed(_ outcomes: [(ticket: PartTicket, outcome: SendOutcome)], by connector: any Connector) {
            heard.withLock { heard in
                heard.outcomes += outcomes
                heard.storedBefore = heard.storedBefore ?? heard.stored
            }
        }

        func received(_ event: ConnectorEvent, answer: @escaping @Sendable (IntakeAnswer) -> Void) {
            heard.withLock { $0.events.append(event) }
            offered.yield(event)
            let given = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            if given != .unavailable { heard.withLock { $0.stored += 1 } }
            answer(given)
        }

        func acknowledged(connectorID: Int64, fingerprints: [[UInt8]]) async {}
        func capacityChanged(_ connector: any Connector) {}
    }

    private static func connector(_ sink: Sink, options: JSONValue = .object([:])) throws -> EchoConnector {
        let settings = ConnectorSettings(id: 5, name: "echo", kind: "echo", options: options, secret: "")
        return try EchoConnector(settings: settings, sink: sink, clock: { viberNow })
    }

    private static func submission(_ content: RichContent, recipient: String = "491701234567") -> Submission {
        let key = MessageKey(companyID: 1, id: UUIDv7.next(now: viberNow))
        return Submission(
            ticket: PartTicket(key: key, step: 0, number: 1, attempt: 1), sender: "echo", recipient: recipient,
            content: .rich(content), size: 1, expiresAt: viberNow + 1000, isPossibleDuplicate: false)
    }

    /// Sends one message and returns when it is over.
    private static func send(
        _ content: RichContent, recipient: String = "491701234567"
    ) async throws -> (Submission, Sink) {
        let sink = Sink()
        let connector = try connector(sink)
        connector.start()
        let submission = submission(content, recipient: recipient)
        #expect(connector.reserve(1) == 1)
        connector.submit([submission])
        await connector.stop()
        return (submission, sink)
    }

    @Test
    func `a message is taken and reported delivered, and nothing comes back`() async throws {
        let (submission, sink) = try await Self.send(RichContent(.text(TextBody("Hi"))))
        let id = submission.ticket.key.id.description
        let heard = sink.heard.withLock { $0 }
        #expect(heard.outcomes.map(\.outcome) == [.submitted(providerID: id)])
        #expect(heard.outcomes.map(\.ticket) == [submission.ticket])
        let receipt = Receipt(
            connectorID: 5, providerID: id, recipient: "491701234567", state: .delivered, errorCode: nil, at: viberNow)
        #expect(heard.events == [.receipt(receipt)])
    }

    static let template = {
        var template = TemplateBody(
            templateId: "welcome", templateLanguage: "en",
            components: TemplateComponents(body: [.text("Peter"), .text("tyntec")]))
        template.languagePolicy = "fallback"
        return template
    }()

    @Test(arguments: [
        (RichBody.text(TextBody("Hi")), RichBody.text(TextBody("Hi"))),
        (
            .image(MediaBody(url: "https://a.example/p", caption: "c")),
            .image(MediaBody(url: "https://a.example/p", caption: "c"))
        ),
        (
            .template(template),
            .text(
                TextBody(
                    "TemplateId[welcome] LanguagePolicy[fallback] LanguageCode[en] Parameter0[Peter] Parameter1[tyntec]"
                ))
        ),
        (
            .template(TemplateBody(templateId: "t", templateLanguage: "de")),
            .text(TextBody("TemplateId[t] LanguagePolicy[deterministic] LanguageCode[de]"))
        ),
    ])
    func `a message that is to come back does so from its recipient under its own id`(
        _ sent: RichBody, _ returned: RichBody
    ) async throws {
        let (submission, sink) = try await Self.send(RichContent(sent, replyBack: true))
        let events = sink.heard.withLock { $0.events }
        let reply = InboundMessage(
            connectorID: 5, kind: .echo, recipient: "echo", sender: [Identity(.phone, "491701234567")],
            providerID: submission.ticket.key.id.description, content: RichContent(returned), sentAt: viberNow)
        #expect(events.count == 2)
        #expect(events.first == .message(reply))
        #expect(sink.heard.withLock { $0.storedBefore } == 2)
    }

    @Test
    func `a recipient without a number answers under its name`() async throws {
        let (_, sink) = try await Self.send(RichContent(.text(TextBody("Hi")), replyBack: true), recipient: "peter")
        guard case .message(let reply) = sink.heard.withLock({ $0.events.first }) else {
            Issue.record("no reply")
            return
        }
        #expect(reply.sender == [Identity(.jid, "peter")])
    }

    @Test
    func `what could not be stored is said again`() async throws {
        let sink = Sink(answers: [.unavailable, .stored])
        let connector = try Self.connector(sink)
        connector.start()
        #expect(connector.reserve(1) == 1)
        connector.submit([Self.submission(RichContent(.text(TextBody("Hi"))))])
        var events = sink.events.makeAsyncIterator()
        let first = await events.next()
        #expect(await events.next() == first)
        await connector.stop()
        #expect(sink.heard.withLock { $0.outcomes.count } == 1)
    }

    @Test
    func `what could not be stored before the connector was stopped is sent by the next one`() async throws {
        let sink = Sink(answers: [.unavailable])
        let connector = try Self.connector(sink)
        connector.start()
        #expect(connector.reserve(1) == 1)
        connector.submit([Self.submission(RichContent(.text(TextBody("Hi"))))])
        await connector.stop()
        guard case .retry(0, _) = sink.heard.withLock({ $0.outcomes.last?.outcome }) else {
            Issue.record("no retry")
            return
        }
    }

    @Test
    func `the window is the room that is left`() async throws {
        let connector = try Self.connector(Sink())
        #expect(connector.reserve(1) == 0)
        #expect(!connector.isUp)
        connector.start()
        #expect(connector.reserve(5000) == EchoConnector.window)
        #expect(connector.reserve(1) == 0)
        connector.release(1)
        #expect(connector.linkState.windowUsed == EchoConnector.window - 1)
        connector.settled(EchoConnector.window - 1)
        #expect(connector.linkState.windowUsed == 0)
        await connector.stop()
        #expect(connector.linkState.phases == [.stopped])
    }

    @Test
    func `an option is refused`() {
        #expect(throws: ConnectorOptionError(option: "host", reason: "is not an option; an echo connector has none")) {
            try Self.connector(Sink(), options: .object(["host": .string("x")]))
        }
    }
}
