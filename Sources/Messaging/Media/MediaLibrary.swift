// SPDX-License-Identifier: Apache-2.0
// The media of all companies: what customers upload for sending, and what comes with inbound messages and is fetched
// from the provider when somebody first asks for it. The one place through which connectors and the APIs reach media.

public import Accounts
public import SQL
internal import Synchronization
public import Wire

public final class MediaLibrary: MediaAccess {
    /// Fetches a company's URL with its credentials. Throws `MediaFetchError`.
    public typealias CustomerFetch =
        @Sendable (_ url: String, _ credentials: MediaCredentials) async throws -> any ReadableMedia

    public let options: MediaOptions
    private let database: Database
    private let directory: DirectoryCache
    private let connector: @Sendable (Int64) -> (any MediaConnector)?
    private let customerFetch: CustomerFetch?
    private let clock: @Sendable () -> Milliseconds
    /// Inbound media on their way from a provider: whoever else asks for one waits for the same.
    private let fetches = Mutex<[MediaID: Task<Medium, any Error>]>([:])

    /// `connector` finds the connector of an inbound medium among those that run; without `customerFetch` providers
    /// fetch every URL themselves.
    public init(
        database: Database, directory: DirectoryCache, options: MediaOptions = MediaOptions(),
        connector: @escaping @Sendable (Int64) -> (any MediaConnector)? = { _ in nil },
        customerFetch: CustomerFetch? = nil, clock: @escaping @Sendable () -> Milliseconds = Timestamp.now
    ) {
        self.database = database
        self.directory = directory
        self.options = options
        self.connector = connector
        self.customerFetch = customerFetch
        self.clock = clock
    }

    // MARK: Uploads

    /// Bytes of uploads that the company may keep.
    public func quota(of companyID: CompanyID) -> Int64 {
        directory.current.companySettings[companyID]?.mediaQuota ?? options.quota
    }

    /// Begins an upload. `validity` is in ms: nil for the usual one, 0 for as long as nobody deletes it. Throws
    /// `MediaRefusal` when what the client announced is too much.
    public func beginUpload(
        companyID: CompanyID, contentType: String?, filename: String?, validity: Milliseconds?, isOneTime: Bool = false,
        announcedSize: Int? = nil
    ) async throws -> MediaUpload {
        let quota = quota(of: companyID)
        let now = clock()
        if let announcedSize {
            guard announcedSize <= options.maximumSize else {
                throw MediaRefusal.tooLarge(limit: options.maximumSize)
            }
            let usage = try await usage(of: companyID)
            if usage + Int64(announcedSize) > quota { throw MediaRefusal.quotaExceeded(quota: quota, usage: usage) }
        }
        let validity = validity ?? options.usualValidity
        return MediaUpload(
            companyID: companyID, contentType: contentType, filename: filename,
            expiresAt: validity == 0 ? nil : now + validity, isOneTime: isOneTime, quota: quota,
            limit: options.maximumSize, database: database, clock: clock)
    }

    /// Bytes of the company's uploads.
    public func usage(of companyID: CompanyID) async throws -> Int64 {
        let now = clock()
        return try await database.read { try MediaStore($0).usage(companyID: companyID, now: now) }
    }

    /// A page of the company's uploads, the oldest first, and how many there are in all.
    public func list(
        companyID: CompanyID, offset: Int, limit: Int
    ) async throws -> (media: [Medium], total: Int) {
        let now = clock()
        return try await database.read {
            try MediaStore($0).list(companyID: companyID, offset: offset, limit: limit, now: now)
        }
    }

    /// Removes a medium, uploaded or inbound; false when the company has none of the id.
    public func delete(_ mediaID: String, companyID: CompanyID) async throws -> Bool {
        guard let id = MediaID(mediaID) else { return false }
        let now = clock()
        return try await database.write { try MediaStore($0).remove(id, companyID: companyID, now: now) }
    }

    /// Removes a slice of the media whose time is over. Returns whether there may be more.
    public func removeExpired(now: Milliseconds, limit: Int) async throws -> Bool {
        try await database.write { try MediaStore($0).removeExpired(now: now, limit: limit) }
    }

    // MARK: Reading

    /// The company's medium as it is described; nil when there is none of the id, or not any more.
    public func find(_ mediaID: String, companyID: CompanyID) async throws -> Medium? {
        guard let medium = try await row(mediaID, companyID: companyID), !medium.isUsed else { return nil }
        return medium
    }

    /// Whether a message may name the medium.
    public func exists(_ mediaID: String, companyID: CompanyID) async throws -> Bool {
        try await find(mediaID, companyID: companyID) != nil
    }

    /// A medium for a customer to download, fetched from its provider if need be; a one-time medium is gone once it was
    /// read to its end. Nil when there is none of the id, or not any more. Throws `MediaFetchError`.
    public func download(_ mediaID: String, companyID: CompanyID) async throws -> (any ReadableMedia)? {
        guard let medium = try await find(mediaID, companyID: companyID) else { return nil }
        return try await reader(of: medium)
    }

    /// A medium for a connector to hand to its provider: as `download`, but a one-time medium that was just used can be
    /// read again for a while, so that a connector can try again.
    public func open(_ mediaID: String, companyID: CompanyID) async throws -> (any ReadableMedia)? {
        guard let medium = try await row(mediaID, companyID: companyID) else { return nil }
        return try await reader(of: medium)
    }

    public func fetch(_ url: String, companyID: CompanyID) async throws -> (any ReadableMedia)? {
        guard let customerFetch, let credentials = directory.current.companySettings[companyID]?.mediaCredentials
        else { return nil }
        return try await customerFetch(url, credentials)
    }

    private func row(_ mediaID: String, companyID: CompanyID) async throws -> Medium? {
        guard let id = MediaID(mediaID) else { return nil }
        let now = clock()
        return try await database.read { try MediaStore($0).find(id, companyID: companyID, now: now) }
    }

    private func reader(of medium: Medium) async throws -> StoredMedia {
        let medium = medium.state == .remote ? try await fetched(medium) : medium
        return StoredMedia(medium: medium, database: database, graceAfterUse: options.graceAfterUse, clock: clock)
    }

    // MARK: Fetching from providers

    /// The medium once its bytes are here. Whoever asks at the same time gets the result of the same request; that one
    /// client goes away does not end it.
    private func fetched(_ medium: Medium) async throws -> Medium {
        let task = fetches.withLock { running in
            if let task = running[medium.id] { return task }
            let task = Task {
                defer { fetches.withLock { _ = $0.removeValue(forKey: medium.id) } }
                return try await fetch(medium)
            }
            running[medium.id] = task
            return task
        }
        return try await task.value
    }

    private func fetch(_ medium: Medium) async throws -> Medium {
        // Somebody may have brought it since the caller looked.
        if let now = try await row("\(medium.id)", companyID: medium.companyID), now.state == .stored { return now }
        guard let source = medium.source, let connectorID = medium.connectorID, let connector = connector(connectorID)
        else { throw MediaFetchError(isGone: false, reason: "the connector that received it is not in use") }
        let writer = ChunkWriter(
            companyID: medium.companyID, isInbound: true, limit: options.maximumInboundSize, database: database,
            clock: clock)
        let arrival = MediaArrival(writer: writer)
        do {
            try await connector.download(source, into: arrival)
            let (contentType, filename) = (arrival.contentType, arrival.filename)
            let (id, size) = (medium.id, writer.size)
            _ = try await writer.finish { store in
                try store.adopt(writer.id, by: id, contentType: contentType, filename: filename, size: size)
            }
        } catch {
            await writer.cancel()
            if case MediaRefusal.tooLarge(let limit) = error {
                throw MediaFetchError(isGone: false, reason: "the provider sends more than \(limit) bytes")
            }
            throw error
        }
        guard let stored = try await row("\(medium.id)", companyID: medium.companyID) else { throw MediumGone() }
        return stored
    }
}

/// Takes what a provider sends.
private final class MediaArrival: MediaSink {
    private let writer: ChunkWriter
    private let description = Mutex<(contentType: String?, filename: String?)>((nil, nil))

    init(writer: ChunkWriter) { self.writer = writer }

    var contentType: String? { description.withLock { $0.contentType } }
    var filename: String? { description.withLock { $0.filename } }

    func begin(contentType: String?, filename: String?) async throws {
        let known = contentType.map { MediaText.contentType($0) }.flatMap { $0 == MediaText.unknownType ? nil : $0 }
        let name = MediaText.filename(filename)
        description.withLock { $0 = (known, name) }
    }

    func write(_ bytes: [UInt8]) async throws { try await writer.write(bytes) }
}
