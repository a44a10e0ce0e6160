// SPDX-License-Identifier: Apache-2.0
// Reads a medium chunk by chunk. Every chunk is a transaction of its own: a slow reader keeps none open.

internal import SQL
internal import Synchronization
internal import Wire

final class StoredMedia: ReadableMedia {
    private struct Position {
        var chunk = 0
        var offset = 0
    }

    private let medium: Medium
    private let database: Database
    private let graceAfterUse: Milliseconds
    private let clock: @Sendable () -> Milliseconds
    private let position = Mutex(Position())

    init(
        medium: Medium, database: Database, graceAfterUse: Milliseconds, clock: @escaping @Sendable () -> Milliseconds
    ) {
        self.medium = medium
        self.database = database
        self.graceAfterUse = graceAfterUse
        self.clock = clock
    }

    var contentType: String { medium.contentType }
    var filename: String? { medium.filename }
    var size: Int? { medium.size }

    /// Throws `MediumGone` when the medium was removed meanwhile. With its last piece a one-time medium is used up.
    func next() async throws -> [UInt8]? {
        let (place, total) = (position.withLock { $0 }, medium.size ?? 0)
        guard place.offset < total else { return nil }
        let contentID = medium.contentID
        guard let bytes = try await database.read({ try MediaStore($0).chunk(place.chunk, of: contentID) }),
            !bytes.isEmpty
        else { throw MediumGone() }
        let end = place.offset + bytes.count
        if medium.isOneTime, end >= total {
            let (id, grace, now) = (medium.id, graceAfterUse, clock())
            try await database.write { try MediaStore($0).markUsed(id, grace: grace, now: now) }
        }
        position.withLock { $0 = Position(chunk: place.chunk + 1, offset: end) }
        return bytes
    }
}
