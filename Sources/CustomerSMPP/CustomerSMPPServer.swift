// SPDX-License-Identifier: Apache-2.0
// Parley as the SMSC of its customers: their ESMEs bind with the SMPP accounts of their companies, submit messages that go
// the way of every other, and get their receipts and inbound messages.

internal import Logging
public import Messaging
public import NIOCore
public import SMPP
internal import Synchronization

/// Where and how customers' ESMEs are served.
public struct CustomerSMPPOptions: Sendable {
    public var host = "127.0.0.1"
    /// 0 takes a free port; see `CustomerSMPPServer.port`.
    public var port = 2775
    public var tls: SMPPServerTLS?
    /// How many connections are held, bound or not.
    public var maximumSessions = 1000
    /// The name in bind responses, at most 15 octets.
    public var systemID = "Parley"
    public var responseTimeout: Duration = .seconds(10)
    public var enquireLinkInterval: Duration = .seconds(30)
    /// How long a client waits for the answer to a bind with a wrong name or password.
    public var refusalDelay: Duration = .seconds(1)
    /// How often the configuration is compared with what sessions were admitted by.
    public var checkInterval: Duration = .milliseconds(500)

    public init() {}
}

/// The server for customers' ESMEs. `start` comes after the engine has entered, `stop` before the engine stops.
public final class CustomerSMPPServer: Sendable {
    private let engine: MessagingEngine
    private let options: CustomerSMPPOptions
    let bound = BoundSessions()
    private let dispatcher: AccountDispatcher
    private let server: SMPPServer
    private let tasks = Mutex<[Task<Void, Never>]>([])

    public init(engine: MessagingEngine, options: CustomerSMPPOptions, group: any EventLoopGroup) {
        self.engine = engine
        self.options = options
        let context = engine.context
        let authority = BindAuthority(context: context, refusalDelay: options.refusalDelay)
        dispatcher = AccountDispatcher(context: context, sessions: bound)
        let events = ServerEvents(
            engine: engine, sessions: bound, authority: authority, dispatcher: dispatcher)
        server = SMPPServer(
            configuration: SMPPServer.Configuration(options), group: group, delegate: events, logger: context.logger)
        dispatcher.connect(server)
    }

    // MARK: Life

    /// Listens; throws when the address cannot be taken or the TLS material cannot be used.
    public func start() async throws {
        try await server.start()
        engine.context.connect(accounts: dispatcher)
        tasks.withLock { tasks in
            tasks = [Task { await self.dispatcher.run() }, Task { await self.runClock() }]
        }
        engine.context.logger.notice("SMPP accounts are served", metadata: ["port": "\(server.port ?? 0)"])
    }

    /// Takes no more connections, lets every session finish what is unanswered, unbinds all, and records what came of
    /// their deliveries.
    public func stop() async {
        dispatcher.stop()
        await server.shutdown()
        dispatcher.close()
        engine.context.connect(accounts: nil)
        let tasks = tasks.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        // The clock sleeps; the dispatcher ends by itself when the last outcome is stored.
        tasks.last?.cancel()
        for task in tasks { await task.value }
    }

    private func runClock() async {
        let context = engine.context
        var ticks = 0
        while (try? await Task.sleep(for: options.checkInterval)) != nil {
            ticks += 1
            await checkSessions()
            await dispatcher.poll()
            let perMinute = max(1, Int(.seconds(60) / options.checkInterval))
            if ticks.isMultiple(of: perMinute), context.lease != 0 { await dispatcher.giveUpOld() }
        }
    }

    /// Ends the sessions whose account was changed, switched off or removed. Done again and again; a test that has
    /// changed something need not wait for that.
    func checkSessions() async {
        do {
            try await engine.context.directory.reloadIfChanged()
        } catch {
            engine.context.logger.error("configuration not read", metadata: ["error": "\(error)"])
        }
        for session in bound.outdated(in: engine.context.directory.current) { session.unbind() }
    }

    // MARK: Looking and acting

    /// The port it listens on; nil before `start` and after `stop`.
    public var port: Int? { server.port }

    public var isListening: Bool { port != nil }

    /// How many sessions are bound.
    public var sessionCount: Int { bound.count }

    /// The account's sessions on this node.
    public func sessions(accountID: Int64) -> [SMPPSessionState] {
        bound.sessions(accountID: accountID).map { bound in
            SMPPSessionState(
                id: bound.session.id, mode: bound.session.mode.map { "\($0)" } ?? "",
                address: bound.session.remoteAddress?.text ?? "", boundAt: bound.boundAt,
                outstanding: bound.unanswered + bound.session.unansweredDeliveries)
        }
    }

    /// Unbinds the account's sessions on this node; returns how many. Its clients may bind again at once.
    @discardableResult
    public func disconnect(accountID: Int64) -> Int {
        let sessions = bound.sessions(accountID: accountID)
        for item in sessions { item.session.unbind() }
        return sessions.count
    }
}

extension SMPPServer.Configuration {
    fileprivate init(_ options: CustomerSMPPOptions) {
        self.init()
        host = options.host
        port = options.port
        tls = options.tls
        maximumSessions = options.maximumSessions
        systemID = options.systemID
        responseTimeout = options.responseTimeout
        enquireLinkInterval = options.enquireLinkInterval
    }
}
