// SPDX-License-Identifier: Apache-2.0
// Lets a request leave in one packet: the client flushes the head and the body of a request one after the other, and
// each flush would be a call into the kernel and a packet of its own.

import NIOCore

/// Makes the flushes of one turn of the event loop one.
final class FlushOnce: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var isDue = false

    func flush(context: ChannelHandlerContext) {
        guard !isDue else { return }
        isDue = true
        context.eventLoop.assumeIsolated().execute { [self] in flushNow(context) }
    }

    /// What was not flushed is lost with the connection, as it is without this handler; a flush from in here could close
    /// the connection under the client's feet.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output { flushNow(context) } else { isDue = false }
        context.close(mode: mode, promise: promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) { isDue = false }

    private func flushNow(_ context: ChannelHandlerContext) {
        guard isDue else { return }
        isDue = false
        context.flush()
    }
}
