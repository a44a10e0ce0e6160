// SPDX-License-Identifier: Apache-2.0
// Meta's WhatsApp Cloud API on loopback: it checks what Meta checks, ends messages as their recipients' last digits
// say, calls back signed, and fails on demand. All state is behind one lock; nothing waits inside it.

internal import Crypto
public import Logging
public import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import Wire

/// The simulated WhatsApp Cloud API. `start` and `shutdown` are called once each.
public final class GraphSimulator: Sendable {
    public let configuration: Configuration
    private let group: any EventLoopGroup
    let logger: Logger
    let sender: CallbackSender
    let state: Mutex<State>

    struct State {
        var callbackURL: String?
        var server: LoopbackServer?
        var port: Int?
        var customers = GraphCustomers()
        var memory = OutcomeMemory()
        var faults: FaultPlan
        var media: SimulatedMedia
        var sent = Recent<GraphSent>()
        var written = Recent<(phoneNumberID: String, customer: Customer)>()
        var journal = CircularBuffer<Record>()
        var counters = Counters()
        var rates: [String: (second: Milliseconds, count: Int)] = [:]
    }

    public init(configuration: Configuration, group: any EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
        sender = CallbackSender(
            group: group, retries: configuration.retries, timeout: configuration.callbackTimeout)
        var faults = FaultPlan(seed: configuration.seed)
        faults.chances = configuration.faults
        state = Mutex(
            State(
                callbackURL: configuration.callbackURL, faults: faults,
                media: SimulatedMedia(limit: configuration.mediaLimit, now: Timestamp.now())))
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
        logger.info("simulated Graph API listens", metadata: ["host": "\(configuration.host)", "port": "\(port)"])
        return port
    }

    /// Closes every connection. Webhooks not yet taken are lost.
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

    /// `http://127.0.0.1:…`, what stands for `https://graph.facebook.com`.
    public var baseURL: String { "http://\(configuration.host):\(port ?? configuration.port)" }

    // MARK: What happened

    /// What came in and went out, oldest first: the last `journalLimit` records.
    public var journal: [Record] { state.withLock { Array($0.journal) } }
    public var counters: Counters { state.withLock { $0.counters } }

    public func clearJournal() { state.withLock { $0.journal = CircularBuffer() } }

    func record(
        _ kind: Record.Kind, id: String = "", phoneNumberID: String = "", recipient: String = "",
        json: JSONValue = .null, detail: String = ""
    ) {
        let record = Record(
            kind: kind, at: Timestamp.now(), id: id, phoneNumberID: phoneNumberID, recipient: recipient, json: json,
            detail: detail)
        state.withLock { state in
            state.journal.append(record)
            if state.journal.count > configuration.journalLimit { state.journal.removeFirst() }
            switch kind {
            case .message: state.counters.messages += 1
            case .refusal: state.counters.refused += 1
            case .webhook: state.counters.webhooks += 1
            case .lostWebhook: state.counters.lostWebhooks += 1
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

    // MARK: Webhooks

    /// Why a webhook cannot be had.
    public enum WebhookError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The URL did not give the challenge back.
        case notVerified
        /// No URL is set.
        case noCallbackURL
        /// No number has that id.
        case unknownNumber
        /// No message has that id, or it is too long ago.
        case unknownMessage

        public var description: String {
            switch self {
            case .notVerified: "the callback URL did not answer the challenge"
            case .noCallbackURL: "no callback URL is set"
            case .unknownNumber: "no phone number has that id"
            case .unknownMessage: "no message has that id"
            }
        }
    }

    /// Registers a URL for webhooks as the App Dashboard does: only if it answers `hub.challenge`.
    public func subscribe(callbackURL: String, verifyToken: String) async throws {
        let challenge = String(UInt64.random(in: 1_000_000_000..<10_000_000_000))
        let query =
            "hub.mode=subscribe&hub.challenge=\(challenge)&hub.verify_token="
            + LoopbackRequest.encoded(verifyToken)
        let answer = try await sender.get(callbackURL + (callbackURL.contains("?") ? "&" : "?") + query)
        guard answer == Array(challenge.utf8) else { throw WebhookError.notVerified }
        setCallbackURL(callbackURL)
    }

    /// Sets the URL without asking it.
    public func setCallbackURL(_ url: String?) { state.withLock { $0.callbackURL = url } }

    /// The signed webhook with this body; nil when there is nowhere to send it.
    func callback(_ json: JSONValue) -> Callback? {
        guard let url = state.withLock({ $0.callbackURL }) else { return nil }
        let body = json.bytes
        return Callback(
            url: url,
            headers: [
                "Content-Type": "application/json", "User-Agent": "facebookexternalua",
                "X-Hub-Signature-256": "sha256=" + Signature.hmac(body, key: configuration.appSecret),
            ], body: body)
    }

    func find(_ phoneNumberID: String) -> GraphWebhooks? {
        for account in configuration.accounts {
            if let number = account.numbers.first(where: { $0.id == phoneNumberID }) {
                return GraphWebhooks(account: account, number: number)
            }
        }
        return nil
    }
}
