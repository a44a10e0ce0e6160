// SPDX-License-Identifier: Apache-2.0
// The parts that need no database: placeholders, binary values, error codes, back-off. Fuzzed with a fixed seed.

import Testing

@testable import SQL

/// SplitMix64: the same sequence on every run.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

@Suite struct PureTests {
    @Test(arguments: [
        ("SELECT $1, $22", "SELECT ?1, ?22"),
        ("a=$1;b=$2", "a=?1;b=?2"),
        ("'$1' || $1 || 'it''s $2'", "'$1' || ?1 || 'it''s $2'"),
        ("\"$1\" `$1` [$1] $1", "\"$1\" `$1` [$1] ?1"),
        ("-- $1\n$1 /* $2 */ $2", "-- $1\n?1 /* $2 */ ?2"),
        ("a$1 $name $ $$1 -$1 /$1", "a$1 $name $ $$1 -?1 /?1"),
        ("'open $1", "'open $1"), ("/* open $1", "/* open $1"), ("/*/ $1 */ $1", "/*/ $1 */ ?1"), ("", ""),
    ])
    func `placeholders are rewritten outside of literals and comments`(_ input: String, _ output: String) {
        #expect(Placeholders.sqlite(input) == output)
    }

    @Test func `any text survives the rewriting with its length and letters`() {
        var random = Seeded(state: 1)
        let alphabet = Array("$$$1239'\"`[]-/*\n ax_ä")
        for _ in 0..<5_000 {
            let text = String(
                (0..<Int.random(in: 0...40, using: &random)).map { _ in alphabet.randomElement(using: &random)! })
            let result = Placeholders.sqlite(text)
            #expect(result.utf8.count == text.utf8.count)
            #expect(result.replacing("?", with: "$") == text)
        }
    }

    static func decode(_ bytes: [UInt8], _ type: UInt32) -> SQLValue? {
        bytes.withUnsafeBytes { PostgresDecoder.value($0, type: type) }
    }

    @Test(
        arguments: [
            // digits, weight, sign, scale, then the base-10000 digits
            ([0, 0, 0, 0], SQLValue.integer(0)),
            ([1, 0, 0, 0, 42], .integer(42)),
            ([1, 0, 0x4000, 0, 42], .integer(-42)),
            ([1, 1, 0, 0, 7], .integer(70_000)),
            ([5, 4, 0, 0, 922, 3372, 368, 5477, 5807], .integer(.max)),
            ([5, 4, 0x4000, 0, 922, 3372, 368, 5477, 5808], .integer(.min)),
            ([5, 4, 0, 0, 922, 3372, 368, 5477, 5808], .real(9_223_372_036_854_775_808)),
            ([2, 0, 0, 4, 1, 5000], .real(1.5)),
            ([1, -1, 0x4000, 4, 350], .real(-0.035)),
            ([1, 0, 0, 2, 3], .real(3)),
            ([1, 30, 0, 0, 1], .real(1e120)),
            ([0, 0, 0xD000, 0], .real(.infinity)),
        ] as [([Int], SQLValue)])
    func `NUMERIC becomes an integer where it is one`(_ fields: [Int], _ value: SQLValue) {
        let bytes = fields.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        #expect(Self.decode(bytes, PostgresType.numeric) == value)
    }

    @Test func `any bytes of any type are a value or none`() {
        var random = Seeded(state: 2)
        let types: [UInt32] = [16, 17, 19, 20, 21, 23, 25, 26, 114, 700, 701, 1700, 2278, 2950, 3802, 5069, 9999]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                // Small numbers are what makes a NUMERIC nearly right.
                Bool.random(using: &random)
                    ? UInt8.random(in: 0...5, using: &random) : .random(in: 0...255, using: &random)
            }
            for type in types { _ = Self.decode(bytes, type) }
            #expect(Self.decode(bytes, 20) == nil || bytes.count == 8)
        }
    }

    @Test(arguments: [
        ("40001", DatabaseError.serialization("m (40001)")), ("40P01", .serialization("m (40P01)")),
        ("55P03", .locked("m (55P03)")), ("53100", .full("m (53100)")), ("53300", .unavailable("m (53300)")),
        ("57P01", .unavailable("m (57P01)")), ("57P03", .unavailable("m (57P03)")),
        ("08006", .unavailable("m (08006)")),
        ("08P01", .invalid("m (08P01)")), ("25006", .unavailable("m (25006)")), ("58030", .unavailable("m (58030)")),
        ("42601", .invalid("m (42601)")), ("23505", .constraint(kind: .unique, name: "c")),
        ("23503", .constraint(kind: .foreignKey, name: "c")), ("23502", .constraint(kind: .notNull, name: "t.x")),
        ("23514", .constraint(kind: .check, name: "c")), ("23P01", .constraint(kind: .other, name: "c")),
    ])
    func `a SQLSTATE has its error`(_ state: String, _ error: DatabaseError) {
        let failure = PostgresFailure(state: state, message: "m", constraint: "c", table: "t", column: "x")
        #expect(failure.error(access: .write) == error)
    }

    @Test(
        arguments: [
            (13, DatabaseError.full("m")), (5, .locked("m")), (261, .locked("m")), (6, .locked("m")),
            (10, .unavailable("m")), (1034, .unavailable("m")), (14, .unavailable("m")), (8, .unavailable("m")),
            (11, .unavailable("m")), (26, .unavailable("m")), (1, .invalid("m")), (21, .invalid("m")),
            (2067, .constraint(kind: .unique, name: "")), (1555, .constraint(kind: .unique, name: "")),
            (787, .constraint(kind: .foreignKey, name: "")), (1299, .constraint(kind: .notNull, name: "")),
            (275, .constraint(kind: .check, name: "")), (1811, .constraint(kind: .other, name: "")),
        ] as [(Int32, DatabaseError)])
    func `an SQLite result code has its error`(_ code: Int32, _ error: DatabaseError) {
        #expect(DatabaseError.sqlite(code, "m", access: .write) == error)
    }

    @Test func `attempts to reconnect are held back ever longer, up to five seconds`() {
        var backoff = ReconnectBackoff()
        var now = ContinuousClock.now
        #expect(backoff.refusal(at: now) == nil)
        for milliseconds in [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000] {
            backoff.failed("down", at: now, jitter: 1)
            #expect(backoff.refusal(at: now.advanced(by: .milliseconds(milliseconds - 1))) == "down")
            now = now.advanced(by: .milliseconds(milliseconds))
            #expect(backoff.refusal(at: now) == nil)
        }
        backoff.succeeded()
        backoff.failed("again", at: now, jitter: 0.5)
        #expect(backoff.refusal(at: now.advanced(by: .milliseconds(50))) == nil)
    }
}
