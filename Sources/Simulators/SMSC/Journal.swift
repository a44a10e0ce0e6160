// SPDX-License-Identifier: Apache-2.0
// The file that lets a simulated SMSC be killed: every record is handed to the kernel before anything relies on it, and
// nothing is synced, since only the process is expected to die. Rewritten with what is unfinished when it has grown.

internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A file operation that failed, and why.
struct JournalError: Error, CustomStringConvertible {
    var operation: String
    var path: String
    var code: Int32

    var description: String { "cannot \(operation) \(path): \(String(cString: strerror(code)))" }
}

final class Journal: Sendable {
    private struct File {
        var descriptor: Int32
        var records: Int
        var isFailing = false
    }

    let path: String
    private let file: Mutex<File>
    /// How many records there may be before a rewrite is worth it.
    private let rewriteThreshold: Int

    static let usualRewriteThreshold = 200_000

    /// Opens or creates the file, and returns what it holds that is not done. Half a line at the end is read over.
    static func open(path: String, rewriteThreshold: Int = usualRewriteThreshold) throws -> (
        Journal, unfinished: [JournalRecord]
    ) {
        let unfinished = try replay(path)
        let journal = Journal(path: path, rewriteThreshold: rewriteThreshold)
        try journal.rewrite(unfinished)
        return (journal, unfinished)
    }

    private init(path: String, rewriteThreshold: Int) {
        self.path = path
        self.rewriteThreshold = rewriteThreshold
        file = Mutex(File(descriptor: -1, records: 0))
    }

    deinit {
        close()
    }

    /// Appends; throws the first time it fails in a row, so that a full disk is reported once.
    func append(_ record: JournalRecord) throws(JournalError) {
        let line = record.line
        let code = file.withLock { file in
            guard file.descriptor >= 0 else { return Int32(0) }
            file.records += 1
            let code = Self.write(line, to: file.descriptor)
            defer { file.isFailing = code != 0 }
            return file.isFailing ? 0 : code
        }
        guard code == 0 else { throw JournalError(operation: "append to", path: path, code: code) }
    }

    /// Whether so much is done that the file should be rewritten.
    func isOvergrown(unfinished: Int) -> Bool {
        file.withLock { $0.records > rewriteThreshold && $0.records > 4 * unfinished }
    }

    /// Replaces the file by one that holds these records.
    func rewrite(_ records: [JournalRecord]) throws(JournalError) {
        let newPath = path + ".new"
        let descriptor = Self.open(newPath, flags: O_WRONLY | O_CREAT | O_TRUNC | O_APPEND)
        guard descriptor >= 0 else { throw JournalError(operation: "open", path: newPath, code: errno) }
        let code = Self.write(records.flatMap(\.line), to: descriptor)
        guard code == 0, rename(newPath, path) == 0 else {
            let code = code == 0 ? errno : code
            _ = Self.close(descriptor)
            throw JournalError(operation: "rewrite", path: path, code: code)
        }
        let old = file.withLock { file in
            defer { file = File(descriptor: descriptor, records: records.count) }
            return file.descriptor
        }
        if old >= 0 { _ = Self.close(old) }
    }

    /// Records after this are not kept.
    func close() {
        let descriptor = file.withLock { file in
            defer { file.descriptor = -1 }
            return file.descriptor
        }
        if descriptor >= 0 { _ = Self.close(descriptor) }
    }

    // MARK: Reading

    private static func replay(_ path: String) throws(JournalError) -> [JournalRecord] {
        var unfinished: [UInt64: JournalRecord] = [:]
        var done: Set<UInt64> = []
        for line in try contents(of: path).split(separator: 0x0A) {
            guard let record = JournalRecord(line: line) else { continue }
            if case .done(let key) = record { done.insert(key) } else { unfinished[record.key] = record }
        }
        // The last key stays known even when all is done, so that no id is given twice.
        let last = done.union(unfinished.keys).max()
        var records = unfinished.values.filter { !done.contains($0.key) }.sorted { $0.key < $1.key }
        if let last, last != records.last?.key { records.append(.done(last)) }
        return records
    }

    private static func contents(of path: String) throws(JournalError) -> [UInt8] {
        let descriptor = open(path, flags: O_RDONLY)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
            throw JournalError(operation: "open", path: path, code: errno)
        }
        defer { _ = close(descriptor) }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw JournalError(operation: "read", path: path, code: errno) }
            guard count > 0 else { return contents }
            contents.append(contentsOf: chunk[..<count])
        }
    }

    // MARK: System calls

    private static func open(_ path: String, flags: Int32) -> Int32 {
        #if canImport(Glibc)
            Glibc.open(path, flags | O_CLOEXEC, 0o600)
        #else
            Darwin.open(path, flags | O_CLOEXEC, 0o600)
        #endif
    }

    private static func close(_ descriptor: Int32) -> Int32 {
        #if canImport(Glibc)
            Glibc.close(descriptor)
        #else
            Darwin.close(descriptor)
        #endif
    }

    /// 0, or the error number.
    private static func write(_ octets: [UInt8], to descriptor: Int32) -> Int32 {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { buffer in
                #if canImport(Glibc)
                    Glibc.write(descriptor, buffer.baseAddress, buffer.count)
                #else
                    Darwin.write(descriptor, buffer.baseAddress, buffer.count)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return errno }
            rest = rest.dropFirst(count)
        }
        return 0
    }
}
