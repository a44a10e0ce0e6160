// SPDX-License-Identifier: Apache-2.0
// A request and its answer, as whoever answers it sees them: a task and the router, or a direct route. What a task writes
// goes to the connection's event loop in one step; a streamed body waits until the socket has taken each part.

internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTP1

struct RequestExchange: Sendable {
    /// Answers of a known length up to this one leave in one piece, bytes.
    private static let wholeAnswerLimit = 64 * 1024

    let connection: NIOLoopBound<ConnectionHandler>
    let eventLoop: any EventLoop
    let channel: any Channel
    let head: HTTPRequestHead
    let isKeptAlive: Bool

    /// Whether the client speaks HTTP/1.0.
    private var isOld: Bool { head.version == .http1_0 }

    /// Answers the request: the whole life of its task.
    func run(_ body: RequestBody, _ responder: RequestResponder) async {
        guard let request = try? HTTPRequest(of: head) else {
            eventLoop.execute { connection.value.answered(Problem.notHTTP.closingAnswer, isLast: true) }
            return
        }
        await finish(await responder.respond(to: Request(head: request, body: body), channel))
    }

    private func finish(_ answer: RequestResponder.Answer) async {
        do {
            try await write(answer)
        } catch {
            // What has been written announces more than there is; only the end of the connection says so.
            eventLoop.execute { connection.value.abandonAnswer() }
        }
    }

    /// Answers the request as `route` does, without a task. Called on the event loop; returns before the answer is known.
    func begin(
        _ body: ByteBuffer, _ route: DirectRoute, _ responder: RequestResponder, _ collector: AcceptCollector
    ) {
        guard let head = try? HTTPRequest(of: head) else {
            eventLoop.execute { connection.value.answered(Problem.notHTTP.closingAnswer, isLast: true) }
            return
        }
        let request = Request(head: head, body: RequestBody(buffer: body))
        route.answer(request, body, responder.context(channel), collector) { answer in
            switch answer {
            case .json(let bytes, let fields, let requestID):
                write(bytes, fields, requestID: requestID, date: responder.now)
            case .response(let response):
                let answer = RequestResponder.Answer(response: response, date: responder.now)
                Task { await finish(answer) }
            }
        }
    }

    /// Writes a whole answer with status 200; on the event loop.
    private func write(_ json: [UInt8], _ fields: HTTPFields, requestID: String, date: String) {
        let connection: StaticString? = !isKeptAlive ? "close" : isOld ? "keep-alive" : nil
        var serializer = ResponseSerializer(capacity: 384 + json.count)
        serializer.answer(json, fields, requestID: requestID, date: date, connection: connection)
        self.connection.value.answered(serializer.buffer, isLast: !isKeptAlive)
    }

    private func write(_ answer: RequestResponder.Answer) async throws {
        let response = answer.response
        let length = response.body.contentLength
        let framing: ResponseFraming =
            if length != nil || response.status.isWithoutBody {
                .announced
            } else if isOld {
                .untilClose
            } else {
                .chunked
            }
        let isLast = !isKeptAlive || framing == .untilClose
        let connection: StaticString? = isLast ? "close" : isOld ? "keep-alive" : nil
        let isWhole = (length ?? .max) <= Self.wholeAnswerLimit || response.status.isWithoutBody
        var serializer = ResponseSerializer(capacity: 384 + (isWhole ? length ?? 0 : 0))
        serializer.head(
            response.status, response.headers, date: answer.date, framing: framing, connection: connection)
        if isWhole {
            let bytes = try await CollectedBody.append(response.body, to: serializer.buffer)
            eventLoop.execute { self.connection.value.answered(bytes, isLast: isLast) }
        } else {
            try await send(serializer.buffer)
            try await response.body.write(StreamedBody(exchange: self, framing: framing))
            eventLoop.execute { self.connection.value.answered(ByteBuffer(), isLast: isLast) }
        }
    }

    /// Writes a part of an answer; returns when the socket has taken it.
    fileprivate func send(_ bytes: ByteBuffer) async throws {
        try await eventLoop.flatSubmit { connection.value.write(bytes) }.get()
    }
}

/// Gathers a body that is there already.
private struct CollectedBody: ResponseBodyWriter {
    private final class Box {
        var buffer: ByteBuffer

        init(_ buffer: ByteBuffer) { self.buffer = buffer }
    }

    private let box: Box

    static func append(_ body: ResponseBody, to buffer: ByteBuffer) async throws -> ByteBuffer {
        let box = Box(buffer)
        try await body.write(CollectedBody(box: box))
        return box.buffer
    }

    mutating func write(_ buffer: ByteBuffer) async throws { box.buffer.writeImmutableBuffer(buffer) }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

/// Sends a body part by part.
private struct StreamedBody: ResponseBodyWriter {
    let exchange: RequestExchange
    let framing: ResponseFraming

    mutating func write(_ buffer: ByteBuffer) async throws {
        var part = ResponseSerializer(capacity: buffer.readableBytes + 16)
        part.body(buffer, framing: framing)
        if part.buffer.readableBytes > 0 { try await exchange.send(part.buffer) }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        var part = ResponseSerializer(capacity: 8)
        part.end(framing: framing)
        if part.buffer.readableBytes > 0 { try await exchange.send(part.buffer) }
    }
}
