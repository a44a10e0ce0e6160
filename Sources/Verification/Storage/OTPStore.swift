// SPDX-License-Identifier: Apache-2.0
// One-time passwords in the database. What many may do at once is one conditional UPDATE: it locks the row, and whoever
// comes later sees what it has changed. Every statement names the company, but for the clean-up.

internal import Accounts
internal import SQL
internal import Wire

struct OTPStore {
    let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    func insert(_ record: OTPRecord) throws {
        let otp = record.otp
        try transaction.execute(
            """
            INSERT INTO otps (company_id, id, application_id, number, status, attempts, attempt_limit, sends, created_at,
                expires_at, reference_id, language, mark, secret, client_address)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            """,
            [
                .integer(otp.companyID), .bytes(otp.id.bytes), .bytes(otp.applicationID.bytes), .text(otp.number),
                .text(otp.status.rawValue), SQLValue(otp.attemptCount), SQLValue(otp.attemptLimit),
                SQLValue(otp.sendCount), .integer(otp.createdAt), .integer(otp.expiresAt), SQLValue(otp.referenceID),
                .text(otp.language), SQLValue(record.mark), SQLValue(record.sealed),
                SQLValue(record.clientAddress?.description),
            ])
    }

    /// - Parameter locking: whether nobody else may change it until the transaction ends
    func find(_ id: OTPID, of companyID: CompanyID, locking: Bool = false) throws -> OTPRecord? {
        let suffix = locking ? transaction.dialect.pick(sqlite: "", postgres: " FOR UPDATE") : ""
        return try transaction.queryOne(
            "SELECT \(Self.columns), \(Self.orphaned) AS orphaned FROM otps WHERE company_id = $1 AND id = $2" + suffix,
            Self.key(id, companyID)
        ).map(Self.record(from:))
    }

    /// The latest for a number, the newest first.
    func list(number: String, of companyID: CompanyID, limit: Int) throws -> [OneTimePassword] {
        try transaction.query(
            """
            SELECT \(Self.columns), 0 AS orphaned FROM otps
            WHERE company_id = $1 AND number = $2 AND deleted_at IS NULL ORDER BY id DESC LIMIT $3
            """, [.integer(companyID), .text(number), SQLValue(limit)]
        ).map { try Self.record(from: $0).otp }
    }

    /// Counts an attempt, if one may be made; nil otherwise. The condition is that of `OTPState.isOpen`.
    func takeAttempt(_ id: OTPID, of companyID: CompanyID, now: Milliseconds) throws -> OTPRecord? {
        try transaction.queryOne(
            """
            UPDATE otps SET attempts = attempts + 1 WHERE company_id = $1 AND id = $2 AND \(Self.isOpen)
            RETURNING \(Self.columns), 0 AS orphaned
            """, Self.key(id, companyID) + [.integer(now)]
        ).map(Self.record(from:))
    }

    /// Counts a sending, if the code may be sent again; nil otherwise.
    func takeSend(
        _ id: OTPID, of companyID: CompanyID, clientAddress: IPAddress?, now: Milliseconds
    ) throws -> OneTimePassword? {
        try transaction.queryOne(
            """
            UPDATE otps SET sends = sends + 1, client_address = COALESCE($4, client_address)
            WHERE company_id = $1 AND id = $2 AND \(Self.isOpen)
            RETURNING \(Self.columns), 0 AS orphaned
            """, Self.key(id, companyID) + [.integer(now), SQLValue(clientAddress?.description)]
        ).map { try Self.record(from: $0).otp }
    }

    /// Stores that an active one has ended, and erases its code.
    func end(_ otp: OneTimePassword, at now: Milliseconds) throws {
        try transaction.execute(
            """
            UPDATE otps SET status = $3, ended_at = $4, \(Self.erasure)
            WHERE company_id = $1 AND id = $2 AND status = 'ACTIVE'
            """, Self.key(otp.id, otp.companyID) + [.text(otp.status.rawValue), .integer(now)])
    }

    /// Ends one that has expired and of which nobody has noticed it.
    func noticeExpiry(of id: OTPID, companyID: CompanyID, now: Milliseconds) throws {
        let rows = try transaction.query(
            """
            UPDATE otps SET status = 'EXPIRED', ended_at = expires_at, \(Self.erasure)
            WHERE company_id = $1 AND id = $2 AND ended_at IS NULL AND expires_at <= $3
            RETURNING company_id, id, expires_at
            """, Self.key(id, companyID) + [.integer(now)])
        try noteExpiry(of: rows)
    }

    /// The same for all, one slice at a time; returns how many.
    func expire(now: Milliseconds, limit: Int) throws -> Int {
        let rows = try transaction.query(
            """
            UPDATE otps SET status = 'EXPIRED', ended_at = expires_at, \(Self.erasure)
            WHERE (company_id, id) IN (
                    SELECT company_id, id FROM otps WHERE ended_at IS NULL AND expires_at <= $1
                    ORDER BY expires_at LIMIT $2)
                AND ended_at IS NULL
            RETURNING company_id, id, expires_at
            """, [.integer(now), SQLValue(limit)])
        try noteExpiry(of: rows)
        return rows.count
    }

    /// Stores that its sender has deleted one, and erases its code. The row is locked.
    func delete(_ otp: OneTimePassword, at now: Milliseconds) throws {
        try transaction.execute(
            """
            UPDATE otps SET status = $3, deleted_at = $4, ended_at = COALESCE(ended_at, $4), \(Self.erasure)
            WHERE company_id = $1 AND id = $2
            """, Self.key(otp.id, otp.companyID) + [.text(otp.status.rawValue), .integer(now)])
    }

    /// Takes back one whose code was never sent.
    func remove(_ otp: OneTimePassword) throws { try remove([Self.key(otp.id, otp.companyID)]) }

    /// Removes those that ended before an instant, one slice at a time; returns how many.
    func remove(before instant: Milliseconds, limit: Int) throws -> Int {
        let rows = try transaction.query(
            "SELECT company_id, id FROM otps WHERE ended_at < $1 ORDER BY ended_at LIMIT $2",
            [.integer(instant), SQLValue(limit)])
        try remove(rows.map { [$0["company_id"], $0["id"]] })
        return rows.count
    }

    private func remove(_ keys: [[SQLValue]]) throws {
        try transaction.executeBatch("DELETE FROM otp_events WHERE company_id = $1 AND otp_id = $2", keys)
        try transaction.executeBatch("DELETE FROM otp_sends WHERE company_id = $1 AND otp_id = $2", keys)
        try transaction.executeBatch("DELETE FROM otps WHERE company_id = $1 AND id = $2", keys)
    }

    private func noteExpiry(of rows: [Row]) throws {
        try transaction.executeBatch(
            "INSERT INTO otp_events (company_id, otp_id, type, at) VALUES ($1, $2, 'EXPIRED', $3)",
            rows.map { [$0["company_id"], $0["id"], $0["expires_at"]] })
    }
}

extension OTPStore {
    /// Whether a code may be tried or sent again at `$3`.
    private static let isOpen = """
        status = 'ACTIVE' AND deleted_at IS NULL AND expires_at > $3 AND attempts < attempt_limit AND NOT \(orphaned)
        """

    private static let orphaned = """
        EXISTS (SELECT 1 FROM verification_applications a
            WHERE a.company_id = otps.company_id AND a.id = otps.application_id AND a.deleted_at IS NOT NULL)
        """

    private static let erasure = "mark = NULL, secret = NULL, client_address = NULL"

    private static let columns = """
        company_id, id, application_id, number, status, attempts, attempt_limit, sends, created_at, expires_at,
        deleted_at, reference_id, language, mark, secret, client_address
        """

    static func key(_ id: OTPID, _ companyID: CompanyID) -> [SQLValue] { [.integer(companyID), .bytes(id.bytes)] }

    private static func record(from row: Row) throws -> OTPRecord {
        guard let id = UUIDv7(bytes: try row.bytes("id")),
            let applicationID = UUIDv7(bytes: try row.bytes("application_id")),
            let status = OTPStatus(rawValue: try row.text("status"))
        else { throw DatabaseError.decoding("otps") }
        let otp = OneTimePassword(
            id: id, companyID: try row.int64("company_id"), applicationID: applicationID,
            number: try row.text("number"), status: status, attemptCount: try row.int("attempts"),
            attemptLimit: try row.int("attempt_limit"), createdAt: try row.int64("created_at"),
            expiresAt: try row.int64("expires_at"), referenceID: try row.textOrNil("reference_id"),
            language: try row.text("language"), sendCount: try row.int("sends"),
            deletedAt: try row.int64OrNil("deleted_at"))
        return OTPRecord(
            otp: otp, mark: try row.bytesOrNil("mark"), sealed: try row.textOrNil("secret"),
            clientAddress: try row.textOrNil("client_address").flatMap { IPAddress($0) },
            isOrphaned: try row.bool("orphaned"))
    }
}
