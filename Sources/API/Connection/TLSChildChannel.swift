// SPDX-License-Identifier: Apache-2.0
// TLS in front of another kind of connection, with the certificate as it is when the connection comes in.

internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOSSL

struct TLSChildChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let certificates: TLSCertificates

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: certificates.context))
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
