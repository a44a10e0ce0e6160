// SPDX-License-Identifier: Apache-2.0

// One delivery and how it ended, as values. A failed delivery is not an error of ours: it is a `WebhookResult`.

public import NIOHTTP1

/// One HTTP request to a customer's endpoint, complete with body and signatures.
public struct WebhookRequest: Sendable, Equatable {
    /// How the request is made.
    public enum Method: String, Sendable, Hashable, CaseIterable {
        case post = "POST"
        case get = "GET"
    }

    /// Identifies the delivery in logs; the same in every try.
    public var id: String
    /// Where it goes, as the customer gave it; checked again before every try.
    public var url: String
    /// POST, or GET with everything in the query.
    public var method: Method
    /// Headers of the family and the signatures. `Host`, `Content-Length`, `User-Agent` and `Connection` are set by the client.
    public var headers: HTTPHeaders
    /// The body; not sent with GET.
    public var body: [UInt8]
    /// From the start of the try to the complete answer, name resolution included, in milliseconds.
    public var timeout: Int64

    /// A delivery; `timeout` in milliseconds.
    public init(
        id: String, url: String, method: Method = .post, headers: HTTPHeaders = [:], body: [UInt8] = [],
        timeout: Int64 = 10_000
    ) {
        self.id = id
        self.url = url
        self.method = method
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

/// How one try ended.
public enum WebhookResult: Sendable, Hashable {
    /// The endpoint answered, with whatever status.
    case answered(WebhookAnswer)
    /// There was no answer; the message is for the delivery log and holds no secrets.
    case failed(WebhookFailure, message: String)

    /// Whether the endpoint accepted the delivery (2xx).
    public var isSuccess: Bool {
        if case .answered(let answer) = self { (200...299).contains(answer.status) } else { false }
    }

    /// What the endpoint asked for in `Retry-After`, in milliseconds from the answer.
    public var retryAfter: Int64? {
        if case .answered(let answer) = self { answer.retryAfter } else { nil }
    }

    /// What the try says about the endpoint's health.
    public var gateOutcome: EndpointGate.Outcome {
        switch self {
        case .answered(let answer):
            switch answer.status {
            case 200...299: .success
            case 410: .gone
            case 408, 425, 429, 500...: .failure
            default: .refused
            }
        case .failed(.cancelled, _): .abandoned
        case .failed: .failure
        }
    }
}

/// An endpoint's answer.
public struct WebhookAnswer: Sendable, Hashable {
    /// The HTTP status.
    public var status: Int
    /// `Retry-After`, in milliseconds from the answer.
    public var retryAfter: Int64?
    /// The first bytes of the answer's body, at most 1 KiB.
    public var bodyPrefix: [UInt8]
    /// From the start of the try to its end, in milliseconds.
    public var elapsed: Int64

    /// An answer; times in milliseconds.
    public init(status: Int, retryAfter: Int64? = nil, bodyPrefix: [UInt8] = [], elapsed: Int64 = 0) {
        self.status = status
        self.retryAfter = retryAfter
        self.bodyPrefix = bodyPrefix
        self.elapsed = elapsed
    }
}

/// Why there was no answer. Raw values appear in the delivery log.
public enum WebhookFailure: String, Sendable, Hashable, CaseIterable {
    /// The URL, or an address behind its host name, is not one to which the operator lets Parley connect.
    case refusedByGuard = "refused-by-guard"
    /// The host name did not resolve.
    case dns
    /// The connection was refused, unreachable or reset before it stood.
    case connect
    /// The TLS handshake failed, or the certificate is not valid for the host name.
    case tls
    /// No complete answer in time.
    case timeout
    /// The connection broke before the answer, or what came was not HTTP.
    case protocolViolation = "protocol"
    /// The client is shutting down or the task was cancelled; says nothing about the endpoint.
    case cancelled
}
