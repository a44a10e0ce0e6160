// SPDX-License-Identifier: Apache-2.0
// GET /nis/v1/gnp and /nis/v1/gnv: what is known of a number, at once or at a callback URL.

internal import Accounts
internal import Hummingbird
internal import NumberInfo
internal import Wire

struct AskNumber: Sendable {
    let question: NumberQuestion
    let desk: NumberDesk
    let options: APIOptions

    @Sendable func handle(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try context.callerKey()
        var reader = ParameterReader(try RequestParameters.inQuery(of: request))
        let number = Self.number(&reader)
        let callbackURL = callbackURL(&reader)
        guard let number, reader.violations.isEmpty else { throw Problem.violations(reader.violations) }
        var request = NumberRequest(companyID: caller.companyID, question: question, number: number)
        request.callbackURL = callbackURL
        request.trace = context.traceContext
        switch try await desk.ask(request) {
        case .information(let information):
            return Response(json: NumberInformationBody.json(information))
        case .promised(let id):
            var writer = JSONWriter(capacity: 80)
            writer.object { writer in
                writer.member("requestId", id.description)
                writer.member("synchronous", false)
            }
            return Response(json: writer)
        case .insufficientBalance:
            throw Problem.balanceBelowLookup
        case .noPrice:
            throw Problem.violations([
                Violation(field: "msisdn", message: "is a number that has no price, and the company is prepaid")
            ])
        }
    }

    /// Digits of `+49…`, `0049…`, `49…` and of ` 49…`, which is what `+49…` in a query means to those who decode it as
    /// a form.
    private static func number(_ reader: inout ParameterReader) -> String? {
        guard let text = reader.requiredText("msisdn") else { return nil }
        if let number = SMSAddress.recipient(text) { return number }
        reader.refuse("msisdn", "must be a phone number in international format, 7 to 15 digits")
        return nil
    }

    private func callbackURL(_ reader: inout ParameterReader) -> String? {
        guard let url = reader.storedText("callbackUrl", maximumLength: SMSRequest.maximumURLLength) else { return nil }
        if let reason = options.callbackRefusal(url) {
            reader.refuse("callbackUrl", reason)
            return nil
        }
        return url
    }
}

extension Problem {
    fileprivate static let balanceBelowLookup = Problem(
        .init(code: 402, reasonPhrase: "Payment Required"), detail: "The prepaid balance does not cover the look-up.")
}
