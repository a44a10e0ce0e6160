// SPDX-License-Identifier: Apache-2.0
// `import` and `export` of routes, prices and contacts: files in, files out, and how far they have come.

import ArgumentParser
import Foundation
import Wire

struct ImportOptions: ParsableArguments {
    @Argument(help: "The file, with a line of column names; - reads standard input.") var file: String
    @Flag(help: "Remove first what was made by hand or by import; the configuration file's stay.") var replace = false
    @Flag(help: "Show how far it is even when nobody watches.") var progress = false
}

struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write; standard output without.", valueName: "file"))
    var output: String?
}

extension Session {
    func importCSV(
        _ path: String, _ noun: String, _ options: ImportOptions, _ confirmation: ConfirmationOptions
    ) async throws(Failure) {
        let csv = try table(options.file) { "\($0), and --replace with the first only" }
        if options.replace {
            try confirm("Remove all \(noun) but the configuration file's before the import?", confirmation)
        }
        let query: AdminAPI.Query = [("replace", options.replace ? "true" : nil)]
        try await importCSV(path, noun, csv, query, progress: options.progress)
    }

    func importCSV(
        _ path: String, _ noun: String, file: String, _ query: AdminAPI.Query, progress: Bool
    ) async throws(Failure) {
        try await importCSV(path, noun, try table(file), query, progress: progress)
    }

    private func table(
        _ file: String, advice: (String) -> String = { $0 }
    ) throws(Failure) -> [UInt8] {
        let csv = try InputFile.read(file, terminal)
        guard csv.count <= AdminAPI.largestUpload else {
            throw Failure(advice("\(file) has more than 64 MiB: cut it in two"))
        }
        return csv
    }

    private func importCSV(
        _ path: String, _ noun: String, _ csv: [UInt8], _ query: AdminAPI.Query, progress: Bool
    ) async throws(Failure) {
        let line = ProgressLine(terminal, always: progress)
        defer { line.end() }
        let result = try await api.importCSV(path, csv, query) { progress in
            switch progress {
            case .sent(let bytes, let total): line.show("sent \(ProgressLine.bytes(bytes, of: total))")
            case .rows(let rows, let total): line.show("\(noun): \(rows) of \(total)")
            }
        }
        line.end()
        let removed = result["removed"]?.int64 ?? 0
        let ending = removed > 0 ? ", \(removed) removed." : "."
        done("\(Cell.text(result["imported"])) \(noun) imported\(ending)", result.object ?? [:])
    }

    func exportCSV(_ path: String, _ query: AdminAPI.Query, _ output: OutputOptions) async throws(Failure) {
        guard let file = output.output else {
            // Pieces end anywhere, in the middle of a character too: they are put together first.
            var bytes: [UInt8] = []
            try await api.exportCSV(path, query) { bytes += $0 }
            return terminal.write(String(decoding: bytes, as: UTF8.self))
        }
        let target = try ExportFile(file)
        do {
            try await api.exportCSV(path, query) { piece throws(Failure) in try target.write(piece) }
            try target.finish()
        } catch {
            target.discard()
            throw error
        }
    }
}

/// A file that appears under its name only when it is complete.
private struct ExportFile {
    private let path: String
    private let partial: String
    private let handle: FileHandle

    init(_ path: String) throws(Failure) {
        self.path = path
        partial = path + ".partial"
        guard FileManager.default.createFile(atPath: partial, contents: nil),
            let handle = FileHandle(forWritingAtPath: partial)
        else { throw Failure("\(path) cannot be written", .usage) }
        self.handle = handle
    }

    func write(_ bytes: [UInt8]) throws(Failure) {
        do {
            try handle.write(contentsOf: Data(bytes))
        } catch {
            throw Failure("\(path) cannot be written")
        }
    }

    func finish() throws(Failure) {
        do {
            try handle.close()
        } catch {
            throw Failure("\(path) cannot be written")
        }
        guard rename(partial, path) == 0 else { throw Failure("\(path) cannot be written") }
    }

    func discard() {
        try? handle.close()
        try? FileManager.default.removeItem(atPath: partial)
    }
}
