// SPDX-License-Identifier: Apache-2.0
// The Admin API over HTTP: requests, pages, refusals. Every failure that leaves here is a `Failure`.

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import Wire

/// A server's Admin API, called with one key.
struct AdminAPI: Sendable {
    typealias Query = [(name: String, value: String?)]

    /// What the server's addresses begin with, without a slash at the end.
    let server: String
    let key: String
    let http: HTTPClient

    private static let root = "/admin/v1"
    private static let largestPage = 500
    private static let largestAnswer = 64 << 20
    private static let patience = TimeAmount.seconds(60)

    /// A client that trusts the system's certificate authorities and those of a PEM file; it follows no redirection,
    /// for the key is meant for this server alone.
    static func client(certificateFile: String?) throws(Failure) -> HTTPClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let certificateFile {
            do {
                tls.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(certificateFile))]
            } catch {
                throw Failure("--ca: \(certificateFile) is not a readable PEM file of certificates", .usage)
            }
        }
        var settings = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        settings.timeout = .init(connect: .seconds(10))
        settings.connectionPool.retryConnectionEstablishment = false
        settings.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    // MARK: - Requests

    @discardableResult
    func get(_ path: String, _ query: Query = []) async throws(Failure) -> JSONValue {
        try await document(.GET, path, query, body: nil)
    }

    /// GET; nil when there is no such object.
    func getIfAny(_ path: String) async throws(Failure) -> JSONValue? {
        do {
            return try await get(path)
        } catch {
            guard error.code == 404 else { throw error }
            return nil
        }
    }

    /// POST; `null` when the answer has no body.
    @discardableResult
    func post(_ path: String, _ body: JSONValue? = nil) async throws(Failure) -> JSONValue {
        try await document(.POST, path, [], body: body)
    }

    /// PATCH with a merge patch (RFC 7396).
    func patch(_ path: String, _ body: JSONValue) async throws(Failure) -> JSONValue {
        try await document(.PATCH, path, [], body: body)
    }

    func delete(_ path: String) async throws(Failure) {
        _ = try await document(.DELETE, path, [], body: nil)
    }

    /// The items of a list, page by page until there are no more, or as many as `limit`; and whether there would be
    /// more. `onPage` sees each page as it comes.
    func items(
        _ path: String, _ query: Query = [], limit: Int? = nil, onPage: (JSONValue) -> Void = { _ in }
    ) async throws(Failure) -> (items: [JSONValue], hasMore: Bool) {
        var items: [JSONValue] = []
        var cursor: String?
        repeat {
            let wanted = min(Self.largestPage, limit.map { $0 - items.count } ?? Self.largestPage)
            let page = try await get(path, query + [("limit", String(wanted)), ("cursor", cursor)])
            guard let found = page["items"]?.array else {
                throw Failure("\(server) answered \(path) with something that is not a list")
            }
            items += found
            onPage(page)
            let next = page["next"]?.string
            guard let next, next != cursor else { return (items, false) }
            cursor = next
        } while items.count < limit ?? .max
        return (items, true)
    }

    private func document(
        _ method: HTTPMethod, _ path: String, _ query: Query, body: JSONValue?
    ) async throws(Failure) -> JSONValue {
        var request = request(method, path, query)
        request.headers.add(name: "accept", value: "application/json")
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: JSONText.compact(body)))
        }
        let response = try await response(to: request, patience: Self.patience)
        let bytes = try await bytes(of: response)
        guard !bytes.isEmpty else { return .null }
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw Failure("\(server) answered \(path) with something that is not JSON: \(error)")
        }
    }

    // MARK: - Pieces that transfers use as well

    func request(_ method: HTTPMethod, _ path: String, _ query: Query = []) -> HTTPClientRequest {
        var url = server + Self.root + path
        var separator = "?"
        for (name, value) in query {
            guard let value else { continue }
            url += separator + name + "=" + Percent.encode(value)
            separator = "&"
        }
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers.add(name: "apikey", value: key)
        request.headers.add(name: "user-agent", value: "parley")
        return request
    }

    /// Sends a request and waits for the head of a success; a refusal is read whole and thrown.
    func response(to request: HTTPClientRequest, patience: TimeAmount) async throws(Failure) -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, timeout: patience)
        } catch {
            throw Failure(noAnswerFrom: server, because: error)
        }
        guard (200..<300).contains(Int(response.status.code)) else {
            throw Failure(status: Int(response.status.code), body: try await bytes(of: response), from: server)
        }
        return response
    }

    private func bytes(of response: HTTPClientResponse) async throws(Failure) -> [UInt8] {
        do {
            return Array(buffer: try await response.body.collect(upTo: Self.largestAnswer))
        } catch {
            throw Failure(noAnswerFrom: server, because: error)
        }
    }
}

/// Percent-encoding of one part of a path or query: everything but RFC 3986's unreserved characters.
enum Percent {
    static func encode(_ text: String) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            default:
                result.append(UInt8(ascii: "%"))
                result.append(contentsOf: Hex.encode([byte]).uppercased().utf8)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
