// SPDX-License-Identifier: Apache-2.0
// Where a command's words go and what it may ask. Every command speaks through `Terminal.current`, so that a test can
// listen in; nothing else here knows standard output from standard error.

import Foundation
import Synchronization
import Wire

/// The streams, the environment and the clock of one run.
struct Terminal: Sendable {
    /// Writes text to standard output as it is.
    var write: @Sendable (String) -> Void
    /// Writes text to standard error as it is.
    var warn: @Sendable (String) -> Void
    /// Columns of the terminal that standard output is; nil when it is none.
    var width: Int?
    /// Whether the head of a table may be set in bold.
    var isStyled = false
    /// Whether standard error is a terminal, on which a progress line may be drawn over.
    var errorIsTerminal = false
    /// Asks on the terminal and returns the answer's line; nil when nobody is there to answer.
    var ask: (@Sendable (String) -> String?)?
    /// Reads standard input to its end.
    var readInput: @Sendable () throws -> [UInt8]
    var environment: @Sendable (String) -> String?
    var now: @Sendable () -> Milliseconds = { Timestamp.now() }
    /// How long `--follow` waits until it asks again.
    var followInterval: Duration = .seconds(1)

    @TaskLocal static var current: Terminal = .process

    /// One line to standard output.
    func say(_ line: String) { write(line + "\n") }

    /// One line to standard error.
    func complain(_ line: String) { warn("parley: \(line)\n") }
}

extension Terminal {
    /// The streams of this process.
    static let process = ofProcess()

    private static func ofProcess() -> Terminal {
        var terminal = Terminal(
            write: { text in output(text, STDOUT_FILENO) },
            warn: { text in output(text, STDERR_FILENO) },
            readInput: { Array(try FileHandle.standardInput.readToEnd() ?? Data()) },
            environment: { name in variable(name) })
        terminal.width = columns()
        terminal.isStyled = terminal.width != nil && variable("NO_COLOR") == nil && variable("TERM") != "dumb"
        terminal.errorIsTerminal = isatty(STDERR_FILENO) == 1
        if terminal.errorIsTerminal, isatty(STDIN_FILENO) == 1 { terminal.ask = { answer(to: $0) } }
        return terminal
    }

    private static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func answer(to question: String) -> String? {
        output(question, STDERR_FILENO)
        return readLine()
    }

    private static func columns() -> Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return variable("COLUMNS").flatMap { Int($0) } ?? 80
    }

    /// Writes all of it. When the reader has gone, as `| head` does, the process ends as the signal would have ended
    /// it: the network library has switched SIGPIPE off.
    private static func output(_ text: String, _ descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EPIPE {
                exit(128 + SIGPIPE)
            } else if count < 0, errno != EINTR {
                return
            }
        }
    }
}
