// SPDX-License-Identifier: Apache-2.0
// Answers bytes that are no HTTP request, or one with more headers than are read, with a problem document; without it
// the answer would be a bare 400. Where an answer is on its way already nothing can be added, and the connection ends.

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes

final class ParseErrorHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Requests that were read, at least in part, and not answered in full.
    private var unanswered = 0
    private var isOver = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) { unanswered += 1 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isOver {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, unanswered == 0, !isOver else {
            context.fireErrorCaught(error)
            return
        }
        isOver = true
        let isTooLong = error == .headerOverflow
        (isTooLong ? Problem.headersTooLarge : .notHTTP).write(to: context)
        context.close(promise: nil)
    }
}

extension Problem {
    /// Writes the document as the answer of a connection that ends with it.
    func write(to context: ChannelHandlerContext) {
        let body = ByteBuffer(bytes: json)
        var fields = headers
        fields[.contentType] = "application/json"
        fields[.contentLength] = String(body.readableBytes)
        fields[.connection] = "close"
        let parts: [HTTPResponsePart] = [
            .head(HTTPResponse(status: status, headerFields: fields)), .body(body), .end(nil),
        ]
        for part in parts { context.write(NIOAny(part), promise: nil) }
        context.flush()
    }
}
