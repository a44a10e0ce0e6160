// SPDX-License-Identifier: Apache-2.0

// Fetches media from customers' servers with the customers' credentials. The URL is a customer's word: it is judged, its
// addresses are judged, and the connection is pinned to one of them, as for webhooks; redirects are refused, because
// they would take the credentials elsewhere.

import AsyncHTTPClient
public import Messaging
public import NIOCore
import NIOHTTP1
public import NIOPosix
import NIOSSL
internal import Wire

/// Fetches media. Create one per server and call `shutdown` before letting go of it.
public final class CustomerMediaClient: Sendable {
    /// Times in milliseconds.
    public struct Bounds: Sendable {
        /// Bytes of one medium.
        public var maximumSize = 100 * 1024 * 1024
        /// From the request to the head of its answer, name resolution included.
        public var answerTimeout: Int64 = 20_000
        /// Between two pieces of an answer.
        public var readTimeout: Int64 = 20_000

        public init() {}
    }

    /// An answer's head, with its body still on the way.
    private struct Exchange {
        let response: HTTPClientResponse
        let lease: ClientPool.Lease
    }

    private let addressGuard: AddressGuard
    private let bounds: Bounds
    private let version: String
    private let resolver: HostResolver
    private let resolutions: ResolutionCache
    private let pool: ClientPool
    private let tokens = AccessTokens()
    private let now: @Sendable () -> Int64

    /// A client with the webhooks' policy and trust; throws when the additional trust roots cannot be read.
    public convenience init(
        configuration: WebhookClient.Configuration, bounds: Bounds = Bounds(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, resolver: HostResolver = .system()
    ) throws {
        try self.init(
            configuration: configuration, bounds: bounds, eventLoopGroup: eventLoopGroup, resolver: resolver,
            now: WallClock.now)
    }

    /// `now` is the clock by which tokens expire.
    init(
        configuration: WebhookClient.Configuration, bounds: Bounds, eventLoopGroup: any EventLoopGroup,
        resolver: HostResolver, now: @escaping @Sendable () -> Int64
    ) throws {
        addressGuard = AddressGuard(policy: configuration.policy)
        self.bounds = bounds
        version = configuration.version
        self.resolver = resolver
        self.now = now
        resolutions = ResolutionCache(
            resolver: resolver, lifetime: .milliseconds(configuration.resolutionLifetime),
            eventLoopGroup: eventLoopGroup)
        let tls = try TrustStore.clientConfiguration(additionalFile: configuration.additionalTrustRootsFile)
        pool = ClientPool(capacity: configuration.maximumEndpoints) { key in
            PinnedClient.make(
                key, configuration: configuration, tls: tls, eventLoopGroup: eventLoopGroup,
                readTimeout: bounds.readTimeout)
        }
    }

    /// Closes all connections. Later calls throw.
    public func shutdown() async {
        await pool.shutdown()
        await resolver.close()
    }

    /// The medium at a customer's URL; its bytes come as they are read. Throws `MediaFetchError`.
    public func fetch(_ url: String, credentials: MediaCredentials) async throws -> any ReadableMedia {
        let (authorization, isFresh) = try await authorization(of: credentials)
        var exchange = try await get(url, authorization)
        if exchange.response.status == .unauthorized, !isFresh {
            // The server no longer takes a token that should still be valid.
            forget(authorization, credentials)
            discard(exchange)
            exchange = try await get(url, try await self.authorization(of: credentials).text)
        }
        return try medium(from: exchange, url: url)
    }

    static func tooLarge(_ limit: Int) -> MediaFetchError {
        MediaFetchError(isGone: false, reason: "the medium has more than \(limit) bytes")
    }

    // MARK: The medium

    private func get(_ url: String, _ authorization: String) async throws(MediaFetchError) -> Exchange {
        try await send(url, .GET, ["authorization": authorization, "accept": "*/*"], body: nil)
    }

    private func medium(from exchange: Exchange, url: String) throws(MediaFetchError) -> CustomerMedium {
        let response = exchange.response
        guard response.status.code == 200 else {
            discard(exchange)
            throw Self.refusal(response.status.code)
        }
        let size = response.headers.first(name: "content-length").flatMap { Int($0) }
        if let size, size > bounds.maximumSize {
            discard(exchange)
            throw Self.tooLarge(bounds.maximumSize)
        }
        return CustomerMedium(
            response, contentType: response.headers.first(name: "content-type") ?? "application/octet-stream",
            filename: Self.filename(in: url), size: size, limit: bounds.maximumSize
        ) { [pool] in pool.giveBack(exchange.lease, connected: true) }
    }

    private static func refusal(_ status: UInt) -> MediaFetchError {
        switch status {
        case 404, 410: MediaFetchError(isGone: true, reason: "the media server has no such medium (\(status))")
        case 401, 403: MediaFetchError(isGone: false, reason: "the media server refuses the credentials (\(status))")
        case 300...399: MediaFetchError(isGone: false, reason: "the media server redirects, which is not followed")
        default: MediaFetchError(isGone: false, reason: "the media server answered \(status)")
        }
    }

    /// The last component of the URL's path; nil when it has none.
    static func filename(in url: String) -> String? {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        guard let end = path.firstRange(of: "://")?.upperBound,
            let slash = path[end...].lastIndex(of: "/"), path.index(after: slash) < path.endIndex
        else { return nil }
        return String(path[path.index(after: slash)...])
    }

    // MARK: Credentials

    private func authorization(of credentials: MediaCredentials) async throws -> (text: String, isFresh: Bool) {
        switch credentials {
        case .basic(let username, let password):
            return ("Basic " + Base64.encode(Array("\(username):\(password)".utf8)), true)
        case .oauth2(let clientID, let clientSecret, let url):
            let client = AccessTokens.Client(url: url, clientID: clientID, clientSecret: clientSecret)
            if let token = tokens.token(of: client, now: now()) { return ("Bearer " + token, false) }
            let (token, until) = try await newToken(client)
            tokens.keep(token, of: client, until: until, now: now())
            return ("Bearer " + token, true)
        }
    }

    private func forget(_ authorization: String, _ credentials: MediaCredentials) {
        guard case .oauth2(let clientID, let clientSecret, let url) = credentials else { return }
        tokens.forget(
            String(authorization.dropFirst("Bearer ".count)),
            of: AccessTokens.Client(url: url, clientID: clientID, clientSecret: clientSecret))
    }

    /// Asks the token server: the client's credentials in the header, and where that is refused in the body.
    private func newToken(_ client: AccessTokens.Client) async throws -> (token: String, until: Int64) {
        let header = TokenExchange.authorization(clientID: client.clientID, clientSecret: client.clientSecret)
        var exchange = try await post(client.url, TokenExchange.form, authorization: header)
        if [400, 401].contains(exchange.response.status.code) {
            discard(exchange)
            let form = TokenExchange.form(clientID: client.clientID, clientSecret: client.clientSecret)
            exchange = try await post(client.url, form, authorization: nil)
        }
        defer { discard(exchange) }
        let status = exchange.response.status.code
        guard status == 200 else {
            throw MediaFetchError(isGone: false, reason: "the token server answered \(status)")
        }
        guard let body = try? await exchange.response.body.collect(upTo: TokenExchange.longestAnswer),
            let token = TokenExchange.token(in: Array(body.readableBytesView), now: now())
        else { throw MediaFetchError(isGone: false, reason: "the token server's answer holds no bearer token") }
        return token
    }

    private func post(
        _ url: String, _ form: String, authorization: String?
    ) async throws(MediaFetchError) -> Exchange {
        var headers: HTTPHeaders = [
            "content-type": "application/x-www-form-urlencoded", "accept": "application/json",
        ]
        if let authorization { headers.add(name: "authorization", value: authorization) }
        return try await send(url, .POST, headers, body: form)
    }

    // MARK: Sending

    private func discard(_ exchange: Exchange) { pool.giveBack(exchange.lease, connected: true) }

    private func send(
        _ text: String, _ method: HTTPMethod, _ headers: HTTPHeaders, body: String?
    ) async throws(MediaFetchError) -> Exchange {
        let deadline = NIODeadline.now() + .milliseconds(bounds.answerTimeout)
        var failure = "the client is shut down"
        do {
            let url = try addressGuard.check(text)
            var addresses = try await addresses(of: url, deadline: deadline)
            let request = try httpRequest(url, method, headers, body: body)
            // A second address gets its chance when the first cannot be reached: nothing was sent then.
            for _ in 0..<2 {
                guard let lease = pool.lease(host: url.host, among: addresses) else { break }
                do {
                    return Exchange(
                        response: try await lease.client.execute(request, deadline: deadline), lease: lease)
                } catch {
                    let (kind, message) = FailureKind.of(error, requestSent: false)
                    pool.giveBack(lease, connected: kind == .connect ? false : nil)
                    failure = message
                    guard kind == .connect, NIODeadline.now() < deadline else { break }
                    addresses.removeAll { $0 == lease.key.address }
                }
            }
        } catch let refusal as AddressRefusal {
            failure = refusal.description
        } catch ResolutionCache.LookupError.failed(let reason) {
            failure = reason
        } catch {
            failure = "no answer in time"
        }
        throw MediaFetchError(isGone: false, reason: "the media server cannot be asked: \(failure)")
    }

    private func addresses(of url: CallbackURL, deadline: NIODeadline) async throws -> [IPAddress] {
        if let literal = url.literalAddress { return [literal] }
        let addresses = try await resolutions.addresses(of: url.host, deadline: deadline)
        try addressGuard.check(addresses, of: url.host)
        return addresses
    }

    private func httpRequest(
        _ url: CallbackURL, _ method: HTTPMethod, _ headers: HTTPHeaders, body: String?
    ) throws -> HTTPClientRequest {
        // The host that was judged is the key of the pin. Were it read in another way here, the pin would not hold.
        let parsed = try HTTPClient.Request(url: url.text)
        guard parsed.host == url.hostInURL, parsed.port == url.port else { throw AddressRefusal.host(url.host) }
        var request = HTTPClientRequest(url: url.text)
        request.method = method
        request.headers = headers
        request.headers.add(name: "Host", value: url.hostHeader)
        request.headers.add(name: "User-Agent", value: "Parley/\(version)")
        if let body { request.body = .bytes(Array(body.utf8)) }
        return request
    }
}
