// SPDX-License-Identifier: Apache-2.0
// A whole node in the test process: a migrated database with `TestSetup` in it, a running engine, fake connectors.
//
//     try await TestNode.run(engine) { node in
//         let key = try await node.send(to: "491701234567", "Hello")
//         let submissions = try await node.connector.submissions(count: 1)
//         …
//     }

public import Accounts
public import Logging
public import Messaging
internal import SMSText
public import SQL
public import SQLTestSupport
public import Wire

/// A running node over a database.
public struct TestNode: Sendable {
    public let database: Database
    public let clock: TestClock
    public let directory: DirectoryCache
    public let context: EngineContext
    public let engine: MessagingEngine
    /// In the order in which the route prefers them.
    public let connectors: [FakeConnector]
    public let inbox: RecordingInbox
    public let identities: TestIdentities
    private let running: Task<Void, Never>

    /// The connector that the route prefers.
    public var connector: FakeConnector { connectors[0] }
    public var acme: CompanyID { identities.acme }
    public var other: CompanyID { identities.other }

    /// Runs `body` with a node over a fresh database; stops it and removes the database afterwards.
    public static func run<T>(
        _ engine: Engine, _ setup: TestSetup = TestSetup(), _ body: (TestNode) async throws -> T
    ) async throws -> T {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            try await run(on: database, setup, body)
        }
    }

    /// Runs `body` with a node over a migrated database, and stops the node afterwards.
    public static func run<T>(
        on database: Database, _ setup: TestSetup = TestSetup(), clock: TestClock = TestClock(),
        _ body: (TestNode) async throws -> T
    ) async throws -> T {
        let node = try await start(on: database, setup, clock: clock)
        do {
            let value = try await body(node)
            await node.stop()
            return value
        } catch {
            await node.stop()
            throw error
        }
    }

    /// Changes the configuration as the file would; the node knows at once.
    public func provision(_ body: @escaping @Sendable (Provisioner) throws -> Void) async throws {
        try await directory.provision(as: .file, now: clock.now, body)
    }

    /// Starts a node over a migrated database; the caller ends it with `stop` or `abandon`.
    public static func start(
        on database: Database, _ setup: TestSetup = TestSetup(), clock: TestClock = TestClock(),
        logger: Logger = TestDatabase.quiet
    ) async throws -> TestNode {
        guard let secrets = TestSetup.secrets else { throw NeverHappened(description: "a master key of 32 bytes") }
        let identities = try await setup.write(to: database)
        let directory = DirectoryCache(database: database, secrets: secrets)
        try await directory.reload()
        let context = EngineContext(
            database: database, directory: directory,
            renderers: [.sms: setup.renderer].merging(setup.furtherRenderers(directory)) { $1 }, logger: logger,
            options: setup.options, clock: { clock.now })
        let engine = MessagingEngine(context: context)
        let inbox = RecordingInbox()
        context.connect(inbox)
        let connectors = zip(identities.connectors, setup.connectors).map { id, name in
            FakeConnector(
                id: id, name: name, window: setup.window, uncertainPolicy: setup.uncertainPolicy, sink: engine)
        }
        try await engine.enter()
        let running = Task { await engine.run() }
        await engine.setConnectors(connectors)
        return TestNode(
            database: database, clock: clock, directory: directory, context: context, engine: engine,
            connectors: connectors, inbox: inbox, identities: identities, running: running)
    }

    /// Stops in good order; returns when everything is stored.
    public func stop() async {
        await engine.stop()
        await running.value
        await engine.leave()
    }

    /// Ends the node as a crash would: what was submitted gets no outcome, and the lease stays as it is.
    public func abandon() async {
        for connector in connectors { connector.detach() }
        await engine.stop()
        await running.value
    }

    // MARK: Sending

    /// A message as the SMS API makes it: GSM-7, its parts and price worked out, reported to `TestSetup.reportURL`.
    public func message(
        to recipient: String = "491701234567", _ text: String = "Hello", from sender: String = "Acme",
        company: CompanyID? = nil, validity: Milliseconds = 2_880 * 60_000
    ) -> Message {
        let company = company ?? acme
        let now = clock.now
        let options = SegmentationOptions(encoding: .gsm7)
        let size = (try? Segmenter.segment(text, options: options).get().parts.count) ?? 1
        var message = Message(
            companyID: company, id: UUIDv7.next(now: now), surface: .sms, kind: .sms, sender: sender,
            recipient: recipient, content: .sms(SMSContent(text: text, segmentation: options)),
            size: size, gateway: Route.defaultGateway,
            createdAt: now, expiresAt: now + validity)
        message.reporting = Reporting(url: TestSetup.reportURL, method: .post)
        let price = directory.current.prices.price(
            for: recipient, direction: .outbound, companyID: company, now: now)
        message.quote = price.map(Quote.init(_:))
        if directory.current.companies[company]?.isPrepaid == true, let price {
            message.reserved = price.amount * message.size
        }
        return message
    }

    /// Hands a message in; throws when it is not accepted.
    @discardableResult
    public func send(_ message: Message) async throws -> MessageKey {
        let result = await engine.acceptor.accept(message)
        guard result == .accepted else { throw NeverHappened(description: "acceptance: \(result)") }
        return message.key
    }

    /// Makes a message and hands it in.
    @discardableResult
    public func send(to recipient: String = "491701234567", _ text: String = "Hello") async throws -> MessageKey {
        try await send(message(to: recipient, text))
    }

    // MARK: Receiving

    /// What a provider says; returns when it is stored, with the answer for the provider.
    public func receive(_ event: ConnectorEvent) async -> IntakeAnswer {
        await withCheckedContinuation { continuation in
            engine.received(event) { continuation.resume(returning: $0) }
        }
    }

    /// A receipt for a submission of the first connector.
    @discardableResult
    public func report(
        _ submission: Submission, _ state: PartState = .delivered, errorCode: String? = nil
    ) async -> IntakeAnswer {
        await receive(.receipt(connector.receipt(for: submission, state, errorCode: errorCode, at: clock.now)))
    }

    // MARK: Looking

    /// The message with its parts as the database has it.
    public func stored(_ key: MessageKey) async throws -> (message: Message, parts: [Part]) {
        guard let found = try await database.read({ try MessageStore($0).find(key) }) else {
            throw NeverHappened(description: "message \(key.id)")
        }
        return found
    }

    /// Waits until the message has the status, and returns it with its parts.
    @discardableResult
    public func wait(for status: MessageStatus, of key: MessageKey) async throws -> (message: Message, parts: [Part]) {
        try await eventually("status \(status) of \(key.id)") {
            let found = try await stored(key)
            return found.message.status == status ? found : nil
        }
    }

    /// Waits until the node has nothing in memory: every message, window slot and reserved place was given back. Room is
    /// set aside for an instant by every look for work, so one that stays is what counts.
    public func waitUntilIdle() async throws {
        _ = try await eventually("an idle node") {
            let isIdle =
                engine.dispatcher.held == 0 && inbox.reserved == 0 && connectors.allSatisfy { $0.used == 0 }
            return isIdle ? true : nil
        }
    }

    /// The kinds of the message's events, in order.
    public func events(of key: MessageKey) async throws -> [String] {
        try await database.read { transaction in
            try transaction.query(
                "SELECT kind FROM events WHERE company_id = $1 AND message_id = $2 ORDER BY id",
                [.integer(key.companyID), .bytes(key.id.bytes)]
            ).map { try $0.text("kind") }
        }
    }

    /// How many rows a table has, all or those that a condition fits.
    public func count(_ table: String, where condition: String = "1 = 1") async throws -> Int {
        try await database.read { transaction in
            try transaction.queryOne("SELECT COUNT(*) AS n FROM \(table) WHERE \(condition)")?.int("n") ?? 0
        }
    }
}
