// SPDX-License-Identifier: Apache-2.0
// Takes one answer in, and remembers how far the exchange came. Once the head is there the request is answered, whatever
// becomes of the body.

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization
internal import Wire

final class ReplyReader: HTTPClientResponseDelegate {
    typealias Response = Void

    private struct Progress {
        var isSent = false
        var head: HTTPResponseHead?
        var body: [UInt8] = []
    }

    private struct BodyTooLong: Error {}

    private let progress = Mutex(Progress())

    /// What became of the request that ended, with `failure` or without.
    func result(_ failure: (any Error)?) -> ProviderResult {
        let progress = progress.withLock { $0 }
        if let head = progress.head {
            let retryAfter = head.headers.first(name: "retry-after").flatMap(Self.delay)
            return .answered(
                ProviderReply(status: Int(head.status.code), body: progress.body, retryAfter: retryAfter))
        }
        let reason = Self.reason(failure)
        return progress.isSent ? .unanswered(reason: reason) : .notSent(reason: reason)
    }

    /// `Retry-After` in seconds (RFC 9110 §10.2.3), at most a day; its form as a date is for websites.
    static func delay(_ text: String) -> Milliseconds? {
        guard let seconds = Int64(text), seconds >= 0 else { return nil }
        return min(seconds, 86_400) * 1000
    }

    /// At most 200 characters, since a peer's bytes may end up in an error's text.
    static func reason(_ failure: (any Error)?) -> String {
        switch failure {
        case nil: "no answer"
        case let error as HTTPClientError: reason(error)
        case let error as NIOConnectionError:
            String((error.connectionErrors.first.map { "\($0.error)" } ?? "no connection").prefix(200))
        case let error?: String("\(error)".prefix(200))
        }
    }

    private static func reason(_ error: HTTPClientError) -> String {
        switch error {
        case .deadlineExceeded, .readTimeout: "no answer in time"
        case .connectTimeout, .getConnectionFromPoolTimeout: "no connection in time"
        case .remoteConnectionClosed: "the connection was closed without an answer"
        default: error.shortDescription
        }
    }

    // MARK: HTTPClientResponseDelegate

    func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
        progress.withLock { $0.isSent = true }
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        progress.withLock { $0.head = head }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        let isTooLong = progress.withLock { progress in
            let room = ProviderClient.longestReply - progress.body.count
            progress.body += buffer.readableBytesView.prefix(room)
            return buffer.readableBytes > room
        }
        return isTooLong
            ? task.eventLoop.makeFailedFuture(BodyTooLong()) : task.eventLoop.makeSucceededVoidFuture()
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws {}
}
