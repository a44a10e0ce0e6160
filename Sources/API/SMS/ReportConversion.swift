// SPDX-License-Identifier: Apache-2.0
// POST /messaging/v1/conversion: the customer's word on whether a message reached its purpose, for instance whether a
// one-time password came back. Only for messages that were sent with `conversion`.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

struct ReportConversion: Sendable {
    private enum Outcome: Sendable { case stored, unknown, notExpected }

    let database: Database
    let clock: @Sendable () -> Milliseconds

    @Sendable func handle(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try context.callerKey()
        var reader = ParameterReader(try await RequestParameters.inQueryAndBody(of: request))
        let requestID = reader.requiredText("requestId")
        let isDelivered = reader.flag("delivered", default: true)
        let at = reader.instant("timestamp") ?? clock()
        guard let requestID, reader.violations.isEmpty else { throw Problem.violations(reader.violations) }
        guard let id = MessageID(requestID) else { throw Problem.unknownMessage }
        switch try await store(id, caller: caller, isDelivered: isDelivered, at: at) {
        case .stored:
            return Response(json: Array("{}".utf8))
        case .unknown:
            throw Problem.unknownMessage
        case .notExpected:
            throw Problem.violations([
                Violation(field: "requestId", message: "names a message that was not sent with conversion")
            ])
        }
    }

    private func store(
        _ id: MessageID, caller: APIKey, isDelivered: Bool, at: Milliseconds
    ) async throws -> Outcome {
        let key = MessageKey(companyID: caller.companyID, id: id)
        return try await database.write { transaction in
            let store = MessageStore(transaction)
            guard var message = try store.lock([key])[0], message.surface == .sms, caller.covers(message) else {
                return .unknown
            }
            guard message.expectsConversion else { return .notExpected }
            if isDelivered {
                message.convertedAt = at
                try store.update([message])
            }
            try store.appendEvents([
                Event(key: key, kind: .converted, at: at, detail: isDelivered ? "delivered" : "not delivered")
            ])
            return .stored
        }
    }
}
