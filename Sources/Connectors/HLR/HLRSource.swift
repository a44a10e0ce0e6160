// SPDX-License-Identifier: Apache-2.0
// A provider of HLR look-ups over HTTP as a source of number information: `GET url?number=…` is answered with a JSON
// object. 404 is a number that it does not know; every other status but 200 is a failure.

public import AsyncHTTPClient
internal import Foundation
public import Messaging
public import NumberInfo
public import PhoneNumbers
public import Wire

public final class HLRSource: NumberSource {
    public let name: String
    private let options: HLROptions
    private let client: ProviderClient
    private let exchanges: ExchangeLog
    private let clock: @Sendable () -> Milliseconds

    public init(
        settings: ConnectorSettings, http: HTTPClient, exchanges: ExchangeLog = ExchangeLog(),
        clock: @escaping @Sendable () -> Milliseconds = Timestamp.now
    ) throws(ConnectorOptionError) {
        name = settings.name
        options = try HLROptions(settings)
        self.exchanges = exchanges
        self.clock = clock
        // Its own notes would show what this source shortens.
        client = ProviderClient(
            http: http, exchanges: ExchangeLog(capacity: 1), clock: clock,
            timeout: Milliseconds(options.timeout / .milliseconds(1)), shown: [])
    }

    public func answers(_ question: NumberQuestion) -> Bool {
        question == .subscriber || options.answersPortability
    }

    public func look(up number: PhoneNumber, for question: NumberQuestion) async -> SourceOutcome {
        let text = options.numberForm == .e164 ? "%2B" + number.digits : number.digits
        let separator = options.url.contains("?") ? "&" : "?"
        let url = options.url + separator + options.parameter + "=" + text
        note(.sent, HLRExchange(number: number.digits))
        switch await client.get(url, headers: [("accept", "application/json")] + authorization, what: "look-up") {
        case .answered(let reply): return read(reply)
        case .notSent(let reason), .unanswered(let reason):
            note(.received, HLRExchange(status: reason))
            return .failed(reason: reason)
        }
    }

    private func read(_ reply: ProviderReply) -> SourceOutcome {
        let answer = HLRAnswer(reply.body, options)
        note(.received, HLRExchange(status: String(reply.status), answer: answer))
        switch reply.status {
        case 200:
            guard let facts = answer?.facts else { return .failed(reason: "the answer is not a JSON object") }
            return facts.isEmpty ? .nothing : .answer(facts, validFor: nil)
        case 404: return .nothing
        default: return .failed(reason: "HTTP \(reply.status)")
        }
    }

    private func note(_ direction: Exchange.Direction, _ exchange: HLRExchange) {
        exchanges.record(exchange, direction, bind: nil, at: clock())
    }

    private var authorization: [(String, String)] {
        switch options.authorization {
        case .bearer: [("authorization", "Bearer " + options.password)]
        case .basic:
            [("authorization", "Basic " + Data((options.user + ":" + options.password).utf8).base64EncodedString())]
        case .header: [(options.header, options.password)]
        case .none: []
        }
    }
}

/// A look-up as operators see it: of who somebody is and where, only the beginning.
private struct HLRExchange: ExchangeRecord {
    static let shownDigits = 5
    static let shortened: Set<HLROptions.Fact> = [.imsi, .hlr, .msc]

    var number: String?
    var status: String?
    var answer: HLRAnswer?

    var described: ExchangeText {
        var fields: [String: JSONValue] = [:]
        fields["number"] = number.map(JSONValue.string)
        for fact in HLROptions.Fact.allCases {
            guard let text = answer?.shown(fact) else { continue }
            let isWhole = !Self.shortened.contains(fact) || text.count <= Self.shownDigits
            fields[fact.rawValue] = .string(isWhole ? text : text.prefix(Self.shownDigits) + "…")
        }
        return ExchangeText(what: "look-up", status: status, fields: fields)
    }
}

extension ProviderClient {
    /// The requests of what is no connector.
    init(
        http: HTTPClient, exchanges: ExchangeLog, clock: @escaping @Sendable () -> Milliseconds, timeout: Milliseconds,
        shown: Set<String>
    ) {
        self.http = http
        self.exchanges = exchanges
        self.clock = clock
        self.timeout = timeout
        self.shown = shown
    }
}
