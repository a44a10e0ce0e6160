// SPDX-License-Identifier: Apache-2.0
// What travels with a request through middleware and handlers: who asks, and what its log line wants to know.

public import Accounts
public import Hummingbird
internal import Synchronization

/// The context of one request.
public struct APIRequestContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The key that the request was made with; nil on routes that want none.
    public internal(set) var caller: APIKey?
    let trace = RequestTrace()

    /// Largest request body that is read, bytes.
    public static let bodyLimit = 256 * 1024

    public init(source: ApplicationRequestContextSource) { coreContext = CoreRequestContextStorage(source: source) }

    public var maxUploadSize: Int { Self.bodyLimit }

    /// The company that asks. Throws 401 on a route without authentication.
    public func callerCompany() throws -> CompanyID {
        guard let caller else { throw Problem.unauthorized }
        return caller.companyID
    }
}

/// What is found out about a request on the way in; contexts are values, so what a handler learns goes through here to
/// the log line.
final class RequestTrace: Sendable {
    private let company = Mutex<CompanyID?>(nil)

    var companyID: CompanyID? { company.withLock { $0 } }

    func note(companyID: CompanyID) { company.withLock { $0 = companyID } }
}
