// SPDX-License-Identifier: Apache-2.0
// What the operators' commands share: a refusal that says what to do, sizes and times as people read them, and a line on
// the terminal that shows how far a long step has come.

import ArgumentParser
import Foundation
import SQL
import Synchronization
import Wire

/// Why a command cannot go on. Its text is for the operator and holds no secrets.
struct OperationFailure: Error, CustomStringConvertible {
    let description: String
    var exitCode: Int32 = EXIT_FAILURE

    init(_ description: String, exitCode: Int32 = EXIT_FAILURE) {
        self.description = description
        self.exitCode = exitCode
    }

    /// An error in an operator's words.
    static func reason(_ error: any Error) -> String {
        switch error {
        case DatabaseError.unavailable(let text): text
        case DatabaseError.full(let text): "the disk is full: \(text)"
        case DatabaseError.locked(let text): "locked: \(text)"
        case DatabaseError.invalid(let text), DatabaseError.decoding(let text), DatabaseError.serialization(let text):
            text
        case DatabaseError.commitUnknown(let text): "nobody knows whether it was kept: \(text)"
        default: "\(error)"
        }
    }

    /// Runs a command's work; a failure goes to the terminal as one line.
    static func reported(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let error as ExitCode {
            throw error
        } catch {
            StandardError.write("parley: \(reason(error))\n")
            throw ExitCode((error as? OperationFailure)?.exitCode ?? EXIT_FAILURE)
        }
    }
}

enum StandardError {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

enum Amount {
    /// `1.4 GB`, `12.0 MB` or `312 kB`.
    static func bytes(_ count: Int64) -> String {
        switch count {
        case 1_000_000_000...: tenths(count, 1_000_000_000) + " GB"
        case 1_000_000...: tenths(count, 1_000_000) + " MB"
        default: "\((max(0, count) + 999) / 1000) kB"
        }
    }

    /// `1 check`, `2 checks`.
    static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// `4.2 s`.
    static func seconds(_ duration: Duration) -> String { tenths(duration.milliseconds, 1000) + " s" }

    /// `3 days`, `5 hours`, `12 min` or `40 s`; the largest unit that fits.
    static func age(_ milliseconds: Milliseconds) -> String {
        let seconds = max(0, milliseconds) / 1000
        return switch seconds {
        case 172_800...: "\(seconds / 86_400) days"
        case 7200...: "\(seconds / 3600) hours"
        case 120...: "\(seconds / 60) min"
        default: "\(seconds) s"
        }
    }

    private static func tenths(_ count: Int64, _ unit: Int64) -> String {
        let tenths = (count * 10 + unit / 2) / unit
        return "\(tenths / 10).\(tenths % 10)"
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

/// A line on standard error that is drawn over; nothing where that is no terminal.
final class StatusLine: Sendable {
    private let isShown = StandardError.isTerminal
    private let last = Mutex("")

    func show(_ text: String) {
        guard isShown else { return }
        last.withLock { last in
            guard text != last else { return }
            StandardError.write("\r\u{1B}[K" + text)
            last = text
        }
    }

    /// Takes the line away.
    func end() {
        last.withLock { last in
            if isShown, !last.isEmpty { StandardError.write("\r\u{1B}[K") }
            last = ""
        }
    }

    /// Runs `work`, showing what `text` says every half second, the first time after `delay`.
    func during<T: Sendable>(
        _ text: @escaping @Sendable () -> String, after delay: Duration = .milliseconds(500),
        _ work: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        guard isShown else { return try await work() }
        return try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                var pause = delay
                while (try? await Task.sleep(for: pause)) != nil {
                    self.show(text())
                    pause = .milliseconds(500)
                }
                return nil
            }
            defer { end() }
            while let result = try await group.next() {
                guard let result else { continue }
                group.cancelAll()
                return result
            }
            throw CancellationError()
        }
    }
}
