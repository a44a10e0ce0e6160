// SPDX-License-Identifier: Apache-2.0
// Fetches what customers send. Viber keeps it behind links that need no credentials; only links of signed callbacks get
// here.

internal import AsyncHTTPClient
public import Messaging
internal import NIOCore
internal import NIOHTTP1

extension ViberConnector {
    private static let redirects = 3
    /// For the whole of a medium.
    private static let mediaTimeout = TimeAmount.minutes(10)

    public func download(_ media: ProviderMedia, into sink: any MediaSink) async throws {
        let deadline = NIODeadline.now() + Self.mediaTimeout
        var url = media.reference
        for _ in 0...Self.redirects {
            let response = try await response(url, deadline: deadline)
            switch response.status.code {
            case 200:
                let type = response.headers.first(name: "content-type") ?? media.contentType
                try await sink.begin(contentType: type, filename: media.filename)
                return try await copy(response.body, into: sink)
            case 301, 302, 303, 307, 308:
                guard let next = response.headers.first(name: "location"), next.hasPrefix("https://") else {
                    throw MediaFetchError(isGone: false, reason: "Viber's link leads nowhere")
                }
                url = next
            case 404, 410: throw MediaFetchError(isGone: true, reason: "Viber does not have it any more")
            case let status: throw MediaFetchError(isGone: false, reason: "Viber answers \(status)")
            }
        }
        throw MediaFetchError(isGone: false, reason: "Viber's link leads on and on")
    }

    private func copy(_ body: HTTPClientResponse.Body, into sink: any MediaSink) async throws {
        var pieces = body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch {
                throw MediaFetchError(isGone: false, reason: ReplyReader.reason(error))
            }
            guard let piece else { return }
            try await sink.write(Array(piece.readableBytesView))
        }
    }

    private func response(_ url: String, deadline: NIODeadline) async throws -> HTTPClientResponse {
        do {
            return try await environment.httpClient.execute(HTTPClientRequest(url: url), deadline: deadline)
        } catch {
            throw MediaFetchError(isGone: false, reason: ReplyReader.reason(error))
        }
    }
}
