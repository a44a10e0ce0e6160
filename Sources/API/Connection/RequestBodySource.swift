// SPDX-License-Identifier: Apache-2.0
// The body of a request that is read while it arrives: a large one, or one whose length nobody announced. Reading from
// the socket pauses while its reader is behind.

internal import HummingbirdCore
internal import NIOCore

struct RequestBodySource {
    private typealias Producer = NIOThrowingAsyncSequenceProducer<
        ByteBuffer, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, Delegate
    >

    /// Chunks that may wait for the reader before reading pauses, and with how few it goes on.
    private static let (highWatermark, lowWatermark) = (16, 4)

    /// What the handler reads.
    let body: RequestBody
    private let source: Producer.Source

    /// `resume` is called, on any thread, when the reader wants more after reading was paused.
    init(resume: @escaping @Sendable () -> Void) {
        let sequence = Producer.makeSequence(
            elementType: ByteBuffer.self, failureType: (any Error).self,
            backPressureStrategy: .init(lowWatermark: Self.lowWatermark, highWatermark: Self.highWatermark),
            finishOnDeinit: true, delegate: Delegate(resume: resume))
        source = sequence.source
        body = RequestBody(asyncSequence: sequence.sequence)
    }

    /// A body that ends with an error before its first byte.
    static func failing(with error: any Error) -> RequestBody {
        let source = RequestBodySource {}
        source.finish(error)
        return source.body
    }

    /// False when the reader has enough for now.
    func add(_ bytes: ByteBuffer) -> Bool { source.yield(bytes) != .stopProducing }

    func finish() { source.finish() }

    func finish(_ error: any Error) { source.finish(error) }

    private struct Delegate: NIOAsyncSequenceProducerDelegate {
        let resume: @Sendable () -> Void

        func produceMore() { resume() }
        func didTerminate() { resume() }
    }
}
