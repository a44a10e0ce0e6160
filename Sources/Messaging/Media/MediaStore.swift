// SPDX-License-Identifier: Apache-2.0
// Media as rows. The row of a medium that is arriving is there from its first bytes on, so that what an interrupted
// upload leaves behind is found and removed; nobody sees it before it is whole. An inbound medium's bytes arrive under
// an id of their own, and the medium takes them over in one step: two nodes that fetch it at once do no harm.

public import Accounts
internal import Foundation
public import SQL
public import Wire

public struct MediaStore {
    /// Bytes of every chunk but the last.
    static let chunkSize = 256 * 1024
    /// How long a medium may take to arrive, ms.
    static let arrivalTime: Milliseconds = 3_600_000
    /// Stands for a medium that does not expire: the end of the year 9999.
    static let never: Milliseconds = 253_402_300_799_999
    /// Bytes that one slice of a clean-up removes, and the medium that reaches them.
    static let sliceSize: Int64 = 64 * 1024 * 1024
    /// How long a medium of an inbound message is kept, ms.
    public static let inboundLifetime: Milliseconds = 30 * 86_400_000

    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    // MARK: Arriving

    /// Makes the row of a medium that is arriving.
    func insertArriving(_ id: MediaID, companyID: CompanyID, isInbound: Bool, now: Milliseconds) throws {
        try transaction.execute(
            """
            INSERT INTO media (id, company_id, content_id, size, created_at, expires_at, inbound, state)
            VALUES ($1, $2, $1, 0, $3, $4, $5, \(Medium.State.arriving.rawValue))
            """,
            [
                .id(id), .integer(companyID), .integer(now), .integer(now + Self.arrivalTime),
                SQLValue(isInbound),
            ])
    }

    /// Adds chunks; `size` is that of all. Throws `MediumGone` when it took too long to arrive.
    func append(_ chunks: [[UInt8]], from number: Int, size: Int, to id: MediaID) throws {
        let touched = try transaction.execute(
            "UPDATE media SET size = $2 WHERE id = $1 AND state = \(Medium.State.arriving.rawValue)",
            [.id(id), SQLValue(size)])
        guard touched == 1 else { throw MediumGone() }
        try transaction.executeBatch(
            "INSERT INTO media_chunks (media_id, number, bytes) VALUES ($1, $2, $3)",
            chunks.enumerated().map { [.id(id), SQLValue(number + $0), .bytes($1)] })
    }

    /// Makes an upload visible. Throws `MediumGone` when it took too long to arrive.
    func finish(
        _ id: MediaID, contentType: String, filename: String?, expiresAt: Milliseconds?, isOneTime: Bool
    ) throws {
        let touched = try transaction.execute(
            """
            UPDATE media SET state = \(Medium.State.stored.rawValue), content_type = $2, filename = $3, expires_at = $4,
                one_time = $5
            WHERE id = $1 AND state = \(Medium.State.arriving.rawValue)
            """,
            [
                .id(id), .text(contentType), SQLValue(filename), .integer(expiresAt ?? Self.never),
                SQLValue(isOneTime),
            ])
        guard touched == 1 else { throw MediumGone() }
    }

    /// Removes what has arrived of a medium.
    func removeArriving(_ id: MediaID) throws {
        let touched = try transaction.execute(
            "DELETE FROM media WHERE id = $1 AND state = \(Medium.State.arriving.rawValue)", [.id(id)])
        if touched == 1 { try removeChunks(of: [id]) }
    }

    // MARK: Inbound

    /// Notes a medium that came with an inbound message and that the provider keeps for us; it gets an id of ours.
    public func noteInbound(
        _ media: ProviderMedia, connectorID: Int64, companyID: CompanyID, now: Milliseconds,
        lifetime: Milliseconds = MediaStore.inboundLifetime
    ) throws -> MediaID {
        let id = MediaID.next(now: now)
        try transaction.execute(
            """
            INSERT INTO media (id, company_id, content_id, content_type, filename, size, created_at, expires_at, inbound,
                state, connector_id, source)
            VALUES ($1, $2, $1, $3, $4, $5, $6, $7, 1, \(Medium.State.remote.rawValue), $8, $9)
            """,
            [
                .id(id), .integer(companyID), .text(MediaText.contentType(media.contentType)),
                SQLValue(MediaText.filename(media.filename)), SQLValue(media.size), .integer(now),
                .integer(now + lifetime), .integer(connectorID), .text(try Self.json(media)),
            ])
        return id
    }

    /// Gives an inbound medium the bytes that arrived under `contentID`; false when it has some, or is gone.
    func adopt(
        _ contentID: MediaID, by id: MediaID, contentType: String?, filename: String?, size: Int
    ) throws -> Bool {
        let touched = try transaction.execute(
            """
            UPDATE media SET state = \(Medium.State.stored.rawValue), content_id = $2, size = $3,
                content_type = COALESCE($4, content_type), filename = COALESCE($5, filename)
            WHERE id = $1 AND state = \(Medium.State.remote.rawValue)
            """,
            [.id(id), .id(contentID), SQLValue(size), SQLValue(contentType), SQLValue(filename)])
        guard touched == 1 else {
            try removeArriving(contentID)
            return false
        }
        try transaction.execute("DELETE FROM media WHERE id = $1", [.id(contentID)])
        return true
    }

    // MARK: Reading

    private static let columns = """
        id, company_id, content_id, content_type, filename, size, created_at, expires_at, one_time, used_at, inbound,
        state, connector_id, source
        """

    /// What customers see of their uploads.
    private static let listed = """
        company_id = $1 AND inbound = 0 AND state = \(Medium.State.stored.rawValue) AND used_at IS NULL AND expires_at > $2
        """

    /// A medium of the company that is whole, or that the provider has for us; nil when it has expired.
    func find(_ id: MediaID, companyID: CompanyID, now: Milliseconds) throws -> Medium? {
        try transaction.queryOne(
            """
            SELECT \(Self.columns) FROM media
            WHERE id = $1 AND company_id = $2 AND expires_at > $3 AND state <> \(Medium.State.arriving.rawValue)
            """, [.id(id), .integer(companyID), .integer(now)]
        ).map(Self.medium)
    }

    /// A page of the company's uploads, the oldest first, and how many there are.
    func list(
        companyID: CompanyID, offset: Int, limit: Int, now: Milliseconds
    ) throws -> (media: [Medium], total: Int) {
        let count = try transaction.queryOne(
            "SELECT COUNT(*) AS n FROM media WHERE \(Self.listed)", [.integer(companyID), .integer(now)])
        let rows = try transaction.query(
            "SELECT \(Self.columns) FROM media WHERE \(Self.listed) ORDER BY id LIMIT $3 OFFSET $4",
            [.integer(companyID), .integer(now), SQLValue(limit), SQLValue(offset)])
        return (try rows.map(Self.medium), try count?.int("n") ?? 0)
    }

    /// Bytes of the company's uploads, those on their way included.
    func usage(companyID: CompanyID, now: Milliseconds) throws -> Int64 {
        let row = try transaction.queryOne(
            """
            SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM media
            WHERE company_id = $1 AND inbound = 0 AND used_at IS NULL AND expires_at > $2
            """, [.integer(companyID), .integer(now)])
        return try row?.int64("bytes") ?? 0
    }

    func chunk(_ number: Int, of contentID: MediaID) throws -> [UInt8]? {
        try transaction.queryOne(
            "SELECT bytes FROM media_chunks WHERE media_id = $1 AND number = $2",
            [.id(contentID), SQLValue(number)])?.bytes("bytes")
    }

    // MARK: Going away

    /// A one-time medium was read: nobody sees it any more, and after `grace` it is removed.
    func markUsed(_ id: MediaID, grace: Milliseconds, now: Milliseconds) throws {
        try transaction.execute(
            """
            UPDATE media SET used_at = $2, expires_at = CASE WHEN expires_at < $3 THEN expires_at ELSE $3 END
            WHERE id = $1 AND used_at IS NULL
            """, [.id(id), .integer(now), .integer(now + grace)])
    }

    /// Removes a medium; false when the company has none of the id.
    func remove(_ id: MediaID, companyID: CompanyID, now: Milliseconds) throws -> Bool {
        let row = try transaction.queryOne(
            """
            DELETE FROM media
            WHERE id = $1 AND company_id = $2 AND state <> \(Medium.State.arriving.rawValue) RETURNING content_id, used_at,
                expires_at
            """, [.id(id), .integer(companyID)])
        guard let row else { return false }
        try removeChunks(of: [try Self.id(row, "content_id")])
        return try row.int64OrNil("used_at") == nil && row.int64("expires_at") > now
    }

    /// Removes a slice of the media whose time is over: at most `limit`, and not many bytes. Returns whether there may be
    /// more.
    public func removeExpired(now: Milliseconds, limit: Int) throws -> Bool {
        let rows = try transaction.query(
            "SELECT id, content_id, size FROM media WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2",
            [.integer(now), SQLValue(limit)])
        var bytes: Int64 = 0
        var slice: [Row] = []
        for row in rows where bytes < Self.sliceSize {
            slice.append(row)
            bytes += try row.int64OrNil("size") ?? 0
        }
        try transaction.executeBatch("DELETE FROM media WHERE id = $1", slice.map { [$0["id"]] })
        try removeChunks(of: try slice.map { try Self.id($0, "content_id") })
        return slice.count < rows.count || rows.count == limit
    }

    private func removeChunks(of contentIDs: [MediaID]) throws {
        try transaction.executeBatch(
            "DELETE FROM media_chunks WHERE media_id = $1", contentIDs.map { [.id($0)] })
    }

    // MARK: Rows

    private static func medium(from row: Row) throws -> Medium {
        guard let state = Medium.State(rawValue: try row.int64("state")) else {
            throw DatabaseError.decoding("media.state")
        }
        let expiresAt = try row.int64("expires_at")
        return Medium(
            id: try id(row, "id"), companyID: try row.int64("company_id"),
            contentType: try row.textOrNil("content_type") ?? MediaText.unknownType,
            filename: try row.textOrNil("filename"), size: try row.intOrNil("size"),
            createdAt: try row.int64("created_at"), expiresAt: expiresAt == never ? nil : expiresAt,
            isOneTime: try row.bool("one_time"), isInbound: try row.bool("inbound"), state: state,
            contentID: try id(row, "content_id"), isUsed: try row.int64OrNil("used_at") != nil,
            connectorID: try row.int64OrNil("connector_id"),
            source: try row.textOrNil("source").map {
                try JSONDecoder().decode(ProviderMedia.self, from: Data($0.utf8))
            })
    }

    private static func id(_ row: Row, _ column: String) throws -> MediaID {
        guard let id = MediaID(bytes: try row.bytes(column)) else { throw DatabaseError.decoding("media.\(column)") }
        return id
    }

    private static func json(_ media: ProviderMedia) throws -> String {
        String(decoding: try JSONEncoder().encode(media), as: UTF8.self)
    }
}
