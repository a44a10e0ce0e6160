// SPDX-License-Identifier: Apache-2.0
// What the machine says of itself: room on a disk, the kind of a file system, the limit of open files and whether the
// clock is kept by somebody.

import Foundation

/// Room on the file system of a folder, in bytes.
struct DiskSpace: Sendable, Equatable {
    let free: Int64
    let total: Int64

    init(free: Int64, total: Int64) {
        self.free = free
        self.total = total
    }

    /// Nil when there is no such folder.
    init?(ofFolder path: String) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let block = Int64(status.f_frsize)
        // What is kept back for root is no room for a server.
        self.init(free: Int64(status.f_bavail) * block, total: Int64(status.f_blocks) * block)
    }

    /// The hundredths that are free.
    var percentFree: Int { total > 0 ? Int(free * 100 / total) : 0 }
}

/// The mounted file systems, as `/proc/self/mountinfo` lists them (proc(5)).
struct MountTable: Sendable {
    private var kinds: [(point: String, kind: String)] = []

    /// Lines that are not of that form are passed over.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let halves = line.components(separatedBy: " - ")
            let left = halves[0].split(separator: " ")
            guard halves.count == 2, left.count >= 6, let kind = halves[1].split(separator: " ").first else { continue }
            kinds.append((Self.unescaped(String(left[4])), String(kind)))
        }
    }

    /// Empty where the system has no such list.
    static func current() -> MountTable {
        MountTable((try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? "")
    }

    /// The kind of the file system that holds an absolute path; of two mounts on one point the later covers the other.
    func kind(of path: String) -> String? {
        var best: (point: String, kind: String)?
        for mount in kinds {
            let isAbove = mount.point == "/" || path == mount.point || path.hasPrefix(mount.point + "/")
            if isAbove, mount.point.utf8.count >= best?.point.utf8.count ?? 0 { best = mount }
        }
        return best?.kind
    }

    /// Spaces, tabs, line ends and backslashes are written as three octal digits.
    private static func unescaped(_ text: String) -> String {
        var result = text
        for (escape, character) in [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")] {
            result = result.replacing(escape, with: character)
        }
        return result
    }
}

enum HostFacts {
    /// How many files this process may have open.
    static var openFileLimit: Int {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        return Int(clamping: limit.rlim_cur)
    }

    /// Whether the kernel's clock is kept by NTP or the like; nil where that cannot be asked (adjtimex(2)).
    static var isClockSynchronised: Bool? {
        #if os(Linux)
            // Swift's C library module leaves <sys/timex.h> out. With `modes` 0 the call only reads, into a structure of
            // 208 bytes at most, and returns TIME_ERROR (5) for a clock that nobody keeps.
            typealias Call = @convention(c) (UnsafeMutableRawPointer) -> Int32
            guard let symbol = dlsym(nil, "adjtimex") else { return nil }
            let call = unsafeBitCast(symbol, to: Call.self)
            return withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 16) { buffer in
                buffer.initializeMemory(as: UInt8.self, repeating: 0)
                guard let base = buffer.baseAddress else { return nil }
                let state = call(base)
                return state < 0 ? nil : state != 5
            }
        #else
            return nil
        #endif
    }
}
