// SPDX-License-Identifier: Apache-2.0
// Viber on loopback, business messages and bots alike: it checks what Viber checks, ends messages as their recipients'
// last digits say, calls back signed, and fails on demand. All state is behind one lock; nothing waits inside it.

public import Logging
public import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import Wire

/// The simulated Viber. `start` and `shutdown` are called once each.
public final class ViberSimulator: Sendable {
    typealias Respond = @Sendable (LoopbackReply) -> Void

    public let configuration: Configuration
    private let group: any EventLoopGroup
    let logger: Logger
    let sender: CallbackSender
    let state: Mutex<State>

    /// Who sends a message or gets a callback.
    enum Line: Hashable, Sendable {
        case service(Service)
        case bot(Bot)

        var id: String {
            switch self {
            case .service(let service): String(service.id)
            case .bot(let bot): bot.id
            }
        }

        var token: String? {
            switch self {
            case .service(let service): service.token
            case .bot(let bot): bot.token
            }
        }
    }

    /// A message that was taken.
    struct Sent: Sendable {
        var token: Int64
        var line: Line
        var recipient: String
    }

    /// What is going on between a line and a customer.
    struct Talk: Sendable {
        var writtenAt: Milliseconds = 0
        /// Messages sent since the customer wrote.
        var answers = 0
        var trackingData: String?
    }

    struct State {
        /// By the line's id.
        var callbackURLs: [String: String]
        var subscribers: [String: Set<String>]
        var talks: [String: Talk] = [:]
        var server: LoopbackServer?
        var port: Int?
        var memory = OutcomeMemory()
        var faults: FaultPlan
        var media: SimulatedMedia
        var sent = Recent<Sent>()
        var journal = CircularBuffer<Record>()
        var counters = Counters()
        var serial: Int64
    }

    public init(configuration: Configuration, group: any EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
        sender = CallbackSender(
            group: group, retries: configuration.retries, timeout: configuration.callbackTimeout)
        var faults = FaultPlan(seed: configuration.seed)
        faults.chances = configuration.faults
        let now = Timestamp.now()
        var urls: [String: String] = [:]
        for service in configuration.services { urls[String(service.id)] = service.callbackURL }
        var subscribers: [String: Set<String>] = [:]
        for bot in configuration.bots { subscribers[bot.id] = bot.subscribers }
        // Tokens have 19 digits and grow over restarts.
        state = Mutex(
            State(
                callbackURLs: urls, subscribers: subscribers, faults: faults,
                media: SimulatedMedia(limit: configuration.mediaLimit, now: now), serial: now * 1_000_000))
    }

    // MARK: Life

    /// Listens, and returns the port.
    @discardableResult
    public func start() async throws -> Int {
        let server = LoopbackServer(group: group) { [weak self] request, reply in
            guard let self else { return reply(.cut) }
            handle(request, reply)
        }
        let port = try await server.start(host: configuration.host, port: configuration.port)
        state.withLock { state in
            state.server = server
            state.port = port
        }
        logger.info("simulated Viber listens", metadata: ["host": "\(configuration.host)", "port": "\(port)"])
        return port
    }

    /// Closes every connection. Callbacks not yet taken are lost.
    public func shutdown() async {
        let server = state.withLock { state in
            state.port = nil
            defer { state.server = nil }
            return state.server
        }
        await server?.shutdown()
        await sender.shutdown()
    }

    /// The port it listens on; nil before `start` and after `shutdown`.
    public var port: Int? { state.withLock { $0.port } }

    /// `http://127.0.0.1:…`, what stands for Viber's own host names.
    public var baseURL: String { "http://\(configuration.host):\(port ?? configuration.port)" }

    // MARK: What happened

    /// What came in and went out, oldest first: the last `journalLimit` records.
    public var journal: [Record] { state.withLock { Array($0.journal) } }
    public var counters: Counters { state.withLock { $0.counters } }

    public func clearJournal() { state.withLock { $0.journal = CircularBuffer() } }

    func record(
        _ kind: Record.Kind, id: String = "", sender: String = "", recipient: String = "", json: JSONValue = .null,
        detail: String = ""
    ) {
        let record = Record(
            kind: kind, at: Timestamp.now(), id: id, sender: sender, recipient: recipient, json: json, detail: detail)
        state.withLock { state in
            state.journal.append(record)
            if state.journal.count > configuration.journalLimit { state.journal.removeFirst() }
            switch kind {
            case .message: state.counters.messages += 1
            case .refusal: state.counters.refused += 1
            case .callback: state.counters.callbacks += 1
            case .lostCallback: state.counters.lostCallbacks += 1
            default: break
            }
        }
        configuration.observer?(record)
    }

    // MARK: Faults

    /// The next `times` requests that send a message meet this fault.
    public func inject(_ fault: HTTPFault, times: Int = 1) { state.withLock { $0.faults.demand(fault, times: times) } }

    /// Takes back what was injected, and sets the chances of faults.
    public func setFaults(_ chances: HTTPFaultChances) {
        state.withLock { state in
            state.faults.forget()
            state.faults.chances = chances
        }
    }

    /// Closes every connection to the simulator.
    public func cutConnections() { state.withLock { $0.server }?.cutConnections() }

    // MARK: Callbacks

    /// Where a service's or a bot's callbacks go; nil drops them.
    public func setCallbackURL(_ url: String?, of id: String) { state.withLock { $0.callbackURLs[id] = url } }

    /// A signed callback that the journal will tell of; nothing when there is nowhere to send it.
    func step(
        after delay: Duration, id: String, _ line: Line, _ recipient: String,
        _ body: @escaping @Sendable () -> JSONValue
    ) -> CallbackSender.Step {
        CallbackSender.Step(delay: delay) { [weak self] in
            guard let self, let url = state.withLock({ $0.callbackURLs[line.id] }) else { return nil }
            let json = body()
            var callback = Self.callback(json, to: url, token: line.token)
            callback.settled = { [weak self] isTaken in
                self?.record(
                    isTaken ? .callback : .lostCallback, id: id, sender: line.id, recipient: recipient, json: json)
            }
            return callback
        }
    }

    static func callback(_ json: JSONValue, to url: String, token: String?) -> Callback {
        let body = json.bytes
        var headers: HTTPHeaders = ["Content-Type": "application/json"]
        if let token { headers.add(name: "X-Viber-Content-Signature", value: Signature.hmac(body, key: token)) }
        return Callback(url: url, headers: headers, body: body)
    }

    func nextToken() -> Int64 {
        state.withLock { state in
            state.serial += 1
            return state.serial
        }
    }

    /// Makes a URL of bytes, under which they can be had from the simulator.
    public func hosting(_ bytes: [UInt8], mimeType: String, filename: String) -> String {
        let medium = state.withLock { $0.media.add(bytes, mimeType: mimeType, filename: filename) }
        return "\(baseURL)/media/\(medium.id)/\(LoopbackRequest.encoded(filename))"
    }
}
