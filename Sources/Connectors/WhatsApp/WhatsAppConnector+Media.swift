// SPDX-License-Identifier: Apache-2.0
// What a connector asks WhatsApp beside sending: the bytes of media that customers sent, and to show that a message was
// read.

internal import AsyncHTTPClient
public import Messaging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Wire

extension WhatsAppConnector {
    // MARK: MediaConnector

    public func download(_ media: ProviderMedia, into sink: any MediaSink) async throws {
        let (url, contentType) = try await address(of: media)
        do {
            try await client.download(
                url, headers: authorization, timeout: Milliseconds(options.mediaTimeout * 1000), what: "GET medium"
            ) { response in
                guard response.status == .ok else {
                    let isGone = [404, 410].contains(response.status.code)
                    throw MediaFetchError(isGone: isGone, reason: "WhatsApp answers \(response.status.code)")
                }
                let type = contentType ?? response.headers.first(name: "content-type") ?? media.contentType
                try await sink.begin(contentType: type, filename: media.filename)
                for try await piece in response.body { try await sink.write(Array(piece.readableBytesView)) }
            }
        } catch let error as HTTPClientError {
            throw MediaFetchError(isGone: false, reason: ReplyReader.reason(error))
        } catch let error as NIOConnectionError {
            throw MediaFetchError(isGone: false, reason: ReplyReader.reason(error))
        }
    }

    /// Asks for the URL of a medium, which WhatsApp gives for five minutes.
    private func address(of media: ProviderMedia) async throws -> (url: String, contentType: String?) {
        guard WhatsAppOptions.isPathSegment(media.reference) else {
            throw MediaFetchError(isGone: true, reason: "\(media.reference.prefix(64)) is no id of a medium")
        }
        let query = "\(media.reference)?phone_number_id=\(options.phoneNumberID)"
        let reply: ProviderReply
        switch await client.get(options.url(query), headers: authorization, what: "GET /{media-id}") {
        case .answered(let answer): reply = answer
        case .notSent(let reason), .unanswered(let reason): throw MediaFetchError(isGone: false, reason: reason)
        }
        let json = try? JSONValue(parsing: reply.body)
        if let error = GraphError(json: json?["error"]) {
            // Unsupported get request: the object does not exist.
            throw MediaFetchError(isGone: error.code == 100 || reply.status == 404, reason: error.reason)
        }
        guard reply.status == 200, let url = json?["url"]?.string, isTrusted(url) else {
            throw MediaFetchError(isGone: false, reason: "WhatsApp answers \(reply.status) and no usable URL")
        }
        return (url, json?["mime_type"]?.string)
    }

    /// Whether the access token may go to a URL: never in the clear, unless the API itself is spoken to so.
    private func isTrusted(_ url: String) -> Bool {
        url.hasPrefix("https://") || options.baseURL.hasPrefix("http://") && url.hasPrefix("http://")
    }

    // MARK: ReadMarkingConnector

    public func markRead(providerID: String, channel: String, isTyping: Bool) async -> ReadMarkFailure? {
        let json = Self.readMark(providerID, isTyping: isTyping)
        let result = await client.post(
            options.url("\(options.phoneNumberID)/messages"), json: json, headers: authorization,
            what: "POST /messages (read)")
        switch result {
        case .answered(let reply): return Self.failure(reply)
        case .notSent(let reason), .unanswered(let reason): return .unavailable(reason: reason)
        }
    }

    static func readMark(_ providerID: String, isTyping: Bool) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("messaging_product", "whatsapp")
            writer.member("status", "read")
            writer.member("message_id", providerID)
            if isTyping { writer.member("typing_indicator", object: { $0.member("type", "text") }) }
        }
        return writer.bytes
    }

    private static func failure(_ reply: ProviderReply) -> ReadMarkFailure? {
        let json = try? JSONValue(parsing: reply.body)
        guard let error = GraphError(json: json?["error"]) else {
            return (200...299).contains(reply.status) ? nil : .unavailable(reason: "WhatsApp answers \(reply.status)")
        }
        // Invalid parameter: of these three members only the id can be wrong.
        if error.code == 100 { return .unknownMessage }
        let verdict = GraphVerdict.refusal(error, status: reply.status, retryAfter: reply.retryAfter, attempt: 1)
        if case .rejected(let code, let reason) = verdict.outcome { return .refused(code: code, reason: reason) }
        return .unavailable(reason: error.reason)
    }
}
