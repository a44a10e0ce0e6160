// SPDX-License-Identifier: Apache-2.0

// The body of a customer's answer, read piece by piece and bounded: no more bytes than allowed, no pause longer than the
// client's read timeout. One task reads it.

import AsyncHTTPClient
internal import Messaging
import NIOCore
import Synchronization

final class CustomerMedium: ReadableMedia {
    private struct State {
        var count = 0
        var isOver = false
    }

    let contentType: String
    let filename: String?
    let size: Int?
    private let limit: Int
    private let body: BodyIterator
    private let state = Mutex(State())
    /// Gives the connection back; called once.
    private let release: @Sendable () -> Void

    init(
        _ response: HTTPClientResponse, contentType: String, filename: String?, size: Int?, limit: Int,
        release: @escaping @Sendable () -> Void
    ) {
        self.contentType = contentType
        self.filename = filename
        self.size = size
        self.limit = limit
        self.release = release
        body = BodyIterator(response.body.makeAsyncIterator())
    }

    deinit { end() }

    func next() async throws -> [UInt8]? {
        guard !state.withLock({ $0.isOver }) else { return nil }
        let piece: [UInt8]?
        do {
            piece = try await body.next()
        } catch {
            end()
            let (_, message) = FailureKind.of(error, requestSent: true)
            throw MediaFetchError(isGone: false, reason: "the media server's answer broke off: \(message)")
        }
        guard let piece else {
            end()
            return nil
        }
        let isTooLarge = state.withLock { state in
            state.count += piece.count
            return state.count > limit
        }
        if isTooLarge {
            end()
            throw CustomerMediaClient.tooLarge(limit)
        }
        return piece
    }

    private func end() {
        let isFirst = state.withLock { state in
            defer { state.isOver = true }
            return !state.isOver
        }
        if isFirst { release() }
    }
}

/// An iterator that is no value of its own. It is `Sendable` because one task at a time uses it, as its owner demands.
private final class BodyIterator: @unchecked Sendable {
    private nonisolated(unsafe) var iterator: HTTPClientResponse.Body.AsyncIterator

    init(_ iterator: HTTPClientResponse.Body.AsyncIterator) { self.iterator = iterator }

    func next() async throws -> [UInt8]? {
        nonisolated(unsafe) var current = iterator
        defer { iterator = current }
        return try await current.next().map { Array($0.readableBytesView) }
    }
}
