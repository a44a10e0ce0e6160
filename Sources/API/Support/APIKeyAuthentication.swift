// SPDX-License-Identifier: Apache-2.0
// Finds out whose request it is: a key in the header `apikey` or, for clients that can send nothing but a URL, in the
// query as `apiKey`. Keys are looked up by their SHA-256; the key itself is never stored, compared or logged.

internal import Accounts
internal import Hummingbird
internal import Logging
internal import Messaging
internal import Wire

/// Lets requests pass whose key is known, valid and of the scope.
struct APIKeyAuthentication: RouterMiddleware {
    typealias Context = APIRequestContext

    let directory: DirectoryCache
    let scope: KeyScope
    let clock: @Sendable () -> Milliseconds

    func handle(
        _ request: Request, context: APIRequestContext,
        next: @concurrent (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let text = Self.key(in: request), let key = find(text) else { throw Problem.unauthorized }
        guard key.scopes.contains(scope) else { throw Problem.forbidden(scope: scope.rawValue) }
        var context = context
        context.caller = key
        context.trace.note(companyID: key.companyID)
        context.logger[metadataKey: "company"] = "\(key.companyID)"
        return try await next(request, context)
    }

    /// The header wins over the query.
    private static func key(in request: Request) -> String? {
        if let header = request.headers[.apiKey] { return header }
        guard let query = request.head.path?.queryText else { return nil }
        return FormText.fields(of: query)?.last { $0.name.lowercased() == "apikey" }?.value
    }

    private func find(_ text: String) -> APIKey? {
        let hash = APIKey.hash(of: text)
        guard let key = directory.current.keys[hash], Self.isEqual(key.hash, hash) else { return nil }
        if let expiresAt = key.expiresAt, expiresAt <= clock() { return nil }
        return key
    }

    /// Compares in a time that does not depend on where the bytes differ.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
