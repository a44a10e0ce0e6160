// SPDX-License-Identifier: Apache-2.0
// What the connections of one load run share. Everything here lives on the run's one event loop.

import NIOCore
import Wire

final class LoadRun: @unchecked Sendable {
    let requests: RequestBytes
    private let countFrom: NIODeadline
    private let end: NIODeadline
    private let limit: Int?
    private var sent = 0
    private var open = 0
    private var latencies = Histogram()
    private var refused = 0
    private var failed = 0
    private var counted = 0
    private var lastAnswer = NIODeadline.now()
    private var done: EventLoopPromise<Void>?

    init(requests: RequestBytes, countFrom: NIODeadline, end: NIODeadline, limit: Int?) {
        self.requests = requests
        self.countFrom = countFrom
        self.end = end
        self.limit = limit
    }

    func started(_ connections: Int, on loop: any EventLoop) {
        open = connections
        done = loop.makePromise()
    }

    func finished(on loop: any EventLoop) -> EventLoopFuture<Void> {
        done?.futureResult ?? loop.makeSucceededVoidFuture()
    }

    /// The number of the next request; nil when the run is over.
    func next(at now: NIODeadline) -> Int? {
        guard now < end, sent < limit ?? .max else { return nil }
        sent += 1
        return sent
    }

    func answered(status: Int, sentAt: NIODeadline, at now: NIODeadline) {
        guard now >= countFrom, now <= end else { return }
        lastAnswer = now
        guard status / 100 == 2 else {
            refused += 1
            return
        }
        counted += 1
        latencies.record((now - sentAt).nanoseconds / 1000)
    }

    func connectionFailed() {
        failed += 1
        connectionEnded()
    }

    func connectionEnded() {
        open -= 1
        if open == 0 { done?.succeed() }
    }

    func brokeOff() { failed += 1 }

    /// One line of JSON.
    func result() -> String {
        let stop = limit == nil ? end : lastAnswer
        let seconds = Double((stop - countFrom).nanoseconds) / 1e9
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("messages", counted)
            writer.member("refused", refused)
            writer.member("failed", failed)
            writer.member("seconds", number: "\(seconds)")
            writer.member("rate", number: "\(Double(counted) / max(seconds, 0.001))")
            writer.member("p50", number: "\(latencies.percentile(0.5))")
            writer.member("p99", number: "\(latencies.percentile(0.99))")
        }
        return writer.text
    }
}

/// One connection: a request, its answer, the next request.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let run: LoadRun
    private var answer = AnswerScanner()
    private var sentAt = NIODeadline.now()
    private var isWaiting = false

    init(run: LoadRun) { self.run = run }

    func channelActive(context: ChannelHandlerContext) { sendNext(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let status = answer.take(unwrapInboundIn(data)) else { return }
        isWaiting = false
        run.answered(status: status, sentAt: sentAt, at: .now())
        sendNext(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isWaiting { run.brokeOff() }
        run.connectionEnded()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func sendNext(_ context: ChannelHandlerContext) {
        sentAt = .now()
        guard let number = run.next(at: sentAt) else {
            context.close(promise: nil)
            return
        }
        isWaiting = true
        var buffer = context.channel.allocator.buffer(capacity: 512)
        run.requests.write(number, to: &buffer)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }
}

/// Finds the end of one HTTP/1.1 answer with a `content-length`; all that this load needs to know of HTTP.
struct AnswerScanner {
    private var pending = ByteBuffer()

    /// Takes bytes; the status once an answer is whole.
    mutating func take(_ bytes: ByteBuffer) -> Int? {
        var bytes = bytes
        if pending.readableBytes == 0 { swap(&pending, &bytes) } else { pending.writeBuffer(&bytes) }
        let view = pending.readableBytesView
        guard let end = Self.endOfHead(view) else { return nil }
        let head = view[view.startIndex..<end]
        let length = Self.contentLength(head)
        guard pending.readableBytes >= end - view.startIndex + length else { return nil }
        let status = head.dropFirst(9).prefix(3).reduce(0) { $0 * 10 + Int($1) - 48 }
        pending.clear()
        return status
    }

    private static func endOfHead(_ view: ByteBufferView) -> Int? {
        view.withUnsafeBytes { bytes in
            guard bytes.count >= 4 else { return nil }
            var index = 3
            while index < bytes.count {
                if bytes[index] == 10, bytes[index - 1] == 13, bytes[index - 2] == 10 {
                    return view.startIndex + index + 1
                }
                index += 1
            }
            return nil
        }
    }

    private static func contentLength(_ head: ByteBufferView) -> Int {
        let name = Array("content-length:".utf8)
        return head.withUnsafeBytes { bytes in
            var line = 0
            while line + name.count < bytes.count {
                if zip(bytes[line...], name).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
                    return bytes[(line + name.count)...].drop { $0 == 32 }.prefix { (48...57).contains($0) }
                        .reduce(0) { $0 * 10 + Int($1) - 48 }
                }
                while line < bytes.count, bytes[line] != 10 { line += 1 }
                line += 1
            }
            return 0
        }
    }
}
