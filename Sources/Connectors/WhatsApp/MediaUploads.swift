// SPDX-License-Identifier: Apache-2.0
// The media of outbound messages: those that WhatsApp cannot fetch itself are uploaded to it, once for all messages that
// show them while WhatsApp keeps them.

internal import Accounts
internal import Messaging
internal import Synchronization
internal import Wire

final class MediaUploads: Sendable {
    struct Key: Hashable, Sendable {
        let companyID: CompanyID
        let source: MediaSource
    }

    /// Where the media of a message are.
    struct Found: Sendable {
        var media: [MediaSource: GraphMedia] = [:]
        /// Those that were uploaded for an earlier message.
        var remembered: [Key] = []
    }

    struct Failure: Error, Sendable {
        let verdict: GraphVerdict
    }

    private typealias Upload = Task<Result<GraphMedia, Failure>, Never>

    private enum Entry {
        case underWay(Upload)
        case ready(GraphMedia, until: Milliseconds)
    }

    /// WhatsApp keeps an upload for 30 days.
    static let lifetime: Milliseconds = 29 * 86_400_000
    /// What a URL shows may change.
    static let lifetimeOfURL: Milliseconds = 600_000
    /// Media upload error.
    private static let uploadError: Int64 = 131053
    private static let capacity = 8192

    private let options: WhatsAppOptions
    private let environment: ConnectorEnvironment
    private let client: ProviderClient
    private let entries = Mutex<[Key: Entry]>([:])

    init(options: WhatsAppOptions, environment: ConnectorEnvironment, client: ProviderClient) {
        self.options = options
        self.environment = environment
        self.client = client
    }

    /// Where WhatsApp finds these media; uploads those that it does not have.
    func find(_ bodies: [MediaBody], companyID: CompanyID, attempt: Int) async -> Result<Found, Failure> {
        var found = Found()
        for source in bodies.compactMap({ MediaSource($0) }) where found.media[source] == nil {
            let key = Key(companyID: companyID, source: source)
            let (entry, isRemembered) = entry(for: key, attempt: attempt)
            switch entry {
            case .ready(let medium, _): found.media[source] = medium
            case .underWay(let upload):
                switch await upload.value {
                case .success(let medium): found.media[source] = medium
                case .failure(let failure): return .failure(failure)
                }
            }
            if isRemembered { found.remembered.append(key) }
        }
        return .success(found)
    }

    /// Has the next message upload these anew; false when they were forgotten already.
    func forget(_ keys: [Key]) -> Bool {
        entries.withLock { entries in
            var isNews = false
            for key in keys where entries.removeValue(forKey: key) != nil { isNews = true }
            return isNews
        }
    }

    private func entry(for key: Key, attempt: Int) -> (Entry, isRemembered: Bool) {
        let now = environment.clock()
        return entries.withLock { entries in
            switch entries[key] {
            case .ready(_, let until)? where until <= now: break
            case .ready(let medium, let until)?: return (.ready(medium, until: until), true)
            case .underWay(let upload)?: return (.underWay(upload), false)
            case nil: break
            }
            Self.makeRoom(in: &entries, now: now)
            let entry = Entry.underWay(Task { await upload(key, attempt: attempt) })
            entries[key] = entry
            return (entry, false)
        }
    }

    private static func makeRoom(in entries: inout [Key: Entry], now: Milliseconds) {
        guard entries.count >= capacity else { return }
        let soon = now + lifetime / 2
        for limit in [now, soon, .max] where entries.count >= capacity {
            entries = entries.filter { _, entry in
                if case .ready(_, let until) = entry { until > limit } else { true }
            }
        }
    }

    /// Uploads a medium and keeps its id; a URL that WhatsApp may fetch itself is not kept.
    private func upload(_ key: Key, attempt: Int) async -> Result<GraphMedia, Failure> {
        let result = await medium(key, attempt: attempt)
        let now = environment.clock()
        let lifetime = if case .own = key.source { Self.lifetime } else { Self.lifetimeOfURL }
        entries.withLock { entries in
            if case .success(.id(let id)) = result {
                entries[key] = .ready(.id(id), until: now + lifetime)
            } else {
                entries[key] = nil
            }
        }
        return result
    }

    private func medium(_ key: Key, attempt: Int) async -> Result<GraphMedia, Failure> {
        do {
            switch key.source {
            case .own(let id):
                guard let medium = try await environment.media.open(id, companyID: key.companyID) else {
                    return .failure(Self.lost("there is no medium \(id)"))
                }
                return try await send(medium, attempt: attempt)
            case .url(let url):
                guard let medium = try await environment.media.fetch(url, companyID: key.companyID) else {
                    return .success(.link(url))
                }
                return try await send(medium, attempt: attempt)
            }
        } catch let error as MediaFetchError where error.isGone {
            return .failure(Self.lost(error.reason))
        } catch {
            let reason = (error as? MediaFetchError)?.reason ?? ReplyReader.reason(error)
            return .failure(Failure(verdict: .passing(Self.uploadError, reason, attempt: attempt)))
        }
    }

    private static func lost(_ reason: String) -> Failure {
        Failure(verdict: GraphVerdict(.rejected(code: GraphError.code(uploadError), reason: reason)))
    }

    private func send(_ medium: any ReadableMedia, attempt: Int) async throws -> Result<GraphMedia, Failure> {
        let reply = try await client.upload(
            MultipartUpload(
                medium: medium,
                fields: [("messaging_product", "whatsapp"), ("type", MultipartUpload.contentType(of: medium))]),
            to: options.url("\(options.phoneNumberID)/media"),
            headers: [("authorization", "Bearer \(options.credentials.accessToken)")],
            timeout: Milliseconds(options.mediaTimeout * 1000), what: "POST /media")
        let json = try? JSONValue(parsing: reply.body)
        if let error = GraphError(json: json?["error"]) {
            let verdict = GraphVerdict.refusal(
                error, status: reply.status, retryAfter: reply.retryAfter, attempt: attempt)
            return .failure(Failure(verdict: verdict))
        }
        guard (200...299).contains(reply.status), let id = json?["id"]?.string.nonEmpty else {
            let reason = "the upload was answered with \(reply.status)"
            return .failure(Failure(verdict: .passing(Self.uploadError, reason, attempt: attempt)))
        }
        return .success(.id(id))
    }
}
