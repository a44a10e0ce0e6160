// SPDX-License-Identifier: Apache-2.0
// An INSERT in several sizes: of 1, 2, 4, 8 and 16 rows. Opening a table and its indexes, and numbering its rows, costs
// SQLite as much as a row does, so it is paid once for many.

/// The statements that insert rows of one kind, prepared when they are first needed.
final class SQLiteInsert {
    private static let levels = 5

    /// Up to the tuple of values.
    private let head: String
    /// The tuple, cut before each of its parameters, and which parameter stands at each cut, from 1.
    private let pieces: [String]
    private let parameters: [Int]
    private var statements = [SQLiteStatement?](repeating: nil, count: levels)

    /// `sql` ends with the one tuple of its VALUES, in which there are no quotes.
    init(_ sql: String) throws(DatabaseError) {
        guard let values = sql.ranges(of: "VALUES").last else { throw .invalid("no VALUES in: \(sql)") }
        let tuple = sql[values.upperBound...]
        guard tuple.last == ")", !tuple.contains("'"), !tuple.contains("\"") else {
            throw .invalid("the statement does not end with a plain tuple: \(sql)")
        }
        head = String(sql[..<values.upperBound])
        let cuts = tuple.split(separator: "$", omittingEmptySubsequences: false)
        var pieces = [String(cuts[0])]
        var parameters: [Int] = []
        for cut in cuts.dropFirst() {
            let digits = cut.prefix { $0.isASCII && $0.isNumber }
            guard let parameter = Int(digits) else { throw .invalid("a parameter without a number in: \(sql)") }
            parameters.append(parameter)
            pieces.append(String(cut.dropFirst(digits.count)))
        }
        self.pieces = pieces
        self.parameters = parameters
    }

    /// How many of so many rows the largest fitting statement takes, and which statement that is.
    static func size(for rows: Int) -> (count: Int, level: Int) {
        var level = levels - 1
        while level > 0 && 1 << level > rows { level -= 1 }
        return (1 << level, level)
    }

    func statement(
        _ level: Int, prepare: (String) throws(DatabaseError) -> SQLiteStatement
    ) throws(DatabaseError) -> SQLiteStatement {
        if let statement = statements[level] { return statement }
        let statement = try prepare(sql(rows: 1 << level))
        statements[level] = statement
        return statement
    }

    private func sql(rows: Int) -> String {
        let width = parameters.max() ?? 0
        let tuples = (0..<rows).map { row in
            zip(parameters, pieces.dropFirst()).reduce(pieces[0]) { $0 + "?\($1.0 + row * width)" + $1.1 }
        }
        return head + tuples.joined(separator: ",")
    }
}
