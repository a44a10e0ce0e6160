// SPDX-License-Identifier: Apache-2.0
// How far a long transfer has come, on standard error: one line that is drawn over on a terminal, a line for each step
// elsewhere. It holds no more than what was last shown.

import Synchronization

final class ProgressLine: Sendable {
    private let terminal: Terminal
    private let isShown: Bool
    private let last = Mutex("")

    /// Shown on a terminal, and elsewhere when `always` says so.
    init(_ terminal: Terminal, always: Bool = false) {
        self.terminal = terminal
        isShown = always || terminal.errorIsTerminal
    }

    func show(_ text: String) {
        guard isShown else { return }
        last.withLock { last in
            guard text != last else { return }
            terminal.warn(terminal.errorIsTerminal ? "\r\u{1B}[K" + text : text + "\n")
            last = text
        }
    }

    /// Takes the line away, so that what follows begins at the left.
    func end() {
        last.withLock { last in
            if isShown, terminal.errorIsTerminal, !last.isEmpty { terminal.warn("\r\u{1B}[K") }
            last = ""
        }
    }

    /// `1.4 of 3.0 MB`.
    static func bytes(_ sent: Int, of total: Int) -> String { "\(megabytes(sent)) of \(megabytes(total)) MB" }

    private static func megabytes(_ count: Int) -> String {
        let tenths = (count + 50_000) / 100_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
