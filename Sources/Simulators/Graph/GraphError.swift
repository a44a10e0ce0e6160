// SPDX-License-Identifier: Apache-2.0
// Errors in the form of Meta's Graph API, as answers to requests and inside `failed` statuses.

internal import NIOHTTP1
internal import Wire

struct GraphError: Error, Hashable, Sendable {
    var status: HTTPResponseStatus
    var code: Int
    var subcode: Int?
    var type = "OAuthException"
    /// What the code means.
    var title: String
    /// What is wrong in this case.
    var details: String

    init(_ code: Int, _ title: String, _ details: String, status: HTTPResponseStatus = .badRequest, subcode: Int? = nil)
    {
        self.code = code
        self.title = title
        self.details = details
        self.status = status
        self.subcode = subcode
    }

    static func parameter(_ details: String) -> GraphError { GraphError(100, "Invalid parameter", details) }
    static func missing(_ member: String) -> GraphError {
        GraphError(131008, "Required parameter is missing", "Parameter '\(member)' is required")
    }
    static func value(_ details: String) -> GraphError { GraphError(131009, "Parameter value is not valid", details) }
    static func unknownObject(_ id: String) -> GraphError {
        GraphError(
            100, "Unsupported request",
            "Object with ID '\(id)' does not exist, cannot be loaded due to missing permissions, or does not support "
                + "this operation", subcode: 33)
    }

    static let unauthorized = GraphError(
        190, "Authentication error", "Error validating access token: it has expired or was never valid",
        status: .unauthorized)
    static let serverError = GraphError(
        131000, "Something went wrong", "Message failed to send due to an unknown error",
        status: .internalServerError)
    static let rateLimited = GraphError(
        130429, "Rate limit hit",
        "Message failed to send because there were too many messages sent from this phone "
            + "number in a short period of time", status: .tooManyRequests)
    static let pairLimited = GraphError(
        131056, "(Business Account, Consumer Account) pair rate limit hit",
        "Message failed to send because there were too many messages sent from this phone number to the same recipient",
        status: .tooManyRequests)
    static let undeliverable = GraphError(
        131026, "Message undeliverable", "Message Undeliverable.")
    static let reengagement = GraphError(
        131047, "Re-engagement message",
        "Message failed to send because more than 24 hours have passed since the customer last replied to this number.")
    static let ecosystem = GraphError(
        131049, "This message was not delivered to maintain healthy ecosystem engagement.",
        "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.")
    static let expired = GraphError(
        131000, "Something went wrong", "The message could not be delivered within its time to live.")
    static let refused = GraphError(
        131030, "Recipient phone number not in allowed list",
        "Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again.")

    /// `{"error": {…}}`.
    func answer(trace: String) -> LoopbackResponse {
        .json(
            .members([
                "error": .members([
                    "message": .string("(#\(code)) \(title)"), "type": .string(type), "code": .integer(Int64(code)),
                    "error_subcode": subcode.map { .integer(Int64($0)) },
                    "error_data": .members(["messaging_product": .string("whatsapp"), "details": .string(details)]),
                    "fbtrace_id": .string(trace),
                ])
            ]), status: status)
    }

    /// An element of a status's `errors`.
    var inStatus: JSONValue {
        .members([
            "code": .integer(Int64(code)), "title": .string(title), "message": .string(title),
            "error_data": .members(["details": .string(details)]),
            "href": .string("https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"),
        ])
    }
}
