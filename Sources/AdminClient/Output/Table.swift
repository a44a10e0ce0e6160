// SPDX-License-Identifier: Apache-2.0
// Lists as aligned columns. A row is one line whatever its values hold: control characters, which could move a
// terminal's cursor, are shown as `?`.

import Wire

/// One column: its head, and the text that an item has in it.
struct Column: Sendable {
    let title: String
    /// Numbers and money stand at the right.
    var isRight = false
    /// Whether the column may be cut when the terminal is too narrow; ids, times and numbers may not.
    var shrinks = true
    let text: @Sendable (JSONValue) -> String

    /// A member's value as it is.
    static func text(_ member: String, _ title: String? = nil) -> Column {
        Column(title: title ?? member) { Cell.text($0[member]) }
    }

    /// An id: never cut.
    static func id(_ member: String = "id", _ title: String? = nil) -> Column {
        Column(title: title ?? member, shrinks: false) { Cell.text($0[member]) }
    }

    /// A number or an amount of money.
    static func number(_ member: String, _ title: String? = nil) -> Column {
        Column(title: title ?? member, isRight: true, shrinks: false) { Cell.text($0[member]) }
    }

    /// A time, to the second.
    static func time(_ member: String, _ title: String? = nil) -> Column {
        Column(title: title ?? member, shrinks: false) { Cell.time($0[member]) }
    }
}

/// Values as one line of text.
enum Cell {
    /// Text as it is, `yes` and `no`, lists with spaces between, objects as `name=value`; nothing for null and nil.
    static func text(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null: ""
        case .bool(let value): value ? "yes" : "no"
        case .integer(let value): String(value)
        case .number(let value): value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
        case .string(let value): printable(value)
        case .array(let values): values.map(text).joined(separator: " ")
        case .object(let members):
            members.sorted { $0.key < $1.key }.map { "\(printable($0.key))=\(text($0.value))" }.joined(separator: " ")
        }
    }

    /// An RFC 3339 time without its fraction of a second.
    static func time(_ value: JSONValue?) -> String {
        let text = text(value)
        guard let dot = text.firstIndex(of: "."), let end = text[dot...].firstIndex(of: "Z") else { return text }
        return String(text[..<dot] + text[end...])
    }

    /// The text with every control character replaced.
    static func printable(_ text: String) -> String {
        let isControl = { (scalar: Unicode.Scalar) in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
            // Directions and joiners are letters' business; overrides of the whole line are not.
            case .format: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            default: false
            }
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: text.unicodeScalars.lazy.map { isControl($0) ? "?" : $0 })
        return String(result)
    }
}

/// Rows under a head.
struct Table {
    let columns: [Column]
    let items: [JSONValue]

    private static let gap = 2
    private static let narrowest = 8

    /// The lines, the head first. Given a width, columns of free text are cut until all fit or none can be cut further.
    func lines(width: Int? = nil) -> [String] {
        let rows = [columns.map(\.title)] + items.map { item in columns.map { $0.text(item) } }
        let widths = widths(of: rows, fitting: width)
        return rows.map { row in line(row, widths: widths) }
    }

    private func widths(of rows: [[String]], fitting width: Int?) -> [Int] {
        var widths = columns.indices.map { index in rows.map { $0[index].count }.max() ?? 0 }
        guard let width else { return widths }
        var surplus = widths.reduce(0, +) + Self.gap * (columns.count - 1) - width
        while surplus > 0 {
            let candidates = columns.indices.filter { index in
                columns[index].shrinks && widths[index] > max(Self.narrowest, columns[index].title.count)
            }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            surplus -= 1
        }
        return widths
    }

    private func line(_ row: [String], widths: [Int]) -> String {
        var line = ""
        for (index, text) in row.enumerated() {
            let shown = text.count > widths[index] ? text.prefix(max(0, widths[index] - 1)) + "…" : text
            let padding = String(repeating: " ", count: widths[index] - shown.count)
            line += columns[index].isRight ? padding + shown : shown + padding
            if index < row.count - 1 { line += String(repeating: " ", count: Self.gap) }
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }
}
