// SPDX-License-Identifier: Apache-2.0
// Comma-separated values after RFC 4180, read strictly and as they arrive: a table of 64 MiB is never held twice.
//
//   start ──"──▶ quoted ──"──▶ closed ──"──▶ quoted (a quote itself)
//     │ other        ▲           │ , or line end: the field is whole
//     ▼              └───────────┘
//   bare ── , or line end: the field is whole
//
// Lines end with CRLF or LF; empty lines and a byte order mark at the beginning are read over. A quote inside a bare
// field, anything but a comma or a line end behind a closing quote, a CR alone and bytes that are not UTF-8 are errors.

internal import Wire

struct CSVRow: Sendable, Equatable {
    /// The line on which the row begins, from 1.
    let line: Int
    let fields: [String]
}

struct CSVError: Error, Sendable, Equatable {
    let line: Int
    let reason: String
}

struct CSVParser {
    private enum Phase { case start, bare, quoted, closed, carriageReturn }

    /// No table of ours has anything that is longer.
    static let longestField = 2000
    static let mostFields = 32
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private var phase = Phase.start
    private var line = 1
    private var rowLine = 1
    private var field: [UInt8] = []
    private var fields: [String] = []
    /// Whether the row has anything in it, be it an empty quoted field.
    private var isBlank = true
    /// How much of a byte order mark may still come; nil behind the first byte that is none of it.
    private var markPosition: Int? = 0

    /// The rows that are whole with these bytes.
    mutating func feed(_ bytes: some Sequence<UInt8>) throws(CSVError) -> [CSVRow] {
        var rows: [CSVRow] = []
        for byte in bytes {
            if let position = markPosition, try skipsMark(byte, position, &rows) { continue }
            try take(byte, &rows)
        }
        return rows
    }

    /// The last row, when no line end came behind it.
    mutating func finish() throws(CSVError) -> [CSVRow] {
        var rows: [CSVRow] = []
        if let position = markPosition, position > 0 {
            markPosition = nil
            for byte in Self.byteOrderMark.prefix(position) { try take(byte, &rows) }
        }
        switch phase {
        case .quoted: throw CSVError(line: rowLine, reason: "a quote is not closed")
        case .carriageReturn: throw CSVError(line: line, reason: "a CR without LF")
        case .start, .bare, .closed: try endRow(&rows)
        }
        return rows
    }

    private mutating func skipsMark(
        _ byte: UInt8, _ position: Int, _ rows: inout [CSVRow]
    ) throws(CSVError) -> Bool {
        guard byte == Self.byteOrderMark[position] else {
            markPosition = nil
            for byte in Self.byteOrderMark.prefix(position) { try take(byte, &rows) }
            return false
        }
        markPosition = position + 1 == Self.byteOrderMark.count ? nil : position + 1
        return true
    }

    private mutating func take(_ byte: UInt8, _ rows: inout [CSVRow]) throws(CSVError) {
        switch (phase, byte) {
        case (.carriageReturn, UInt8(ascii: "\n")): try endLine(&rows)
        case (.carriageReturn, _): throw CSVError(line: line, reason: "a CR without LF")
        case (.quoted, UInt8(ascii: "\"")): phase = .closed
        case (.quoted, _): try append(byte)
        case (.closed, UInt8(ascii: "\"")):
            phase = .quoted
            try append(byte)
        case (_, UInt8(ascii: ",")):
            try endField()
            isBlank = false
        case (_, UInt8(ascii: "\n")): try endLine(&rows)
        case (_, UInt8(ascii: "\r")): phase = .carriageReturn
        case (.closed, _): throw CSVError(line: line, reason: "something stands behind a closing quote")
        case (.start, UInt8(ascii: "\"")):
            phase = .quoted
            isBlank = false
        case (.bare, UInt8(ascii: "\"")):
            throw CSVError(line: line, reason: "a quote in a field that has none around it")
        case (.start, _), (.bare, _):
            phase = .bare
            isBlank = false
            try append(byte)
        }
    }

    private mutating func append(_ byte: UInt8) throws(CSVError) {
        guard field.count < Self.longestField else {
            throw CSVError(line: line, reason: "a field of more than \(Self.longestField) bytes")
        }
        field.append(byte)
        // Inside quotes a line end belongs to the field.
        if byte == UInt8(ascii: "\n") { line += 1 }
    }

    private mutating func endField() throws(CSVError) {
        guard let text = String(validating: field, as: UTF8.self) else {
            throw CSVError(line: rowLine, reason: "a field is not valid UTF-8")
        }
        guard fields.count < Self.mostFields else {
            throw CSVError(line: rowLine, reason: "more than \(Self.mostFields) fields")
        }
        fields.append(text)
        field.removeAll(keepingCapacity: true)
        phase = .start
    }

    private mutating func endLine(_ rows: inout [CSVRow]) throws(CSVError) {
        try endRow(&rows)
        line += 1
        rowLine = line
        phase = .start
    }

    private mutating func endRow(_ rows: inout [CSVRow]) throws(CSVError) {
        guard !isBlank else { return }
        try endField()
        rows.append(CSVRow(line: rowLine, fields: fields))
        fields.removeAll(keepingCapacity: true)
        isBlank = true
    }
}

/// Which column of a table is which, from its header line.
struct CSVColumns {
    private let positions: [String: Int]
    let count: Int

    /// Throws when the header has a column twice, one that is not known, or lacks one that is required.
    init(header: CSVRow, known: [String], required: [String]) throws(CSVError) {
        var positions: [String: Int] = [:]
        for (position, name) in header.fields.enumerated() {
            guard known.contains(name) else {
                throw CSVError(
                    line: header.line,
                    reason: "the header names a column that is not known; the columns are "
                        + known.joined(separator: ", "))
            }
            guard positions.updateValue(position, forKey: name) == nil else {
                throw CSVError(line: header.line, reason: "the header names the column \(name) twice")
            }
        }
        if let missing = required.first(where: { positions[$0] == nil }) {
            throw CSVError(line: header.line, reason: "the header lacks the column \(missing)")
        }
        self.positions = positions
        count = header.fields.count
    }

    /// The row's value in a column; nil when it is empty or the table has no such column.
    func value(_ name: String, in row: CSVRow) -> String? {
        guard let position = positions[name] else { return nil }
        let text = row.fields[position]
        return text.isEmpty ? nil : text
    }
}

/// Writes tables that `CSVParser` reads.
struct CSVWriter {
    private(set) var bytes: [UInt8] = []

    mutating func row(_ fields: [String]) {
        for (index, field) in fields.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(field)
        }
        bytes += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
    }

    private mutating func write(_ field: String) {
        let needsQuotes = field.utf8.contains {
            $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r")
        }
        guard needsQuotes else {
            bytes += field.utf8
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in field.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
