// SPDX-License-Identifier: Apache-2.0
// Ported numbers in the database. Every write is a slice that ends soon; what is not in force is invisible, so that a
// table of ten million numbers comes into force, and goes, in one short transaction.

internal import Messaging
internal import SQL
internal import Wire

/// Rows on their way into the database, sorted by number.
struct PortedSlice: Sendable {
    var numbers: [Int64] = []
    /// 0 for a number that is ported no longer.
    var networkIDs: [Int64] = []
    var days: [Int64?] = []

    var count: Int { numbers.count }
}

struct PortedNumberStore {
    private let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    // MARK: Looking up

    /// The number as the newest generation in force has it; nil where it is not ported.
    func find(_ number: Int64) throws -> PortedNumber? {
        for generation in try inForce() {
            let row = try transaction.queryOne(
                """
                SELECT p.network_id, p.ported_on, n.mcc, n.mnc, n.operator FROM ported_numbers p
                LEFT JOIN ported_networks n ON n.id = p.network_id WHERE p.generation = $1 AND p.number = $2
                """, [.integer(generation.id), .integer(number)])
            guard let row else { continue }
            if try row.int64("network_id") == 0 { return nil }
            return PortedNumber(
                number: number,
                network: PortedNetwork(
                    mcc: try row.text("mcc"), mnc: try row.text("mnc"), operatorName: try row.text("operator")),
                day: try row.int64OrNil("ported_on"))
        }
        return nil
    }

    /// A number that rises with every import that comes into force.
    func revision() throws -> Int64 {
        try transaction.queryOne(
            "SELECT MAX(id) AS revision FROM ported_generations WHERE activated_at IS NOT NULL")?
            .int64OrNil("revision") ?? 0
    }

    // MARK: Generations

    /// The newest first.
    func inForce() throws -> [PortedGeneration] { try generations("WHERE state = 1 ORDER BY id DESC") }

    /// The newest first, at most `limit`.
    func generations(limit: Int) throws -> [PortedGeneration] { try generations("ORDER BY id DESC LIMIT \(limit)") }

    /// The one that is being imported.
    func loading() throws -> PortedGeneration? { try generations("WHERE state = 0").first }

    /// The oldest one whose rows are to go.
    func replaced() throws -> PortedGeneration? { try generations("WHERE state = 2 ORDER BY id LIMIT 1").first }

    private func generations(_ condition: String) throws -> [PortedGeneration] {
        try transaction.query(
            "SELECT id, whole, state, row_count, created_at, activated_at FROM ported_generations \(condition)"
        ).map { row in
            guard let state = PortedGeneration.State(rawValue: try row.int64("state")) else {
                throw DatabaseError.decoding("ported_generations.state")
            }
            return PortedGeneration(
                id: try row.int64("id"), isWhole: try row.bool("whole"), state: state,
                rows: try row.int64("row_count"), createdAt: try row.int64("created_at"),
                activatedAt: try row.int64OrNil("activated_at"))
        }
    }

    /// Begins a generation. Throws a unique constraint error while another is being imported.
    func begin(isWhole: Bool, lease: Lease, now: Milliseconds) throws -> Int64 {
        let row = try transaction.queryOne(
            "INSERT INTO ported_generations (whole, state, lease, created_at) VALUES ($1, 0, $2, $3) RETURNING id",
            [SQLValue(isWhole), .integer(lease), .integer(now)])
        guard let id = try row?.int64("id") else { throw DatabaseError.decoding("ported_generations.id") }
        return id
    }

    /// Brings a generation into force; of a whole table all others go. Returns how many rows they had, or nil when the
    /// generation is no longer being imported.
    func activate(_ id: Int64, isWhole: Bool, rows: Int, now: Milliseconds) throws -> Int64? {
        let changed = try transaction.execute(
            "UPDATE ported_generations SET state = 1, lease = 0, row_count = $2, activated_at = $3 "
                + "WHERE id = $1 AND state = 0",
            [.integer(id), SQLValue(rows), .integer(now)])
        guard changed == 1 else { return nil }
        guard isWhole else { return 0 }
        let others = try transaction.query(
            "UPDATE ported_generations SET state = 2 WHERE state = 1 AND id <> $1 RETURNING row_count",
            [.integer(id)])
        return try others.reduce(0) { $0 + (try $1.int64("row_count")) }
    }

    /// Gives up what is being imported.
    func abandon(_ id: Int64) throws {
        try transaction.execute(
            "UPDATE ported_generations SET state = 2, lease = 0 WHERE id = $1 AND state = 0", [.integer(id)])
    }

    /// Gives up what nodes imported that are no longer alive.
    func abandonOrphans() throws {
        try transaction.execute(
            """
            UPDATE ported_generations SET state = 2, lease = 0 WHERE state = 0 AND lease NOT IN
                (SELECT lease FROM nodes WHERE alive_until > \(transaction.dialect.nowMilliseconds))
            """)
    }

    private func isInState(_ id: Int64, _ state: PortedGeneration.State) throws -> Bool {
        try transaction.queryOne(
            "SELECT id FROM ported_generations WHERE id = $1 AND state = $2 "
                + transaction.dialect.pick(sqlite: "", postgres: "FOR UPDATE"),
            [.integer(id), .integer(state.rawValue)]) != nil
    }

    // MARK: Rows

    /// The ids of networks, which are made where they are new.
    func ids(of networks: ArraySlice<PortedNetwork>) throws -> [Int64] {
        let rows = networks.map { [SQLValue.text($0.mcc), .text($0.mnc), .text($0.operatorName)] }
        try transaction.executeBatch(
            "INSERT INTO ported_networks (mcc, mnc, operator) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", rows)
        return try transaction.queryBatch(
            "SELECT id FROM ported_networks WHERE mcc = $1 AND mnc = $2 AND operator = $3", rows
        ).map { found in
            guard let id = try found.first?.int64("id") else { throw DatabaseError.decoding("ported_networks.id") }
            return id
        }
    }

    enum Insertion: Sendable { case done, repeated, interrupted }

    /// Writes rows of the generation that is being imported. `repeated`: it has one of the numbers already, and what
    /// was written must be undone.
    func insert(_ slice: PortedSlice, into generation: Int64) throws -> Insertion {
        guard try isInState(generation, .loading) else { return .interrupted }
        let written =
            switch transaction.dialect {
            case .sqlite: try insertEach(slice, generation)
            case .postgres: try insertArrays(slice, generation)
            }
        return written == slice.count ? .done : .repeated
    }

    private func insertEach(_ slice: PortedSlice, _ generation: Int64) throws -> Int {
        try transaction.executeBatch(
            "INSERT INTO ported_numbers (generation, number, network_id, ported_on) VALUES ($1, $2, $3, $4) "
                + "ON CONFLICT DO NOTHING",
            (0..<slice.count).map { index in
                [
                    .integer(generation), .integer(slice.numbers[index]), .integer(slice.networkIDs[index]),
                    SQLValue(slice.days[index]),
                ]
            }
        ).reduce(0, +)
    }

    /// One statement for all rows: the server spends several times as long on as many statements.
    private func insertArrays(_ slice: PortedSlice, _ generation: Int64) throws -> Int {
        func array(_ values: some Sequence<String>) -> SQLValue { .text("{" + values.joined(separator: ",") + "}") }
        return try transaction.execute(
            """
            INSERT INTO ported_numbers (generation, number, network_id, ported_on)
            SELECT $1, * FROM unnest(CAST($2::text AS bigint[]), CAST($3::text AS bigint[]), CAST($4::text AS bigint[]))
            ON CONFLICT DO NOTHING
            """,
            [
                .integer(generation), array(slice.numbers.map(String.init)), array(slice.networkIDs.map(String.init)),
                array(slice.days.map { $0.map(String.init) ?? "NULL" }),
            ])
    }

    /// Which of the numbers a generation has already.
    func known(_ numbers: [Int64], in generation: Int64) throws -> Set<Int64> {
        let found = try transaction.queryBatch(
            "SELECT number FROM ported_numbers WHERE generation = $1 AND number = $2",
            numbers.map { [.integer(generation), .integer($0)] })
        return Set(zip(numbers, found).filter { !$0.1.isEmpty }.map(\.0))
    }

    // MARK: Clearing up

    /// Where a slice of `count` rows behind `cursor` ends; nil where there are fewer.
    private func bound(_ generation: Int64, after cursor: Int64, count: Int) throws -> Int64? {
        try transaction.queryOne(
            "SELECT number FROM ported_numbers WHERE generation = $1 AND number > $2 ORDER BY number LIMIT 1 OFFSET $3",
            [.integer(generation), .integer(cursor), SQLValue(count - 1)])?.int64("number")
    }

    /// Removes up to `count` rows behind `cursor` of a generation that is not in force; returns the new cursor, nil
    /// when nothing is left.
    func removeRows(of generation: Int64, after cursor: Int64, count: Int) throws -> Int64? {
        let bound = try bound(generation, after: cursor, count: count)
        try transaction.execute(
            "DELETE FROM ported_numbers WHERE generation = $1 AND number > $2 AND number <= $3",
            [.integer(generation), .integer(cursor), .integer(bound ?? .max)])
        if bound == nil {
            try transaction.execute(
                "UPDATE ported_generations SET state = 3 WHERE id = $1 AND state = 2", [.integer(generation)])
        }
        return bound
    }

    /// Writes up to `count` changes behind `cursor` into the generation below them, where they change nothing that can
    /// be seen; returns the new cursor, nil when all are there and the changes are no longer in force, or when somebody
    /// else was faster.
    func merge(_ changes: Int64, into base: Int64, after cursor: Int64, count: Int) throws -> Int64? {
        guard try isInState(base, .inForce), try isInState(changes, .inForce) else { return nil }
        let bound = try bound(changes, after: cursor, count: count)
        let range: [SQLValue] = [.integer(base), .integer(changes), .integer(cursor), .integer(bound ?? .max)]
        let gone = try transaction.execute(
            """
            DELETE FROM ported_numbers WHERE generation = $1 AND number IN
                (SELECT number FROM ported_numbers WHERE generation = $2 AND number > $3 AND number <= $4)
            """, range)
        let new = try transaction.execute(
            """
            INSERT INTO ported_numbers (generation, number, network_id, ported_on)
            SELECT $1, number, network_id, ported_on FROM ported_numbers
            WHERE generation = $2 AND number > $3 AND number <= $4 AND network_id <> 0
            """, range)
        try transaction.execute(
            "UPDATE ported_generations SET row_count = row_count + $2 WHERE id = $1",
            [.integer(base), SQLValue(new - gone)])
        if bound == nil {
            try transaction.execute("UPDATE ported_generations SET state = 2 WHERE id = $1", [.integer(changes)])
        }
        return bound
    }
}
