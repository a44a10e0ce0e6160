// SPDX-License-Identifier: Apache-2.0
// A shell script that outlives nothing: it says "ready", waits for the end of its standard input and then cleans up.
// The kernel closes that pipe when the test process ends in whatever way, SIGKILL included.

import Foundation
import Synchronization

/// A running script that ends with this process, or earlier with `stop`.
final class GuardedProcess: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let process: Process
    private let lifeline: FileHandle

    /// Starts `script` with `arguments` as `$1` … and returns once it has printed `ready`.
    init(_ script: String, _ arguments: [String]) throws {
        let input = Pipe()
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script, "sh"] + arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        lifeline = input.fileHandleForWriting
        // A child of the tests that inherited it would keep the script alive.
        _ = fcntl(lifeline.fileDescriptor, F_SETFD, FD_CLOEXEC)
        try process.run()
        self.process = process
        var said = ""
        while !said.hasSuffix("ready\n") {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { throw Failure(description: said) }
            said += String(decoding: more, as: UTF8.self)
        }
    }

    /// Ends the script and waits until it has cleaned up.
    func stop() {
        try? lifeline.close()
        process.waitUntilExit()
    }
}
