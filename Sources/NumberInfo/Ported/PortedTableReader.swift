// SPDX-License-Identifier: Apache-2.0
// Reads a table of ported numbers as it arrives: bytes in, rows out, without an allocation for most rows, since there may
// be ten million. Columns are separated by what first separates them: comma, semicolon, tab or bar. Fields may stand in
// quotes (RFC 4180); lines end with LF or CRLF; empty lines are left out.
//
//   start ──"──▶ quoted ──"──▶ closed ──"──▶ quoted (a quote itself)
//     │ other                    │ separator or line end: the field is whole
//     ▼                          ▼
//   bare ───────────────── separator or line end: the field is whole

internal import Wire

/// One row that was read.
struct PortedEntry: Sendable, Equatable {
    let number: Int64
    /// Its place in `PortedTableReader.networks`; -1 for a number that is ported no longer.
    let network: Int32
    /// Days since 1970-01-01, or `noDay`.
    let day: Int32
    let line: Int32

    static let removal: Int32 = -1
    static let noDay = Int32.min
}

struct PortedTableReader {
    private enum Phase { case start, bare, quoted, closed }

    static let columns = ["number", "mcc", "mnc", "operator", "date", "action"]
    /// What the columns are where no header says so: the others may be left out from the end.
    private static let usual = ["number", "mcc", "mnc", "operator", "date"]
    private static let longestRow = 4096
    private static let mostNetworks = 65_536
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Whether rows may say `remove`.
    private let permitsRemoval: Bool
    private(set) var networks: [PortedNetwork] = []
    private var networkIndex: [[UInt8]: Int32] = [:]
    private var networkKey: [UInt8] = []
    private var lastNetwork: (key: [UInt8], index: Int32) = ([], PortedEntry.removal)
    private var lastDay: (text: [UInt8], day: Int32) = ([], PortedEntry.noDay)

    private var phase = Phase.start
    private var separator: UInt8?
    private var line = 1
    private var rowLine = 1
    /// The bytes of the row's fields, one behind the other, and where each ends.
    private var row: [UInt8] = []
    private var ends: [Int] = []
    private var isBlank = true
    private var markPosition = 0
    /// The positions of the columns, in the order of `columns`; nil before the first row.
    private var positions: [Int?]?
    private var fieldCount = 0
    private var hasHeader = false

    init(permitsRemoval: Bool) { self.permitsRemoval = permitsRemoval }

    /// The rows that are whole with these bytes.
    mutating func feed(_ bytes: [UInt8]) throws(PortedTableError) -> [PortedEntry] {
        var entries: [PortedEntry] = []
        entries.reserveCapacity(bytes.count / 24)
        for byte in bytes {
            if markPosition < Self.byteOrderMark.count, line == 1, isBlank, ends.isEmpty {
                if byte == Self.byteOrderMark[markPosition] {
                    markPosition += 1
                    continue
                }
                markPosition = Self.byteOrderMark.count
            }
            try take(byte, &entries)
        }
        return entries
    }

    /// The last row, when no line end came behind it.
    mutating func finish() throws(PortedTableError) -> [PortedEntry] {
        if phase == .quoted { throw PortedTableError(line: rowLine, reason: "a quote is not closed") }
        var entries: [PortedEntry] = []
        try endRow(&entries)
        return entries
    }

    // MARK: Fields

    private mutating func take(_ byte: UInt8, _ entries: inout [PortedEntry]) throws(PortedTableError) {
        switch byte {
        case UInt8(ascii: "\n") where phase != .quoted:
            try endRow(&entries)
            line += 1
            rowLine = line
        case UInt8(ascii: "\"") where phase != .bare:
            switch phase {
            case .start: (phase, isBlank) = (.quoted, false)
            case .quoted: phase = .closed
            case .closed, .bare:
                phase = .quoted
                try append(byte)
            }
        case _ where phase != .quoted && isSeparator(byte):
            endField()
            isBlank = false
        case UInt8(ascii: "\r") where phase != .quoted: break
        case UInt8(ascii: " ") where phase == .start || phase == .closed: break
        default:
            guard phase != .closed else {
                throw PortedTableError(line: line, reason: "something stands behind a closing quote")
            }
            if byte == UInt8(ascii: "\n") { line += 1 }
            if phase == .start { (phase, isBlank) = (.bare, false) }
            try append(byte)
        }
    }

    private mutating func isSeparator(_ byte: UInt8) -> Bool {
        if let separator { return byte == separator }
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"), UInt8(ascii: "|"):
            separator = byte
            return true
        default: return false
        }
    }

    private mutating func append(_ byte: UInt8) throws(PortedTableError) {
        guard row.count < Self.longestRow else {
            throw PortedTableError(line: rowLine, reason: "has more than \(Self.longestRow) bytes")
        }
        row.append(byte)
    }

    private mutating func endField() {
        if phase == .bare {
            let start = ends.last ?? 0
            while row.count > start, row.last == UInt8(ascii: " ") { row.removeLast() }
        }
        ends.append(row.count)
        phase = .start
    }

    private mutating func endRow(_ entries: inout [PortedEntry]) throws(PortedTableError) {
        guard !isBlank else {
            phase = .start
            return
        }
        endField()
        if positions == nil {
            try readHeader()
            if !hasHeader { entries.append(try entry()) }
        } else {
            entries.append(try entry())
        }
        row.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        isBlank = true
    }

    private func field(_ position: Int) -> ArraySlice<UInt8> {
        row[(position == 0 ? 0 : ends[position - 1])..<ends[position]]
    }

    // MARK: Columns

    /// The first row names the columns if one of them is called `number`.
    private mutating func readHeader() throws(PortedTableError) {
        let names = ends.indices.map { String(decoding: field($0), as: UTF8.self).lowercased() }
        hasHeader = names.contains("number")
        fieldCount = names.count
        guard hasHeader else {
            guard (3...Self.usual.count).contains(names.count) else {
                throw PortedTableError(
                    line: rowLine,
                    reason: "has \(names.count) fields, where \(Self.usual.joined(separator: ", ")) "
                        + "are expected, the last two of which may be left out")
            }
            positions = Self.columns.map { name in
                Self.usual.firstIndex(of: name).flatMap { $0 < names.count ? $0 : nil }
            }
            return
        }
        for (index, name) in names.enumerated() {
            guard Self.columns.contains(name) else {
                throw PortedTableError(
                    line: rowLine, column: Self.printable(name),
                    reason: "is not a column; the columns are \(Self.columns.joined(separator: ", "))")
            }
            guard names.firstIndex(of: name) == index else {
                throw PortedTableError(line: rowLine, column: name, reason: "is named twice")
            }
        }
        positions = Self.columns.map { names.firstIndex(of: $0) }
    }

    private static func printable(_ name: String) -> String {
        String(name.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(40).map(Character.init))
    }

    // MARK: Rows

    private mutating func entry() throws(PortedTableError) -> PortedEntry {
        guard ends.count == fieldCount, let positions else {
            throw PortedTableError(
                line: rowLine, reason: "has \(ends.count) fields where the first line has \(fieldCount)")
        }
        func field(_ column: Int) -> ArraySlice<UInt8> { positions[column].map(self.field) ?? [] }
        let number = try number(field(0))
        let day = try day(field(4))
        let network = try isRemoval(field(5)) ? PortedEntry.removal : network(field(1), field(2), field(3))
        return PortedEntry(number: number, network: network, day: day, line: Int32(clamping: rowLine))
    }

    private func refusal(_ column: Int, _ reason: String) -> PortedTableError {
        PortedTableError(line: rowLine, column: Self.columns[column], reason: reason)
    }

    /// `+49…`, `0049…` or `49…`.
    private func number(_ bytes: ArraySlice<UInt8>) throws(PortedTableError) -> Int64 {
        var digits = bytes
        if digits.first == UInt8(ascii: "+") {
            digits = digits.dropFirst()
        } else if digits.starts(with: "00".utf8) {
            digits = digits.dropFirst(2)
        }
        guard (7...15).contains(digits.count), digits.first != UInt8(ascii: "0"), let number = Self.value(digits) else {
            throw refusal(0, "must be a number in international format, 7 to 15 digits")
        }
        return number
    }

    private static func value(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for byte in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// `2026-01-31`; a time of day behind it counts for nothing.
    private mutating func day(_ bytes: ArraySlice<UInt8>) throws(PortedTableError) -> Int32 {
        if bytes.isEmpty { return PortedEntry.noDay }
        let date = bytes.prefix(10)
        let rest = bytes.dropFirst(10).first
        if rest == nil || rest == UInt8(ascii: "T") || rest == UInt8(ascii: " ") {
            if date.elementsEqual(lastDay.text) { return lastDay.day }
            if let midnight = Timestamp.parse(String(decoding: date, as: UTF8.self) + "T00:00:00Z") {
                lastDay = (Array(date), Int32(clamping: midnight / 86_400_000))
                return lastDay.day
            }
        }
        throw refusal(4, "must be a day such as 2026-01-31")
    }

    private func isRemoval(_ bytes: ArraySlice<UInt8>) throws(PortedTableError) -> Bool {
        if bytes.isEmpty || bytes.elementsEqual("add".utf8) { return false }
        guard bytes.elementsEqual("remove".utf8) else { throw refusal(5, "must be add or remove") }
        guard permitsRemoval else { throw refusal(5, "cannot be remove in a table that replaces everything") }
        return true
    }

    private mutating func network(
        _ mcc: ArraySlice<UInt8>, _ mnc: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>
    ) throws(PortedTableError) -> Int32 {
        networkKey.removeAll(keepingCapacity: true)
        for part in [mcc, mnc, name] {
            networkKey += part
            networkKey.append(0)
        }
        // Neighbours in such a table mostly went to the same few networks.
        if networkKey == lastNetwork.key { return lastNetwork.index }
        let index: Int32
        if let known = networkIndex[networkKey] { index = known } else { index = try add(mcc, mnc, name) }
        lastNetwork = (networkKey, index)
        return index
    }

    private mutating func add(
        _ mcc: ArraySlice<UInt8>, _ mnc: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>
    ) throws(PortedTableError) -> Int32 {
        guard mcc.isEmpty || (mcc.count == 3 && Self.value(mcc) != nil) else {
            throw refusal(1, "must be three digits, or empty")
        }
        guard mnc.isEmpty == mcc.isEmpty, mnc.isEmpty || ((2...3).contains(mnc.count) && Self.value(mnc) != nil) else {
            throw refusal(2, "must be two or three digits, and empty where mcc is")
        }
        let operatorName = try operatorName(name)
        guard !mcc.isEmpty || !operatorName.isEmpty else {
            throw refusal(1, "is required, with mnc, where there is no operator")
        }
        guard networks.count < Self.mostNetworks else {
            throw refusal(3, "makes more than \(Self.mostNetworks) different networks")
        }
        let index = Int32(networks.count)
        networks.append(
            PortedNetwork(
                mcc: String(decoding: mcc, as: UTF8.self), mnc: String(decoding: mnc, as: UTF8.self),
                operatorName: operatorName))
        networkIndex[networkKey] = index
        return index
    }

    private func operatorName(_ bytes: ArraySlice<UInt8>) throws(PortedTableError) -> String {
        guard let name = String(validating: bytes, as: UTF8.self), name.unicodeScalars.count <= 100,
            name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { throw refusal(3, "must be text of at most 100 characters in UTF-8") }
        return name
    }
}
