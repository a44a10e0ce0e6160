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
    /// The key that the request was made with; nil on routes that want none.
    public internal(set) var caller: APIKey?
    /// Where the request comes from, past trusted proxies; known once its key is looked at.
    public internal(set) var clientAddress: IPAddress?
    private let peerAddress: SocketAddress?
    let trace = RequestTrace()
    /// Our place in the trace that the client began; nil when it began none.
    var traceContext: TraceContext? { trace.context }

    /// Largest request body that is read, bytes.
    public static let bodyLimit = 256 * 1024

    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peerAddress = source.channel.remoteAddress
    }

    /// The other end of the connection.
    var peer: IPAddress? { peerAddress.flatMap { IPAddress(peer: $0) } }

    public var maxUploadSize: Int { Self.bodyLimit }

    /// The key of the one who asks. Throws 401 on a route without authentication.
    func callerKey() throws -> APIKey {
        guard let caller else { throw Problem.unauthorized }
        return caller
    }

    /// The company that asks. Throws 401 on a route without authentication.
    public func callerCompany() throws -> CompanyID { try callerKey().companyID }
}

/// What is found out about a request on the way in; contexts are values, so what a handler learns goes through here to
/// the log line. It becomes metadata only where a line is written: a logger that carries it costs every request.
final class RequestTrace: Sendable {
    private struct State {
        var requestID: String?
        var companyID: CompanyID?
        var context: TraceContext?
    }

    private let state = Mutex(State())

    /// The id by which logs know the request.
    var requestID: String? { state.withLock { $0.requestID } }

    func note(requestID: String) { state.withLock { $0.requestID = requestID } }

    func note(companyID: CompanyID) { state.withLock { $0.companyID = companyID } }

    /// Our place in the trace that the client began.
    var context: TraceContext? { state.withLock { $0.context } }

    func note(_ context: TraceContext) { state.withLock { $0.context = context } }

    /// What every line about the request shows.
    var metadata: Logger.Metadata {
        let state = state.withLock { $0 }
        var metadata: Logger.Metadata = [:]
        if let id = state.requestID { metadata["request"] = "\(id)" }
        if let id = state.companyID { metadata["company"] = "\(id)" }
        if let context = state.context { metadata["trace"] = "\(context.traceID)" }
        return metadata
    }
}

extension Logger.Metadata {
    func with(_ key: String, _ value: Logger.MetadataValue) -> Logger.Metadata {
        merging([key: value]) { _, new in new }
    }
}
