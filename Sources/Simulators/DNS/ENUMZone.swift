// SPDX-License-Identifier: Apache-2.0
// A small ENUM zone: for one DNS query (RFC 1035) the answer of an authoritative server, of which any bytes may ask. It
// has NAPTR records for every number under its suffix, as the number's outcome says, and nothing else.

public struct ENUMZone: Sendable {
    /// A NAPTR record (RFC 3403).
    public struct Record: Hashable, Sendable {
        public var order: UInt16
        public var preference: UInt16
        public var flags: String
        public var services: String
        public var regexp: String
        /// A domain; empty for none.
        public var replacement: String

        public init(
            order: UInt16 = 100, preference: UInt16 = 10, flags: String = "u", services: String = "E2U+pstn:tel",
            regexp: String = "", replacement: String = ""
        ) {
            self.order = order
            self.preference = preference
            self.flags = flags
            self.services = services
            self.regexp = regexp
            self.replacement = replacement
        }
    }

    public var suffix = "e164.arpa"
    /// Seconds.
    public var ttl: UInt32 = 300
    /// Of numbers that were ported: `rn` and `rn-context` (RFC 4694).
    public var routingNumber = "D010"
    public var routingContext = "+49"
    public var outcomeRule: @Sendable (String) -> NumberOutcome = NumberOutcome.byLastDigits
    /// Records of domains that have others than the rule gives them; by their names in lower case, without a dot at
    /// their end.
    public var records: [String: [Record]] = [:]

    public init() {}

    private enum Code {
        static let noError: UInt8 = 0
        static let formatError: UInt8 = 1
        static let serverFailure: UInt8 = 2
        static let nameError: UInt8 = 3
        static let notImplemented: UInt8 = 4
        static let refused: UInt8 = 5
    }

    private static let naptrType: UInt16 = 35
    private static let anyType: UInt16 = 255
    /// Under which the second records of chained numbers are.
    private static let chainLabel = "ported"

    /// The answer to a query; nil where there is none. `isDatagram` bounds its length to what the asker takes.
    public func answer(to query: [UInt8], isDatagram: Bool) -> [UInt8]? {
        guard query.count >= 12, query[2] & 0x80 == 0 else { return nil }
        guard query[2] & 0x78 == 0 else { return DNSReply(query, question: nil).bytes(Code.notImplemented) }
        guard let question = DNSQuestion(query) else { return DNSReply(query, question: nil).bytes(Code.formatError) }
        var reply = DNSReply(query, question: question)
        let name = question.name
        guard name == suffix || name.hasSuffix("." + suffix) else { return reply.bytes(Code.refused) }
        let (outcome, records) = find(name)
        switch outcome {
        case .silent: return nil
        case .broken: return reply.bytes(Code.serverFailure)
        case .unknown: return reply.bytes(Code.nameError)
        default: break
        }
        if question.type == Self.naptrType || question.type == Self.anyType {
            for record in records { reply.add(record, ttl: ttl) }
        }
        let isTooLong = isDatagram && (outcome == .cut || reply.length > question.datagramSize)
        return isTooLong ? reply.truncated() : reply.bytes(Code.noError)
    }

    /// What becomes of a question for a domain, and the domain's records.
    private func find(_ name: String) -> (NumberOutcome, [Record]) {
        if let records = records[name] { return (.home, records) }
        let labels = name.dropLast(suffix.utf8.count).split(separator: ".")
        let isChained = labels.last == Self.chainLabel[...]
        let numerals = isChained ? labels.dropLast() : labels[...]
        // Where the tree branches there is a domain without records.
        guard !numerals.isEmpty else { return (.home, []) }
        guard numerals.allSatisfy({ $0.utf8.count == 1 && ("0"..."9").contains($0) }) else { return (.unknown, []) }
        let digits = numerals.reversed().joined()
        guard digits.utf8.count >= 5 else { return (.home, []) }
        let outcome = outcomeRule(digits)
        if outcome == .chained, !isChained {
            let next = numerals.joined(separator: ".") + "." + Self.chainLabel + "." + suffix
            return (outcome, [Record(flags: "", services: "", replacement: next)])
        }
        let routing = outcome.isPorted ? ";npdi;rn=\(routingNumber);rn-context=\(routingContext)" : ";npdi"
        return (outcome, [Record(regexp: "!^(.*)$!tel:\\1\(routing)!")])
    }
}

/// The question of a query, and how long an answer its asker takes.
struct DNSQuestion: Sendable {
    /// In lower case, labels with dots between them.
    let name: String
    let type: UInt16
    /// The bytes of the question in the query.
    let range: Range<Int>
    /// Bytes; more than 512 with EDNS (RFC 6891).
    let datagramSize: Int
    let hasEDNS: Bool

    /// Nil for a query without exactly one question that makes sense.
    init?(_ query: [UInt8]) {
        guard query.count >= 12, query[4] == 0, query[5] == 1, query[6..<10].allSatisfy({ $0 == 0 }) else { return nil }
        var position = 12
        var labels: [String] = []
        while position < query.count, query[position] != 0 {
            let length = Int(query[position])
            guard length < 64, position + 1 + length < query.count else { return nil }
            let label = query[position + 1..<position + 1 + length]
            labels.append(String(decoding: label, as: UTF8.self).lowercased())
            position += 1 + length
        }
        guard position - 12 < 255, position + 5 <= query.count else { return nil }
        name = labels.joined(separator: ".")
        type = UInt16(query[position + 1]) << 8 | UInt16(query[position + 2])
        range = 12..<position + 5
        let rest = query[(position + 5)...]
        // The OPT record has the root's name, the type 41 and, as its class, the size.
        hasEDNS = query[11] > 0 && rest.count >= 11 && rest.starts(with: [0, 0, 41])
        let size = hasEDNS ? Int(rest[rest.startIndex + 3]) << 8 | Int(rest[rest.startIndex + 4]) : 512
        datagramSize = max(512, size)
    }
}

/// An answer in the making.
private struct DNSReply {
    private static let ownDatagramSize: UInt16 = 1232

    private let query: [UInt8]
    private let question: DNSQuestion?
    private var answers: [UInt8] = []
    private var count: UInt16 = 0

    init(_ query: [UInt8], question: DNSQuestion?) {
        self.query = query
        self.question = question
    }

    /// Adds a record of the name that was asked for.
    mutating func add(_ record: ENUMZone.Record, ttl: UInt32) {
        var data = Self.bytes(record.order) + Self.bytes(record.preference)
        for text in [record.flags, record.services, record.regexp] {
            let bytes = text.utf8.prefix(255)
            data += [UInt8(bytes.count)] + bytes
        }
        for label in record.replacement.split(separator: ".") {
            let bytes = label.utf8.prefix(63)
            data += [UInt8(bytes.count)] + bytes
        }
        data.append(0)
        // A pointer to the name in the question, the type NAPTR, the class IN.
        answers += [0xC0, 12, 0, 35, 0, 1] + Self.bytes(UInt16(ttl >> 16)) + Self.bytes(UInt16(ttl & 0xFFFF))
        answers += Self.bytes(UInt16(data.count)) + data
        count += 1
    }

    var length: Int { bytes(0).count }

    /// Asks the asker to come again over TCP.
    func truncated() -> [UInt8] {
        var short = self
        short.answers = []
        short.count = 0
        var bytes = short.bytes(0)
        bytes[2] |= 0x02
        return bytes
    }

    func bytes(_ code: UInt8) -> [UInt8] {
        let isOurs = code == 0 || code == 3
        let flags = 0x80 | (query[2] & 0x01) | (isOurs ? 0x04 : 0)
        var bytes = [query[0], query[1], flags, code, 0, question == nil ? 0 : 1]
        bytes += Self.bytes(count) + [0, 0, 0, question?.hasEDNS == true ? 1 : 0]
        if let question { bytes += query[question.range] }
        bytes += answers
        if question?.hasEDNS == true {
            bytes += [0, 0, 41] + Self.bytes(Self.ownDatagramSize) + [0, 0, 0, 0, 0, 0]
        }
        return bytes
    }

    private static func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }
}
