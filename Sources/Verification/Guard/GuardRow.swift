// SPDX-License-Identifier: Apache-2.0
// A prefix's state as a row of `guard_prefixes`.

internal import Accounts
internal import SQL
internal import Wire

enum GuardRow {
    private static let columns = [
        "company_id", "prefix", "phase", "blocked_until", "proven", "strikes", "blocked_at", "sent", "verified",
        "refused",
        "spent", "stopped", "history_sent", "history_verified", "held_sent", "held_verified", "suspected_sent",
        "suspected_verified", "ripe_evidence", "usual_open", "recent", "faded_at", "expected", "evidence", "threshold",
        "changed_at",
    ]

    static let insert = """
        INSERT INTO guard_prefixes (\(columns.joined(separator: ", ")))
        VALUES (\((1...columns.count).map { "$\($0)" }.joined(separator: ", ")))
        """

    static let upsert = """
        \(insert) ON CONFLICT (company_id, prefix) DO UPDATE SET
        \(columns.dropFirst(2).map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
        """

    static func values(_ watch: PrefixWatch, companyID: CompanyID, now: Milliseconds) -> [SQLValue] {
        let (phase, until, proven): (String, Milliseconds?, Int) =
            switch watch.phase {
            case .watching: ("watching", nil, 0)
            case .blocked(let until): ("blocked", until, 0)
            case .probation(let verified): ("probation", nil, verified)
            }
        return [
            .integer(companyID), .text(watch.prefix), .text(phase), SQLValue(until), SQLValue(proven),
            SQLValue(watch.strikes), SQLValue(watch.blockedAt), SQLValue(watch.totals.sent),
            SQLValue(watch.totals.verified), SQLValue(watch.totals.refused), .integer(watch.totals.spent),
            .integer(watch.totals.stopped), .real(watch.history.sent), .real(watch.history.verified),
            .real(watch.held.sent), .real(watch.held.verified), .real(watch.suspected.sent),
            .real(watch.suspected.verified), .real(watch.evidence), .real(watch.usualOpen), .bytes(watch.recent.bytes),
            .integer(watch.fadedAt), .real(watch.judgement.expectedShare), .real(watch.judgement.evidence),
            .real(watch.judgement.threshold), .integer(now),
        ]
    }

    static func watch(from row: Row) throws -> PrefixWatch {
        var watch = PrefixWatch(prefix: try row.text("prefix"), now: try row.int64("faded_at"))
        watch.phase =
            switch try row.text("phase") {
            case "blocked": .blocked(until: try row.int64OrNil("blocked_until") ?? 0)
            case "probation": .probation(verified: try row.int("proven"))
            default: .watching
            }
        watch.strikes = try row.int("strikes")
        watch.blockedAt = try row.int64OrNil("blocked_at")
        watch.totals = PrefixWatch.Totals(
            sent: try row.int("sent"), verified: try row.int("verified"), refused: try row.int("refused"),
            spent: try row.int64("spent"), stopped: try row.int64("stopped"))
        watch.history = try tally("history", row)
        watch.held = try tally("held", row)
        watch.suspected = try tally("suspected", row)
        watch.evidence = try row.double("ripe_evidence")
        watch.usualOpen = try row.double("usual_open")
        watch.recent = RecentCodes(bytes: try row.bytes("recent"))
        watch.judgement = PrefixWatch.Judgement(
            expectedShare: try row.double("expected"), evidence: try row.double("evidence"),
            threshold: try row.double("threshold"))
        return watch
    }

    private static func tally(_ name: String, _ row: Row) throws -> PrefixWatch.Tally {
        PrefixWatch.Tally(sent: try row.double("\(name)_sent"), verified: try row.double("\(name)_verified"))
    }
}
