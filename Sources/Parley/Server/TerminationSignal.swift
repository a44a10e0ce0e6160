// SPDX-License-Identifier: Apache-2.0
// Waits for SIGTERM or SIGINT.

import Dispatch
import Foundation

enum TerminationSignal {
    static func wait() async {
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: .global())
        }
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self)
        for source in sources {
            source.setEventHandler { continuation.yield() }
            source.resume()
        }
        for await _ in signals { break }
        for source in sources { source.cancel() }
    }
}
