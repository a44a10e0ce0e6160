// SPDX-License-Identifier: Apache-2.0
// A provider of HLR look-ups on loopback: `GET /lookup?number=…` with a bearer token, answered in the form that
// `docs/nis.md` describes. What it says of a number depends on the number's last digits.

public import Logging
public import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import Wire

/// The simulated provider. `start` and `shutdown` are called once each.
public final class HLRSimulator: Sendable {
    /// A mobile network as its registers show it.
    public struct Network: Hashable, Sendable {
        public var mcc: String
        public var mnc: String
        /// The addresses of its registers: E.164 digits.
        public var hlr: String
        public var msc: String

        public init(mcc: String, mnc: String, hlr: String, msc: String) {
            self.mcc = mcc
            self.mnc = mnc
            self.hlr = hlr
            self.msc = msc
        }
    }

    public struct Configuration: Sendable {
        public var host = "127.0.0.1"
        /// 0 takes a free port; `start` returns the one taken.
        public var port = 0
        public var token = "simulated-hlr-token"
        public var home = Network(mcc: "262", mnc: "01", hlr: "491710760000", msc: "491710764123")
        /// Where ported numbers are.
        public var other = Network(mcc: "262", mnc: "02", hlr: "491720022000", msc: "491720022310")
        /// The MSC that serves those who are roaming.
        public var mscAbroad = "33689004100"
        public var outcomeRule: @Sendable (String) -> NumberOutcome = NumberOutcome.byLastDigits

        public init() {}
    }

    public let configuration: Configuration
    private let logger: Logger
    private let group: any EventLoopGroup
    private let state = Mutex(State())

    private struct State {
        var server: LoopbackServer?
        var port: Int?
        var requests = 0
    }

    public init(configuration: Configuration, group: any EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
    }

    /// Listens, and returns the port.
    @discardableResult
    public func start() async throws -> Int {
        let server = LoopbackServer(group: group) { [weak self] request, respond in
            guard let self else { return respond(.cut) }
            state.withLock { $0.requests += 1 }
            if let reply = answer(request) { respond(reply) }
        }
        let port = try await server.start(host: configuration.host, port: configuration.port)
        state.withLock { state in
            state.server = server
            state.port = port
        }
        logger.info("simulated HLR provider listens", metadata: ["host": "\(configuration.host)", "port": "\(port)"])
        return port
    }

    /// Closes every connection.
    public func shutdown() async {
        let server = state.withLock { state in
            state.port = nil
            defer { state.server = nil }
            return state.server
        }
        await server?.shutdown()
    }

    /// The port it listens on; nil before `start` and after `shutdown`.
    public var port: Int? { state.withLock { $0.port } }

    /// What the `url` of an HLR source is.
    public var lookUpURL: String { "http://\(configuration.host):\(port ?? configuration.port)/lookup" }

    /// How many requests came.
    public var requests: Int { state.withLock { $0.requests } }

    // MARK: Answers

    /// Nil where none ever comes.
    private func answer(_ request: LoopbackRequest) -> LoopbackReply? {
        guard request.method == .GET, request.path == ["lookup"] else {
            return .respond(LoopbackResponse(.notFound))
        }
        guard request.bearerToken == configuration.token else {
            return Self.refusal(.unauthorized, "unknown token")
        }
        var digits = request.query["number"] ?? ""
        if let first = digits.first, first == "+" || first == " " { digits.removeFirst() }
        guard (5...15).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return Self.refusal(.badRequest, "number must be 5 to 15 digits")
        }
        switch configuration.outcomeRule(digits) {
        case .broken: return Self.refusal(.internalServerError, "the simulated provider is broken")
        case .silent: return nil
        case .cut: return .cut
        case let outcome: return .respond(.json(answer(outcome, digits)))
        }
    }

    private static func refusal(_ status: HTTPResponseStatus, _ reason: String) -> LoopbackReply {
        .respond(.json(.object(["message": .string(reason)]), status: status))
    }

    private func answer(_ outcome: NumberOutcome, _ digits: String) -> JSONValue {
        let network = outcome.isPorted ? configuration.other : configuration.home
        var answer: [String: JSONValue] = ["number": .string(digits), "error": .string(Self.error(outcome))]
        guard outcome != .unknown else { return .object(answer) }
        // As many of the number's digits as an IMSI of 15 has room for.
        let subscriber = String(repeating: "0", count: 10) + digits
        answer["imsi"] = .string(network.mcc + network.mnc + subscriber.suffix(12 - network.mnc.utf8.count))
        answer["hlr"] = .string(network.hlr)
        answer["mcc"] = .string(network.mcc)
        answer["mnc"] = .string(network.mnc)
        answer["ported"] = .bool(outcome.isPorted)
        answer["presence"] = .bool(outcome != .absent)
        guard outcome != .absent else { return .object(answer) }
        answer["msc"] = .string(outcome == .roaming ? configuration.mscAbroad : network.msc)
        answer["roaming"] = .bool(outcome == .roaming)
        return .object(answer)
    }

    /// A MAP user error (3GPP TS 29.002), in hexadecimal digits.
    private static func error(_ outcome: NumberOutcome) -> String {
        switch outcome {
        case .unknown: "1"
        case .absent: "1b"
        case .barred: "d"
        default: "0"
        }
    }
}
