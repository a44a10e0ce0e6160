// SPDX-License-Identifier: Apache-2.0
// Header fields that HTTP itself does not name. Names are compared without regard to case.

internal import HTTPTypes

extension HTTPField.Name {
    static let apiKey = known("apikey")
    static let idempotencyKey = known("idempotency-key")
    static let requestID = known("x-request-id")
    static let traceParent = known("traceparent")
    static let traceState = known("tracestate")
    static let forwardedFor = known("x-forwarded-for")
    static let rateLimitLimit = known("ratelimit-limit")
    static let rateLimitRemaining = known("ratelimit-remaining")
    static let rateLimitReset = known("ratelimit-reset")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("not a header field name: \(name)") }
        return name
    }
}

extension HTTPFields {
    /// What the subscript gives, without the index of all fields that it makes first: for requests, of which few fields are
    /// asked for, each once.
    func value(_ name: HTTPField.Name) -> String? {
        var value: String?
        for field in self where field.name == name { value = value.map { "\($0), \(field.value)" } ?? field.value }
        return value
    }
}
