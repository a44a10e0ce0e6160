// SPDX-License-Identifier: Apache-2.0
// What the Cloud API's answers mean for a message and for the messages behind it. Codes are Meta's; a failure that may
// pass is tried again until it has been met too often, a limit until the message expires.

internal import Messaging
internal import Wire

/// An error of the Graph API, from an answer or from a status.
struct GraphError: Equatable {
    var code: Int64
    var subcode: Int64?
    /// For people; at most 300 characters.
    var reason: String

    /// `whatsapp::error::131047`.
    static func code(_ code: Int64) -> String { "whatsapp::error::\(code)" }

    /// Reads `{code, title, message, error_data: {details}}`; nil for what has no code.
    init?(json: JSONValue?) {
        guard let json, let code = json["code"]?.int64 ?? json["code"]?.string.flatMap({ Int64($0) }) else {
            return nil
        }
        self.code = code
        subcode = json["error_subcode"]?.int64
        let words = [
            json["error_data"]?["details"], json["error_user_msg"], json["message"], json["title"],
        ]
        let text = words.lazy.compactMap { $0?.string.nonEmpty }.first
        reason = String((text ?? "error \(code)").prefix(300))
    }

    /// The code of a message that the phone, the app on it or its owner cannot be sent.
    static let undeliverable: Int64 = 131026

    /// The code of a template that there is not in the language.
    static let noTranslation: Int64 = 132001

    private static let mediaCodes: Set<Int64> = [100, 131009, 131052, 131053]

    /// Whether a medium that WhatsApp has thrown away may be the cause.
    var maySpeakOfMedia: Bool { Self.mediaCodes.contains(code) }
}

/// What an answer means.
struct GraphVerdict: Equatable {
    var outcome: SendOutcome
    /// For how long the number sends nothing more, ms.
    var pause: Milliseconds?
    /// Why WhatsApp does not accept who we are: an operator's matter, not the message's.
    var problem: String?
    /// WhatsApp asked to slow down.
    var isThrottling = false
    var error: GraphError?

    init(_ outcome: SendOutcome, error: GraphError? = nil) {
        self.outcome = outcome
        self.error = error
    }

    /// Tries after which a passing failure counts as a lasting one.
    static let tries = 8
    static let pauseWhenUnauthorized: Milliseconds = 30_000
    static let pauseOfAccount: Milliseconds = 60_000
    private static let somethingWentWrong: Int64 = 131000

    /// The verdict on a message; `attempt` counts from 1.
    static func message(_ result: ProviderResult, attempt: Int) -> GraphVerdict {
        switch result {
        case .notSent(let reason): GraphVerdict(.retry(delay: backoff(attempt), reason: reason))
        case .unanswered(let reason): GraphVerdict(.uncertain(reason: reason))
        case .answered(let reply): answer(reply, attempt: attempt)
        }
    }

    private static func answer(_ reply: ProviderReply, attempt: Int) -> GraphVerdict {
        let json = try? JSONValue(parsing: reply.body)
        if let error = GraphError(json: json?["error"]) {
            return refusal(error, status: reply.status, retryAfter: reply.retryAfter, attempt: attempt)
        }
        guard (200...299).contains(reply.status) else { return unexplained(reply, attempt: attempt) }
        guard let id = json?["messages"]?.array?.first?["id"]?.string.nonEmpty else {
            return GraphVerdict(.uncertain(reason: "WhatsApp took it and gave no id"))
        }
        return GraphVerdict(.submitted(providerID: id))
    }

    /// An answer that is not WhatsApp's own, such as a proxy's.
    private static func unexplained(_ reply: ProviderReply, attempt: Int) -> GraphVerdict {
        let reason = "WhatsApp answers \(reply.status)"
        switch reply.status {
        case 401: return unauthorized("\(reason): check the access token")
        case 429: return throttled(reason, delay: reply.retryAfter ?? 1000)
        case 500...: return passing(somethingWentWrong, reason, retryAfter: reply.retryAfter, attempt: attempt)
        default: return GraphVerdict(.rejected(code: GraphError.code(Int64(reply.status)), reason: reason))
        }
    }

    /// What an error means for the request that met it.
    static func refusal(
        _ error: GraphError, status: Int, retryAfter: Milliseconds?, attempt: Int
    ) -> GraphVerdict {
        var verdict =
            switch error.code {
            case 0, 190: unauthorized(error.reason)
            case _ where status == 401: unauthorized(error.reason)
            // The number's throughput.
            case 130429: throttled(error.reason, delay: retryAfter ?? 1000)
            // The app's or the account's calls in an hour.
            case 4, 80007, 131057: throttled(error.reason, delay: retryAfter ?? pauseOfAccount)
            // The pair's: Meta asks to wait 4 s, then four times as long each time. Others may go on.
            case 131056:
                GraphVerdict(.retry(delay: retryAfter ?? (4000 << (2 * min(attempt - 1, 3))), reason: error.reason))
            case 1, 2, 131000, 131016, 133004:
                passing(error.code, error.reason, retryAfter: retryAfter, attempt: attempt)
            case _ where status >= 500: passing(error.code, error.reason, retryAfter: retryAfter, attempt: attempt)
            default: GraphVerdict(.rejected(code: GraphError.code(error.code), reason: error.reason))
            }
        verdict.error = error
        if error.code == 131056 { verdict.isThrottling = true }
        return verdict
    }

    private static func unauthorized(_ reason: String) -> GraphVerdict {
        var verdict = GraphVerdict(.retry(delay: pauseWhenUnauthorized, reason: reason))
        verdict.pause = pauseWhenUnauthorized
        verdict.problem = reason
        return verdict
    }

    private static func throttled(_ reason: String, delay: Milliseconds) -> GraphVerdict {
        let delay = max(delay, 100)
        var verdict = GraphVerdict(.retry(delay: delay, reason: reason))
        verdict.pause = delay
        verdict.isThrottling = true
        return verdict
    }

    /// A failure that may pass, until it has been met too often.
    static func passing(
        _ code: Int64, _ reason: String, retryAfter: Milliseconds? = nil, attempt: Int
    ) -> GraphVerdict {
        GraphVerdict(
            attempt < tries
                ? .retry(delay: retryAfter ?? backoff(attempt), reason: reason)
                : .rejected(code: GraphError.code(code), reason: reason))
    }

    /// 1 s, doubled with each try, at most a minute.
    static func backoff(_ attempt: Int) -> Milliseconds { min(60_000, 1000 << min(max(0, attempt - 1), 6)) }
}
