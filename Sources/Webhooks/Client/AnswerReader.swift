// SPDX-License-Identifier: Apache-2.0

// Takes one answer in: its head, the first bytes of its body for the log, and no more than a bounded rest. From the
// moment the head is there the delivery is answered, whatever becomes of the body.

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

final class AnswerReader: HTTPClientResponseDelegate {
    typealias Response = Void

    struct BodyTooLong: Error {}

    struct Progress {
        var requestSent = false
        var head: HTTPResponseHead?
        var bodyPrefix: [UInt8] = []
        var bodyLength = 0
    }

    static let prefixLength = 1024

    private let longestBody: Int
    private let state = Mutex(Progress())

    init(longestBody: Int) {
        self.longestBody = longestBody
    }

    /// How far the exchange came.
    var progress: Progress { state.withLock { $0 } }

    func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
        state.withLock { $0.requestSent = true }
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        state.withLock { $0.head = head }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        let isTooLong = state.withLock { state in
            let room = Self.prefixLength - state.bodyPrefix.count
            if room > 0 { state.bodyPrefix += buffer.readableBytesView.prefix(room) }
            state.bodyLength += buffer.readableBytes
            return state.bodyLength > longestBody
        }
        return isTooLong
            ? task.eventLoop.makeFailedFuture(BodyTooLong()) : task.eventLoop.makeSucceededVoidFuture()
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws {}
}
