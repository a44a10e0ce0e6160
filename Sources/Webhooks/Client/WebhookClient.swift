// SPDX-License-Identifier: Apache-2.0

// Makes one try of one delivery: judge the URL, resolve, judge the addresses, connect to one of exactly these, post,
// read the answer within bounds. It neither follows redirects nor retries; both are for its caller to decide.

public import NIOCore
import NIOHTTP1
public import NIOPosix
import NIOSSL
internal import Wire

/// Posts webhooks. Create one per server and call `shutdown` before letting go of it.
public final class WebhookClient: Sendable {
    /// The bounds of a client; times in milliseconds.
    public struct Configuration: Sendable {
        /// The product version, for `User-Agent: Parley/<version>`.
        public var version: String
        /// Which addresses may be connected to.
        public var policy = AddressGuard.Policy()
        /// How long connecting to one address may take.
        public var connectTimeout: Int64 = 5000
        /// Connections to one endpoint, at most; matches `EndpointGate.Limits.maximumConcurrency`.
        public var connectionsPerEndpoint = 16
        /// How long an unused connection stays open; below the 5 s after which many servers close theirs.
        public var keepAlive: Int64 = 4000
        /// How many endpoints (scheme, host, address and port) keep their connections.
        public var maximumEndpoints = 1024
        /// How long the answer of the name service is used.
        public var resolutionLifetime: Int64 = 10_000
        /// Bytes of an answer's body that are read before the connection is closed.
        public var longestAnswer = 65_536
        /// A PEM file of certificates to trust beside those of the system.
        public var additionalTrustRootsFile: String?

        /// The defaults, for this product version.
        public init(version: String) {
            self.version = version
        }
    }

    /// Judges URLs and addresses; use the same one where URLs are accepted.
    public let addressGuard: AddressGuard

    private let resolver: HostResolver
    private let resolutions: ResolutionCache
    private let pool: ConnectionPool
    private let userAgent: String

    /// A client on these event loops; throws when the additional trust roots cannot be read.
    public init(
        configuration: Configuration, eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        resolver: HostResolver = .system()
    ) throws {
        self.addressGuard = AddressGuard(policy: configuration.policy)
        self.resolver = resolver
        self.resolutions = ResolutionCache(
            resolver: resolver, lifetime: .milliseconds(configuration.resolutionLifetime),
            eventLoopGroup: eventLoopGroup)
        self.userAgent = "Parley/\(configuration.version)"
        let opener = try ConnectionOpener(
            tls: try TrustStore.clientConfiguration(additionalFile: configuration.additionalTrustRootsFile),
            eventLoopGroup: eventLoopGroup,
            bounds: .init(
                keepAlive: .milliseconds(configuration.keepAlive), longestAnswer: configuration.longestAnswer),
            timeout: .milliseconds(configuration.connectTimeout))
        self.pool = ConnectionPool(
            limits: .init(
                connectionsPerEndpoint: configuration.connectionsPerEndpoint,
                endpoints: configuration.maximumEndpoints),
            eventLoop: eventLoopGroup.any(), open: opener.open)
    }

    /// Makes one try. Never throws: whatever happens is a result.
    public func send(_ request: WebhookRequest) async -> WebhookResult {
        let start = NIODeadline.now()
        let deadline = start + .milliseconds(max(1, request.timeout))
        let url: CallbackURL
        var endpoints: [Endpoint]
        do {
            url = try addressGuard.check(request.url)
            endpoints = try await checkedAddresses(of: url, deadline: deadline).map {
                Endpoint(scheme: url.scheme, host: url.host, address: $0, port: url.port)
            }
        } catch {
            return Self.result(ofLookup: error)
        }
        let bytes: ByteBuffer
        do {
            bytes = try RequestBytes.make(request, url, userAgent: userAgent)
        } catch {
            return Self.result(of: .failed(error, requestSent: false), start: start)
        }
        var result = WebhookResult.failed(.dns, message: "\(url.host): no address")
        // A second address gets its chance when the first cannot be reached: nothing was sent then.
        for _ in 0..<2 {
            guard let endpoint = pool.preferred(of: endpoints) else { return result }
            let exchange = Exchange(
                endpoint: endpoint, method: request.method == .get ? .GET : .POST, bytes: bytes, deadline: deadline,
                pool: pool)
            result = Self.result(of: await exchange.outcome(), start: start)
            guard case .failed(.connect, _) = result, NIODeadline.now() < deadline else { return result }
            endpoints.removeAll { $0 == endpoint }
        }
        return result
    }

    /// Closes all connections; deliveries under way end as `.cancelled`, unless their answer has begun.
    public func shutdown() async {
        await pool.shutdown()
        await resolver.close()
    }

    /// How many endpoints are remembered; for tests.
    var keptEndpoints: Int { pool.endpointCount }
    /// How many connections there are; for tests.
    var openConnections: Int { pool.connectionCount }

    private func checkedAddresses(of url: CallbackURL, deadline: NIODeadline) async throws -> [IPAddress] {
        if let literal = url.literalAddress { return [literal] }
        let addresses = try await resolutions.addresses(of: url.host, deadline: deadline)
        try addressGuard.check(addresses, of: url.host)
        return addresses
    }

    private static func result(of outcome: ExchangeOutcome, start: NIODeadline) -> WebhookResult {
        switch outcome {
        case .answered(let head, let bodyPrefix):
            let elapsed = (NIODeadline.now() - start).nanoseconds / 1_000_000
            return .answered(answer(head, bodyPrefix: bodyPrefix, elapsed: elapsed))
        case .failed(let error, let requestSent):
            let (kind, message) = FailureKind.of(error, requestSent: requestSent)
            return .failed(kind, message: message)
        }
    }

    private static func answer(_ head: HTTPResponseHead, bodyPrefix: [UInt8], elapsed: Int64) -> WebhookAnswer {
        let retryAfter = head.headers.first(name: "retry-after").flatMap {
            RetryAfterHeader.delay($0, date: head.headers.first(name: "date"), now: WallClock.now())
        }
        return WebhookAnswer(
            status: Int(head.status.code), retryAfter: retryAfter, bodyPrefix: bodyPrefix, elapsed: elapsed)
    }

    private static func result(ofLookup error: any Error) -> WebhookResult {
        switch error {
        case AddressRefusal.noAddress(let host): .failed(.dns, message: "\(host): no address")
        case let refusal as AddressRefusal: .failed(.refusedByGuard, message: refusal.description)
        case ResolutionCache.LookupError.failed(let reason): .failed(.dns, message: reason)
        case ResolutionCache.LookupError.timedOut: .failed(.timeout, message: "the name service did not answer in time")
        default: .failed(.cancelled, message: "cancelled")
        }
    }
}
