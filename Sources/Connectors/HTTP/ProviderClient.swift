// SPDX-License-Identifier: Apache-2.0
// Asks a provider something over HTTP and says how far the request came: a request of which not a byte was written may be
// repeated at will, one that was written and not answered may have been obeyed.

public import AsyncHTTPClient
internal import Messaging
public import NIOCore
internal import NIOHTTP1
internal import Wire

/// What became of a request.
enum ProviderResult: Sendable, Equatable {
    case answered(ProviderReply)
    /// No connection stood, or nothing was written to it.
    case notSent(reason: String)
    /// It was written, at least in part, and no answer came.
    case unanswered(reason: String)
}

struct ProviderReply: Sendable, Equatable {
    let status: Int
    /// Cut where it is longer than any answer that a provider gives.
    let body: [UInt8]
    /// What `Retry-After` asks for.
    let retryAfter: Milliseconds?
}

/// The requests of one connector.
public struct ProviderClient: Sendable {
    static let longestReply = 1 << 20
    static let userAgent = "Parley"

    let http: HTTPClient
    let exchanges: ExchangeLog
    let clock: @Sendable () -> Milliseconds
    /// From the call to the last byte of the answer, waiting for a connection included.
    let timeout: Milliseconds
    /// The members of bodies whose texts may be shown to operators.
    let shown: Set<String>

    init(_ environment: ConnectorEnvironment, timeout: Milliseconds, shown: Set<String>) {
        http = environment.httpClient
        exchanges = environment.exchanges
        clock = environment.clock
        self.timeout = timeout
        self.shown = shown
    }

    /// The client that connectors share: no redirects, since a provider's API has none and credentials must not follow
    /// one.
    public static func makeHTTPClient(group: any EventLoopGroup) -> HTTPClient {
        var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
        settings.timeout = .init(connect: .seconds(10))
        settings.connectionPool = .init(
            idleTimeout: .seconds(55), concurrentHTTP1ConnectionsPerHostSoftLimit: 256)
        settings.connectionPool.retryConnectionEstablishment = false
        settings.decompression = .disabled
        return HTTPClient(eventLoopGroupProvider: .shared(group), configuration: settings)
    }

    /// Posts a JSON document; `what` names the request to operators.
    func post(
        _ url: String, json: [UInt8], headers: [(String, String)] = [], what: String
    ) async -> ProviderResult {
        let headers = [("content-type", "application/json")] + headers
        return await call(.POST, url, headers: headers, body: json, what: what)
    }

    func get(_ url: String, headers: [(String, String)] = [], what: String) async -> ProviderResult {
        await call(.GET, url, headers: headers, body: nil, what: what)
    }

    private func call(
        _ method: HTTPMethod, _ url: String, headers: [(String, String)], body: [UInt8]?, what: String
    ) async -> ProviderResult {
        note(.sent, what, status: nil, body: body ?? [])
        let reader = ReplyReader()
        var failure: (any Error)?
        do {
            let request = try HTTPClient.Request(
                url: url, method: method, headers: HTTPHeaders([("user-agent", Self.userAgent)] + headers),
                body: body.map { .byteBuffer(ByteBuffer(bytes: $0)) })
            let task = http.execute(
                request: request, delegate: reader, deadline: .now() + .milliseconds(timeout))
            try await task.get()
        } catch {
            failure = error
        }
        let result = reader.result(failure)
        switch result {
        case .answered(let reply): note(.received, what, status: String(reply.status), body: reply.body)
        case .notSent(let reason), .unanswered(let reason): note(.received, what, status: reason, body: [])
        }
        return result
    }

    /// Takes a note for operators.
    func note(_ direction: Exchange.Direction, _ what: String, status: String?, body: [UInt8]) {
        let record = HTTPExchange(what: what, status: status, body: body, shown: shown)
        exchanges.record(record, direction, bind: nil, at: clock())
    }
}
