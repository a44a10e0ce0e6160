// SPDX-License-Identifier: Apache-2.0
// The handle other threads hold on a session. Commands are collected, and the event loop is woken once for all that come
// before it gets to them. Commands to a session that has ended are still run: its requests come back as not sent.

internal import NIOCore
internal import Synchronization

final class SessionLink<Owner: SessionOwner>: Sendable {
    private let handler: NIOLoopBound<SessionHandler<Owner>>
    private let commands = Mutex<[SessionCommand<Owner.Context>]>([])
    private let eventLoop: any EventLoop

    /// On the event loop of the channel.
    init(_ handler: SessionHandler<Owner>, eventLoop: any EventLoop) {
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
        self.eventLoop = eventLoop
        handler.attach(self)
    }

    func post(_ command: SessionCommand<Owner.Context>) {
        let wakes = commands.withLock { pending in
            pending.append(command)
            return pending.count == 1
        }
        if wakes { wake() }
    }

    func post(_ batch: [SessionCommand<Owner.Context>]) {
        guard !batch.isEmpty else { return }
        let wakes = commands.withLock { pending in
            pending.append(contentsOf: batch)
            return pending.count == batch.count
        }
        if wakes { wake() }
    }

    private func wake() {
        eventLoop.execute { [self] in
            let batch = commands.withLock { pending in
                let batch = pending
                pending = []
                return batch
            }
            handler.value.perform(batch)
        }
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self =
            .nanoseconds(seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue)
            + .nanoseconds(attoseconds / 1_000_000_000)
    }
}
