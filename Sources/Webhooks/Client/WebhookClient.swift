// SPDX-License-Identifier: Apache-2.0

// Makes one try of one delivery: judge the URL, resolve, judge the addresses, connect to one of exactly these, post,
// read the answer within bounds. It neither follows redirects nor retries; both are for its caller to decide.

import AsyncHTTPClient
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
        /// How many (host, address) pairs keep their connections.
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

    private let configuration: Configuration
    private let resolver: HostResolver
    private let resolutions: ResolutionCache
    private let pool: ClientPool

    /// A client on these event loops; throws when the additional trust roots cannot be read.
    public init(
        configuration: Configuration, eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        resolver: HostResolver = .system()
    ) throws {
        self.configuration = configuration
        self.addressGuard = AddressGuard(policy: configuration.policy)
        self.resolver = resolver
        self.resolutions = ResolutionCache(
            resolver: resolver, lifetime: .milliseconds(configuration.resolutionLifetime),
            eventLoopGroup: eventLoopGroup)
        let tls = try TrustStore.clientConfiguration(additionalFile: configuration.additionalTrustRootsFile)
        self.pool = ClientPool(capacity: configuration.maximumEndpoints) { key in
            PinnedClient.make(key, configuration: configuration, tls: tls, eventLoopGroup: eventLoopGroup)
        }
    }

    /// Makes one try. Never throws: whatever happens is a result.
    public func send(_ request: WebhookRequest) async -> WebhookResult {
        let start = NIODeadline.now()
        let deadline = start + .milliseconds(max(1, request.timeout))
        let url: CallbackURL
        var addresses: [IPAddress]
        do {
            url = try addressGuard.check(request.url)
            addresses = try await checkedAddresses(of: url, deadline: deadline)
        } catch {
            return Self.result(ofLookup: error)
        }
        var result = WebhookResult.failed(.cancelled, message: "the client is shut down")
        // A second address gets its chance when the first cannot be reached: nothing was sent then.
        for _ in 0..<2 {
            guard let lease = pool.lease(host: url.host, among: addresses) else { return result }
            result = await exchange(request, url, lease, start: start, deadline: deadline)
            guard case .failed(.connect, _) = result, NIODeadline.now() < deadline else { return result }
            addresses.removeAll { $0 == lease.key.address }
            if addresses.isEmpty { return result }
        }
        return result
    }

    /// Closes all connections; deliveries under way end as `.cancelled`, unless their answer has begun.
    public func shutdown() async {
        await pool.shutdown()
        await resolver.close()
    }

    /// How many clients are kept; for tests.
    var keptClients: Int { pool.count }

    private func checkedAddresses(of url: CallbackURL, deadline: NIODeadline) async throws -> [IPAddress] {
        if let literal = url.literalAddress { return [literal] }
        let addresses = try await resolutions.addresses(of: url.host, deadline: deadline)
        try addressGuard.check(addresses, of: url.host)
        return addresses
    }

    private func exchange(
        _ request: WebhookRequest, _ url: CallbackURL, _ lease: ClientPool.Lease, start: NIODeadline,
        deadline: NIODeadline
    ) async -> WebhookResult {
        let reader = AnswerReader(longestBody: configuration.longestAnswer)
        var failure: (any Error)?
        do {
            let http = try httpRequest(request, url)
            let task = lease.client.execute(request: http, delegate: reader, deadline: deadline)
            try await withTaskCancellationHandler {
                try await task.get()
            } onCancel: {
                task.cancel()
            }
        } catch {
            failure = error
        }
        let progress = reader.progress
        if let head = progress.head {
            pool.giveBack(lease, connected: true)
            let elapsed = (NIODeadline.now() - start).nanoseconds / 1_000_000
            return .answered(Self.answer(head, bodyPrefix: progress.bodyPrefix, elapsed: elapsed))
        }
        let (kind, message) = FailureKind.of(failure, requestSent: progress.requestSent)
        pool.giveBack(lease, connected: kind == .connect ? false : progress.requestSent ? true : nil)
        return .failed(kind, message: message)
    }

    private func httpRequest(_ request: WebhookRequest, _ url: CallbackURL) throws -> HTTPClient.Request {
        var headers = request.headers
        for name in ["host", "content-length", "transfer-encoding", "connection", "user-agent", "expect"] {
            headers.remove(name: name)
        }
        headers.add(name: "Host", value: url.hostHeader)
        headers.add(name: "User-Agent", value: "Parley/\(configuration.version)")
        let body: HTTPClient.Body? =
            request.method == .get ? nil : .byteBuffer(ByteBuffer(bytes: request.body))
        let http = try HTTPClient.Request(
            url: url.text, method: HTTPMethod(rawValue: request.method.rawValue), headers: headers, body: body)
        // The host that was judged is the key of the pin. Were it read in another way here, the pin would not hold.
        guard http.host == url.hostInURL, http.port == url.port else { throw AddressRefusal.host(url.host) }
        return http
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
