// SPDX-License-Identifier: Apache-2.0
// The programs that stand around Parley in a benchmark: what it is compared with, and what loads it.
// `Benchmarks/bench.py` runs them; each prints one line of JSON.

import ArgumentParser
import Logging

@main
struct ParleyBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parley-bench", abstract: "Load generators and yardsticks of Parley's benchmarks.",
        subcommands: [FloorCommand.self, LoadCommand.self, CyclesCommand.self])

    /// A logger for libraries that want one and have nothing to say.
    static var quietLogger: Logger {
        var logger = Logger(label: "parley-bench")
        logger.logLevel = .error
        return logger
    }
}
