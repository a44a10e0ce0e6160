// SPDX-License-Identifier: Apache-2.0
// What travels with a request through middleware and handlers: who asks, and what its log line wants to know.

public import Accounts
public import Hummingbird
internal import Logging
internal import NIOCore
internal import Synchronization
public import Wire

/// The context of one request.
public struct APIRequestContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    let trace: RequestTrace
    /// The key that the request was made with; nil on routes that want none.
    public var caller: APIKey? { trace.caller?.key }
    /// Where the request comes from, past trusted proxies; known once its key is looked at.
    public var clientAddress: IPAddress? { trace.caller?.address }
    /// Our place in the trace that the client began; nil when it began none.
    var traceContext: TraceContext? { trace.context }

    /// Largest request body that is read, bytes.
    public static let bodyLimit = 256 * 1024

    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        trace = RequestTrace(peer: source.channel.remoteAddress.flatMap { IPAddress(peer: $0) })
    }

    /// The other end of the connection.
    var peer: IPAddress? { trace.peer }

    public var maxUploadSize: Int { Self.bodyLimit }

    /// The key of the one who asks. Throws 401 on a route without authentication.
    func callerKey() throws -> APIKey {
        guard let caller else { throw Problem.unauthorized }
        return caller
    }

    /// The company that asks. Throws 401 on a route without authentication.
    public func callerCompany() throws -> CompanyID { try callerKey().companyID }
}

/// What is found out about a request on the way in; contexts are values, which every layer copies, so what a handler
/// learns goes through here to the log line. It becomes metadata only where a line is written: a logger that carries it
/// costs every request.
final class RequestTrace: Sendable {
    /// Who asks, and from where.
    struct Caller: Sendable {
        let key: APIKey
        let address: IPAddress?
    }

    private struct State {
        var requestID: String?
        var caller: Caller?
        var context: TraceContext?
    }

    /// The other end of the connection.
    let peer: IPAddress?
    private let state = Mutex(State())

    init(peer: IPAddress?) { self.peer = peer }

    /// The id by which logs know the request.
    var requestID: String? { state.withLock { $0.requestID } }

    func note(requestID: String) { state.withLock { $0.requestID = requestID } }

    /// Who asks, once the key is known.
    var caller: Caller? { state.withLock { $0.caller } }

    func note(_ caller: Caller) { state.withLock { $0.caller = caller } }

    /// Our place in the trace that the client began.
    var context: TraceContext? { state.withLock { $0.context } }

    func note(_ context: TraceContext) { state.withLock { $0.context = context } }

    /// What every line about the request shows.
    var metadata: Logger.Metadata {
        let state = state.withLock { $0 }
        var metadata: Logger.Metadata = [:]
        if let id = state.requestID { metadata["request"] = "\(id)" }
        if let id = state.caller?.key.companyID { metadata["company"] = "\(id)" }
        if let context = state.context { metadata["trace"] = "\(context.traceID)" }
        return metadata
    }
}

extension Logger.Metadata {
    func with(_ key: String, _ value: Logger.MetadataValue) -> Logger.Metadata {
        merging([key: value]) { _, new in new }
    }
}
