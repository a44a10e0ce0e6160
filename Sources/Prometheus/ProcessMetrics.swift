// SPDX-License-Identifier: Apache-2.0
// What the kernel says of this process, under the names that every Prometheus client uses, and of the disk on which it
// keeps its data. Read from /proc at each scrape; what cannot be read is left out.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Registry {
    /// Declares `process_…` and `parley_build_info`; with a path, also the room on its file system.
    public func observeProcess(version: String, dataPath: String? = nil) {
        observe("parley_build_info", "The version that runs; the value is always 1.", labels: ["version"]) {
            [Sample(1, labels: version)]
        }
        observe("process_cpu_seconds_total", "CPU time used, user and system, in seconds.", kind: .counter) {
            Self.sample(ProcessFigures.cpuSeconds)
        }
        observe("process_resident_memory_bytes", "Memory that is resident, in bytes.") {
            Self.sample(ProcessFigures.residentBytes)
        }
        observe("process_open_fds", "Open file descriptors.") { Self.sample(ProcessFigures.openDescriptors) }
        observe("process_max_fds", "How many file descriptors may be open.") {
            Self.sample(ProcessFigures.descriptorLimit)
        }
        let start = ProcessFigures.startTime
        observe("process_start_time_seconds", "When the process started, in seconds since 1970.") {
            Self.sample(start)
        }
        guard let dataPath else { return }
        observe("parley_disk_free_bytes", "Room left on the file system of the database, in bytes.") {
            Self.sample(ProcessFigures.disk(at: dataPath)?.free)
        }
        observe("parley_disk_size_bytes", "Size of the file system of the database, in bytes.") {
            Self.sample(ProcessFigures.disk(at: dataPath)?.size)
        }
    }

    private static func sample(_ value: Double?) -> [Sample] { value.map { [Sample($0)] } ?? [] }
}

/// Figures of this process; nil where the platform does not give them.
enum ProcessFigures {
    static var cpuSeconds: Double? {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    static var residentBytes: Double? {
        let fields = read("/proc/self/statm")?.split(separator: " ") ?? []
        guard fields.count > 1, let pages = Double(fields[1]) else { return nil }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    static var openDescriptors: Double? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without `.`, `..` and the descriptor of the folder itself.
        return Double(count - 3)
    }

    static var descriptorLimit: Double? {
        read("/proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix("Max open files") }?
            .split(separator: " ").compactMap { Double($0) }.first
    }

    /// The boot time plus the ticks after it at which the process began.
    static var startTime: Double? {
        // The name of the program may hold anything, so the fields are counted from its closing bracket on.
        guard let stat = read("/proc/self/stat"), let bracket = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: bracket)...].split(separator: " ")
        let boot = read("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }?.split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]), let boot, boot.count > 1, let base = Double(boot[1])
        else { return nil }
        return base + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    static func disk(at path: String) -> (free: Double, size: Double)? {
        var figures = statvfs()
        guard statvfs(path, &figures) == 0 else { return nil }
        let block = Double(figures.f_frsize)
        return (Double(figures.f_bavail) * block, Double(figures.f_blocks) * block)
    }

    /// A small file of the kernel, whole.
    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, &chunk, chunk.count)
            #elseif canImport(Musl)
                let count = Musl.read(descriptor, &chunk, chunk.count)
            #else
                let count = Darwin.read(descriptor, &chunk, chunk.count)
            #endif
            guard count > 0 else { return count == 0 ? String(decoding: bytes, as: UTF8.self) : nil }
            bytes.append(contentsOf: chunk.prefix(count))
        }
    }
}
