// SPDX-License-Identifier: Apache-2.0
// ENUM as a source of number information: the network and the portability of a number as NAPTR records in DNS tell them
// (RFC 6116), usually of a private tree that carriers or a portability database keep.

public import Messaging
public import NumberInfo
public import PhoneNumbers
public import Wire

public final class ENUMSource: NumberSource {
    public let name: String
    private let options: ENUMOptions
    private let suffix: DNSName
    private let resolver: DNSResolver
    private let exchanges: ExchangeLog
    private let clock: @Sendable () -> Milliseconds

    public init(
        settings: ConnectorSettings, exchanges: ExchangeLog = ExchangeLog(),
        clock: @escaping @Sendable () -> Milliseconds = Timestamp.now
    ) throws(ConnectorOptionError) {
        options = try ENUMOptions(settings)
        guard let suffix = DNSName(options.suffix) else {
            throw ConnectorOptionError(option: "suffix", reason: "must be a domain")
        }
        name = settings.name
        self.suffix = suffix
        self.exchanges = exchanges
        self.clock = clock
        resolver = DNSResolver(
            DNSResolver.Configuration(servers: options.servers, timeout: options.timeout, tries: options.tries))
    }

    public func start() async { _ = resolver.start() }

    public func stop() async { await resolver.stop() }

    public func look(up number: PhoneNumber, for question: NumberQuestion) async -> SourceOutcome {
        guard let domain = DNSName(enumNumber: number.digits, under: suffix) else { return .nothing }
        let (networks, digits) = (options.networks, number.digits)
        var walk = ENUMWalk(digits: digits) { networks.facts(of: $0, for: digits) != nil }
        let end = ContinuousClock.now + .milliseconds(options.timeLimit)
        var step = walk.begin(at: domain)
        while case .ask(let domain) = step {
            guard ContinuousClock.now < end else { return .failed(reason: "no answer in time") }
            step = await ask(domain, before: end, &walk)
        }
        switch step {
        case .found(let finding):
            guard let facts = networks.facts(of: finding.uri, for: digits) else { return .nothing }
            return .answer(facts, validFor: Milliseconds(finding.validFor) * 1000)
        case .failed(let reason): return .failed(reason: reason)
        case .nothing, .ask: return .nothing
        }
    }

    private func ask(
        _ domain: DNSName, before end: ContinuousClock.Instant, _ walk: inout ENUMWalk
    ) async -> ENUMWalk.Step {
        note(.sent, ENUMExchange(domain: domain.text))
        let answer = await resolver.ask(domain, deadline: end)
        switch answer {
        case .message(let bytes):
            guard let records = DNSMessage(bytes)?.naptr(of: domain) else {
                note(.received, ENUMExchange(domain: domain.text, status: "not a DNS message"))
                return walk.failed("the answer is not a DNS message")
            }
            note(.received, ENUMExchange(domain: domain.text, status: "NOERROR", records: records.records))
            return walk.received(records)
        case .nothing:
            note(.received, ENUMExchange(domain: domain.text, status: "no such record"))
            return walk.received(NAPTRAnswer())
        case .failed(let reason):
            note(.received, ENUMExchange(domain: domain.text, status: reason))
            return walk.failed(reason)
        }
    }

    private func note(_ direction: Exchange.Direction, _ exchange: ENUMExchange) {
        exchanges.record(exchange, direction, bind: nil, at: clock())
    }
}

/// A question or an answer as operators see it.
private struct ENUMExchange: ExchangeRecord {
    static let mostRecords = 8

    let domain: String
    var status: String?
    var records: [NAPTR] = []

    var described: ExchangeText {
        let lines = records.prefix(Self.mostRecords).map { record in
            JSONValue.string(
                "\(record.order) \(record.preference) \"\(record.flags)\" \"\(record.services)\" "
                    + "\"\(String(decoding: record.regexp, as: UTF8.self))\" \(record.replacement?.text ?? ".")")
        }
        var fields: [String: JSONValue] = ["domain": .string(domain)]
        if !lines.isEmpty { fields["records"] = .array(lines) }
        return ExchangeText(what: "NAPTR", status: status, fields: fields)
    }
}
