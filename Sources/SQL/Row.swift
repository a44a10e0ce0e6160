// SPDX-License-Identifier: Apache-2.0
// One result row. The rows of a statement share one table of column names, so a row costs only its values.

/// The column names of one statement's result and where each stands.
final class ColumnTable: Sendable {
    let names: [String]
    /// The positions of the columns by a hash of their names, -1 where there is none; a taken slot sends to the next.
    /// Every value of every row is read through it, and a dictionary's hash costs more than the reading.
    private let slots: [Int16]

    init(_ names: [String]) {
        self.names = names
        var slots = [Int16](repeating: -1, count: Self.slotCount(names.count))
        for (position, name) in names.enumerated() {
            var slot = Self.hash(name) & (slots.count - 1)
            // Of two columns with one name the first is found, as a reader of the SQL text would expect.
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int16(position)
        }
        self.slots = slots
    }

    func position(of column: String) -> Int? {
        var slot = Self.hash(column) & (slots.count - 1)
        while slots[slot] >= 0 {
            let position = Int(slots[slot])
            if names[position] == column { return position }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// A power of two, so large that at least half of the slots are free. SQL allows some thousand columns.
    private static func slotCount(_ columns: Int) -> Int {
        var count = 8
        while count < columns * 2 { count *= 2 }
        return count
    }

    private static func hash(_ name: String) -> Int {
        var hash = 0
        for byte in name.utf8 { hash = hash &* 31 &+ Int(byte) }
        return hash ^ (hash >> 7)
    }
}

/// One row of a result, read by column name.
///
/// The typed accessors throw `DatabaseError.decoding` for a column that is missing, NULL (unless the name ends in
/// `OrNil`) or of another type; the message names the column and never the value.
public struct Row: Sendable {
    let columns: ColumnTable
    let values: [SQLValue]

    /// The value of `column`; `.null` when the result has no such column.
    public subscript(column: String) -> SQLValue {
        columns.position(of: column).map { values[$0] } ?? .null
    }

    /// The names of the columns in the order of the SQL text.
    public var columnNames: [String] { columns.names }

    /// A 64-bit integer.
    public func int64(_ column: String) throws -> Int64 {
        let value = try value(of: column)
        guard case .integer(let integer) = value else { throw mismatch(column, value, "an integer") }
        return integer
    }

    /// A 64-bit integer, or `nil` for NULL.
    public func int64OrNil(_ column: String) throws -> Int64? {
        let value = try value(of: column)
        switch value {
        case .null: return nil
        case .integer(let integer): return integer
        default: throw mismatch(column, value, "an integer")
        }
    }

    /// An integer.
    public func int(_ column: String) throws -> Int { Int(try int64(column)) }

    /// An integer, or `nil` for NULL.
    public func intOrNil(_ column: String) throws -> Int? { try int64OrNil(column).map { Int($0) } }

    /// A flag: any integer but 0 is true.
    public func bool(_ column: String) throws -> Bool { try int64(column) != 0 }

    /// A flag, or `nil` for NULL.
    public func boolOrNil(_ column: String) throws -> Bool? { try int64OrNil(column).map { $0 != 0 } }

    /// A double; an integer column is widened.
    public func double(_ column: String) throws -> Double {
        let value = try value(of: column)
        switch value {
        case .real(let double): return double
        case .integer(let integer): return Double(integer)
        default: throw mismatch(column, value, "a double")
        }
    }

    /// A double, or `nil` for NULL.
    public func doubleOrNil(_ column: String) throws -> Double? { try isNull(column) ? nil : double(column) }

    /// Text.
    public func text(_ column: String) throws -> String {
        let value = try value(of: column)
        guard case .text(let text) = value else { throw mismatch(column, value, "text") }
        return text
    }

    /// Text, or `nil` for NULL.
    public func textOrNil(_ column: String) throws -> String? {
        let value = try value(of: column)
        switch value {
        case .null: return nil
        case .text(let text): return text
        default: throw mismatch(column, value, "text")
        }
    }

    /// Bytes.
    public func bytes(_ column: String) throws -> [UInt8] {
        let value = try value(of: column)
        guard case .bytes(let bytes) = value else { throw mismatch(column, value, "bytes") }
        return bytes
    }

    /// Bytes, or `nil` for NULL.
    public func bytesOrNil(_ column: String) throws -> [UInt8]? { try isNull(column) ? nil : bytes(column) }

    private func isNull(_ column: String) throws -> Bool {
        if case .null = try value(of: column) { true } else { false }
    }

    private func value(of column: String) throws(DatabaseError) -> SQLValue {
        guard let position = columns.position(of: column) else { throw .decoding("no column \(column)") }
        return values[position]
    }

    private func mismatch(_ column: String, _ value: SQLValue, _ wanted: String) -> DatabaseError {
        .decoding("column \(column) holds \(value.kind), not \(wanted)")
    }
}

/// Reads the columns of a row one after another, in the order of the SQL text: for rows of dozens of columns that are
/// read so often that looking for names counts. It throws what `Row` throws.
public struct RowReader {
    private let row: Row
    private var position = 0

    public init(_ row: Row) { self.row = row }

    /// A 64-bit integer.
    public mutating func int64() throws -> Int64 {
        guard case .integer(let integer) = try next() else { throw mismatch("an integer") }
        return integer
    }

    /// A 64-bit integer, or `nil` for NULL.
    public mutating func int64OrNil() throws -> Int64? {
        switch try next() {
        case .null: return nil
        case .integer(let integer): return integer
        default: throw mismatch("an integer")
        }
    }

    /// An integer.
    public mutating func int() throws -> Int { Int(try int64()) }

    /// A flag: any integer but 0 is true.
    public mutating func bool() throws -> Bool { try int64() != 0 }

    /// Text.
    public mutating func text() throws -> String {
        guard case .text(let text) = try next() else { throw mismatch("text") }
        return text
    }

    /// Text, or `nil` for NULL.
    public mutating func textOrNil() throws -> String? {
        switch try next() {
        case .null: return nil
        case .text(let text): return text
        default: throw mismatch("text")
        }
    }

    /// Bytes.
    public mutating func bytes() throws -> [UInt8] {
        guard case .bytes(let bytes) = try next() else { throw mismatch("bytes") }
        return bytes
    }

    private mutating func next() throws(DatabaseError) -> SQLValue {
        guard position < row.values.count else { throw .decoding("no column at \(position)") }
        defer { position += 1 }
        return row.values[position]
    }

    /// About the column that was read last.
    private func mismatch(_ wanted: String) -> DatabaseError {
        .decoding(
            "column \(row.columns.names[position - 1]) holds \(row.values[position - 1].kind), not \(wanted)")
    }
}
