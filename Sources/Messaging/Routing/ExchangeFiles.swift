// SPDX-License-Identifier: Apache-2.0
// The exchange logs on disk: one file of JSON lines per connector, rotated by size. A thread of its own follows the rings
// and writes in batches, so a slow disk delays nobody; what a ring had to overwrite before it was read is missing in the
// file, which says how much that is.

internal import Foundation
public import Logging
internal import Synchronization
internal import Wire

public final class ExchangeFiles: Sendable {
    public struct Options: Sendable {
        public var folder: String
        /// A file that would grow beyond this begins anew, bytes.
        public var maximumSize = 64 << 20
        /// How many older files are kept of each connector.
        public var keptFiles = 5
        /// How often the rings are read.
        public var interval: Duration = .milliseconds(100)

        public init(folder: String) { self.folder = folder }
    }

    private struct Follower {
        let log: ExchangeLog
        var file: RotatedFile
        /// Of the last entry that was read.
        var sequence: Int64
        var isFailing = false
    }

    private let options: Options
    private let connectors: @Sendable () -> [any Connector]
    private let logger: Logger
    /// By the identity of the log: a connector that was made anew has another one, and writes to the same file.
    private let followers = Mutex<[ObjectIdentifier: Follower]>([:])
    private let condition = NSCondition()
    private let isStopping = Mutex(false)

    /// `connectors` are those that run, asked for at every look.
    public init(options: Options, logger: Logger, connectors: @escaping @Sendable () -> [any Connector]) {
        self.options = options
        self.logger = logger
        self.connectors = connectors
    }

    /// Writes until `stop`, and then what is left.
    public func run() async {
        await withCheckedContinuation { continuation in
            Thread { [self] in
                follow()
                flush()
                continuation.resume()
            }.start()
        }
    }

    public func stop() {
        isStopping.withLock { $0 = true }
        condition.lock()
        condition.broadcast()
        condition.unlock()
    }

    private func follow() {
        let (seconds, attoseconds) = options.interval.components
        let interval = TimeInterval(seconds) + TimeInterval(attoseconds) / 1e18
        while !isStopping.withLock({ $0 }) {
            condition.lock()
            if !isStopping.withLock({ $0 }) { _ = condition.wait(until: Date(timeIntervalSinceNow: interval)) }
            condition.unlock()
            flush()
        }
    }

    /// Writes what the rings hold and the files do not. Called by the thread, and by tests.
    func flush() {
        let running = connectors().compactMap { connector in connector.exchanges.map { (connector.name, $0) } }
        followers.withLock { followers in
            for (name, log) in running where followers[ObjectIdentifier(log)] == nil {
                let path = options.folder + "/" + Self.fileName(of: name)
                followers[ObjectIdentifier(log)] = Follower(
                    log: log, file: RotatedFile(path: path, options: options), sequence: log.firstSequence - 1)
            }
            for key in followers.keys { write(&followers[key]) }
            // A log whose connector is gone has been read to its end by the look after that.
            let current = Set(running.map { ObjectIdentifier($0.1) })
            followers = followers.filter { current.contains($0.key) }
        }
    }

    private func write(_ follower: inout Follower?) {
        guard let current = follower else { return }
        let entries = current.log.entries(after: current.sequence)
        guard let first = entries.first, let last = entries.last else { return }
        var lines: [UInt8] = []
        let dropped = first.sequence - current.sequence - 1
        if dropped > 0 { lines += Self.line { Self.writeDrops(dropped, at: first, to: &$0) } }
        for entry in entries { lines += Self.line { entry.write(to: &$0) } }
        do {
            try follower?.file.append(lines)
            follower?.sequence = last.sequence
            follower?.isFailing = false
        } catch {
            // The next look tries again; what the ring has overwritten by then counts as dropped.
            follower?.isFailing = true
            guard !current.isFailing else { return }
            logger.error("the exchange log cannot be written", metadata: ["error": "\(error)"])
        }
    }

    private static func writeDrops(_ count: Int64, at first: Exchange, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("at", Timestamp.rfc3339(first.at))
            writer.member("dropped", count)
        }
    }

    private static func line(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        body(&writer)
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    /// A name that is one file in the folder, whatever the connector is called.
    static func fileName(of connector: String) -> String {
        let safe = connector.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                String(UnicodeScalar(byte))
            default: "%" + Hex.encode([byte])
            }
        }
        return safe.joined()
    }
}

/// `path.jsonl`, and behind it `path.1.jsonl`, the youngest of the older ones, and so on.
private struct RotatedFile {
    private let path: String
    private let maximumSize: Int
    private let keptFiles: Int
    private var handle: FileHandle?
    private var size = 0

    init(path: String, options: ExchangeFiles.Options) {
        self.path = path
        maximumSize = options.maximumSize
        keptFiles = max(0, options.keptFiles)
    }

    private func name(_ age: Int) -> String { age == 0 ? path + ".jsonl" : path + ".\(age).jsonl" }

    mutating func append(_ bytes: [UInt8]) throws {
        do {
            if handle == nil { try open() }
            if size > 0, size + bytes.count > maximumSize { try rotate() }
            try handle?.write(contentsOf: bytes)
            size += bytes.count
        } catch {
            // Half a batch would stand in the file twice once it can be written.
            try? handle?.truncate(atOffset: UInt64(size))
            try? handle?.close()
            handle = nil
            throw error
        }
    }

    private mutating func open() throws {
        let files = FileManager.default
        let folder = (path as NSString).deletingLastPathComponent
        try files.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        if !files.fileExists(atPath: name(0)) {
            _ = files.createFile(atPath: name(0), contents: nil, attributes: [.posixPermissions: 0o600])
        }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: name(0)))
        size = Int(try handle.seekToEnd())
        self.handle = handle
    }

    private mutating func rotate() throws {
        try handle?.close()
        handle = nil
        let files = FileManager.default
        if files.fileExists(atPath: name(keptFiles)) { try files.removeItem(atPath: name(keptFiles)) }
        for age in (0..<keptFiles).reversed() where files.fileExists(atPath: name(age)) {
            try files.moveItem(atPath: name(age), toPath: name(age + 1))
        }
        try open()
    }
}
