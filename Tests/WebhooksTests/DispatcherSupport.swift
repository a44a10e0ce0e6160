// SPDX-License-Identifier: Apache-2.0
// A running dispatcher over a database, on a clock that a test turns, and a receiver that answers when it is told to.

import Accounts
import EngineTestSupport
import Messaging
import NIOCore
import NIOHTTP1
import NIOPosix
import SQL
import SQLTestSupport
import Synchronization
import Testing
import Wire

@testable import Webhooks

struct DispatcherNode: Sendable {
    let database: Database
    let clock: TestClock
    let context: EngineContext
    let engine: MessagingEngine
    let dispatcher: WebhookDispatcher
    let company: CompanyID

    /// Runs `body` with a dispatcher over a fresh database.
    static func run(_ engine: Engine, _ body: (DispatcherNode) async throws -> Void) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            try await run(on: database, body)
        }
    }

    /// Runs `body` with a dispatcher over a migrated database; stops it afterwards.
    static func run(
        on database: Database, clock: TestClock = TestClock(), _ body: (DispatcherNode) async throws -> Void
    ) async throws {
        let secrets = try #require(TestSetup.secrets)
        let company = try await TestSetup().write(to: database).acme
        let directory = DirectoryCache(database: database, secrets: secrets)
        try await directory.reload()
        let context = EngineContext(
            database: database, directory: directory, renderers: [:], logger: TestDatabase.quiet,
            options: TestSetup.fastOptions, clock: { clock.now })
        var configuration = WebhookClient.Configuration(version: "test")
        configuration.policy = AddressGuard.Policy(allowsPrivateAddresses: true, allowsPlainHTTP: true)
        let client = try WebhookClient(configuration: configuration)
        let dispatcher = WebhookDispatcher(context: context, client: client)
        context.connect(dispatcher)
        let engine = MessagingEngine(context: context)
        try await engine.enter()
        let node = DispatcherNode(
            database: database, clock: clock, context: context, engine: engine, dispatcher: dispatcher, company: company
        )
        let running = Task { await dispatcher.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(node)) } catch { result = .failure(error) }
        dispatcher.stop()
        await running.value
        await client.shutdown()
        await engine.leave()
        try result.get()
    }

    // MARK: Deliveries

    /// Stores a delivery that is due at once and nobody's; the next poll finds it.
    @discardableResult
    func add(
        _ url: String, method: Reporting.Method = .post, body: String = "{}",
        promise: DeliveryPromise = .everyTenSeconds, carriesAccountHeaders: Bool = false
    ) async throws -> Int64 {
        try await store(
            url, method: method, body: body, promise: promise, carriesAccountHeaders: carriesAccountHeaders, lease: nil
        ).id
    }

    /// Stores a delivery under `lease`, or as nobody's.
    @discardableResult
    func store(
        _ url: String, method: Reporting.Method = .post, body: String = "{}",
        promise: DeliveryPromise = .everyTenSeconds, carriesAccountHeaders: Bool = false, lease: Lease?
    ) async throws -> Delivery {
        var draft = RenderedDelivery(
            event: "status", promise: promise, url: url, method: method, contentType: "application/json",
            body: Array(body.utf8))
        draft.carriesAccountHeaders = carriesAccountHeaders
        let rendered = draft
        let now = clock.now
        let key = MessageKey(companyID: company, id: UUIDv7.next(now: now))
        return try await database.write { transaction in
            let stored = try DeliveryStore(transaction).insert(
                [(key: key, rendered: rendered)], leased: 1, lease: lease ?? 0, now: now)
            return try #require(stored.first)
        }
    }

    struct Stored: Sendable, Equatable {
        let state: DeliveryState
        let attempts: Int
        let dueAt: Milliseconds
        let lease: Lease
        let status: Int?
        let error: String?
    }

    func stored(_ id: Int64) async throws -> Stored {
        try await database.read { transaction in
            let found = try transaction.queryOne(
                "SELECT state, attempts, due_at, lease, last_status, last_error FROM deliveries WHERE id = $1",
                [.integer(id)])
            let row = try #require(found)
            return Stored(
                state: try #require(DeliveryState(rawValue: try row.int64("state"))), attempts: try row.int("attempts"),
                dueAt: try row.int64("due_at"),
                lease: try row.int64("lease"), status: try row.intOrNil("last_status"),
                error: try row.textOrNil("last_error"))
        }
    }

    @discardableResult
    func wait(
        _ id: Int64, _ what: String, until condition: @escaping (Stored) -> Bool
    ) async throws -> Stored {
        try await eventually("delivery \(id): \(what)") {
            let found = try await stored(id)
            return condition(found) ? found : nil
        }
    }

    @discardableResult
    func wait(_ id: Int64, for state: DeliveryState) async throws -> Stored {
        try await wait(id, "\(state)") { $0.state == state }
    }

    /// Waits until nothing is in memory. A look for work sets room aside for an instant.
    func waitUntilIdle() async throws {
        _ = try await eventually("an empty memory") { dispatcher.held == 0 ? true : nil }
    }
}

/// Keeps every request open until `answer`.
final class PatientServer: Sendable {
    let arrived = Watched(0)
    private let open = Mutex<[any Channel]>([])
    private let listener = Mutex<(any Channel)?>(nil)

    static func with<Result>(run: (PatientServer) async throws -> Result) async throws -> Result {
        let server = PatientServer()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try pipeline.addHandler(RequestNoter(server: server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.listener.withLock { $0 = listener }
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await run(server)) } catch { result = .failure(error) }
        server.answer(500)
        try? await listener.close()
        return try result.get()
    }

    var url: String { "http://127.0.0.1:\(listener.withLock { $0 }?.localAddress?.port ?? 0)/slow" }

    /// Answers everything that is open.
    func answer(_ status: Int) {
        let channels = open.withLock { open in
            defer { open = [] }
            return open
        }
        for channel in channels {
            channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n"), promise: nil)
        }
    }

    fileprivate func note(_ channel: any Channel) {
        open.withLock { $0.append(channel) }
        arrived.update { $0 += 1 }
    }
}

private final class RequestNoter: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    private let server: PatientServer

    init(server: PatientServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .end = unwrapInboundIn(data) { server.note(context.channel) }
    }
}
