// SPDX-License-Identifier: Apache-2.0
// Finds out whose request it is: a key in the header `apikey` or, for clients that can send nothing but a URL, in the
// query as `apiKey`. Keys are looked up by their SHA-256; the key itself is never stored, compared or logged.

internal import Accounts
internal import Hummingbird
internal import Logging
internal import Wire

/// Lets requests pass whose key is in force and has one of the scopes.
struct APIKeyAuthentication: RouterMiddleware {
    typealias Context = APIRequestContext

    let keys: KeyGuard
    let scopes: Set<KeyScope>
    let trustedProxies: [AddressRange]

    func handle(
        _ request: Request, context: APIRequestContext,
        next: @concurrent (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let rate = try admit(request, context: context) else { return try await next(request, context) }
        var response = try await next(request, context)
        for field in rate.headers { response.headers[field.name] = field.value }
        return response
    }

    /// Lets the request pass, and notes whose it is; or throws the problem that it is answered with. Returns what the
    /// answer says of the key's rate.
    func admit(_ request: Request, context: APIRequestContext) throws(Problem) -> Verdict? {
        let address = ClientAddress.find(
            peer: context.peer, forwardedFor: trustedProxies.isEmpty ? [] : request.headers[values: .forwardedFor],
            trustedProxies: trustedProxies)
        let admission = try keys.admit(Self.key(in: request), scopes: scopes, from: address)
        context.trace.note(RequestTrace.Caller(key: admission.key, address: address))
        return admission.rate
    }

    /// The header wins over the query.
    private static func key(in request: Request) -> String? {
        if let header = request.headers.value(.apiKey) { return header }
        guard let query = request.head.path?.queryText else { return nil }
        return FormText.fields(of: query)?.last { $0.name.lowercased() == "apikey" }?.value
    }
}
