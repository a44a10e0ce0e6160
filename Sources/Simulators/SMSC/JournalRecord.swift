// SPDX-License-Identifier: Apache-2.0
// One line of the journal. A later record of a key replaces an earlier one; `done` ends it, wherever in the file it stands.
//
//     {"accepted":1763697600000000,"id":"1763697600000000","account":"parley","source":"1:1:49301234567",
//      "destination":"1:1:491511234001","octets":"48656c6c6f","header":false,"coding":0,"registered":1,
//      "at":1763697600000,"due":1763697600000,"state":2,"err":"000"}
//     {"handset":1763697600000002,"account":"parley","source":…,"destination":…,"octets":…,"esm":64,"coding":0}
//     {"done":1763697600000000}

internal import SMPP
internal import Wire

enum JournalRecord: Hashable, Sendable {
    /// A message whose receipt is wanted; it becomes final at `due`.
    case accepted(StoredMessage, due: Milliseconds)
    /// A part of a handset's message.
    case handset(key: UInt64, account: String, DeliverSM)
    /// Acknowledged, or given up.
    case done(UInt64)

    var key: UInt64 {
        switch self {
        case .accepted(let message, _): message.key
        case .handset(let key, _, _): key
        case .done(let key): key
        }
    }

    // MARK: Writing

    /// The line, with its line feed.
    var line: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            switch self {
            case .done(let key):
                writer.member("done", Int64(clamping: key))
            case .accepted(let message, let due):
                writer.member("accepted", Int64(clamping: message.key))
                writer.member("id", message.id)
                Self.write(message.account, message.source, message.destination, message.content.octets, to: &writer)
                writer.member("header", message.content.hasHeader)
                writer.member("coding", Int(message.content.dataCoding))
                writer.member("sar", message.content.sar.map { "\($0.reference):\($0.total):\($0.sequence)" })
                writer.member("registered", Int(message.registeredDelivery))
                writer.member("at", message.acceptedAt)
                writer.member("due", due)
                writer.member("state", message.final.map { Int64($0.state.rawValue) })
                writer.member("err", message.final?.err)
            case .handset(let key, let account, let part):
                writer.member("handset", Int64(clamping: key))
                Self.write(account, part.source, part.destination, part.shortMessage, to: &writer)
                writer.member("esm", Int(part.esmClass.rawValue))
                writer.member("coding", Int(part.dataCoding))
            }
        }
        return writer.bytes + [0x0A]
    }

    private static func write(
        _ account: String, _ source: Address, _ destination: Address, _ octets: [UInt8], to writer: inout JSONWriter
    ) {
        writer.member("account", account)
        writer.member("source", "\(source.ton.rawValue):\(source.npi.rawValue):\(source.value)")
        writer.member("destination", "\(destination.ton.rawValue):\(destination.npi.rawValue):\(destination.value)")
        writer.member("octets", Hex.encode(octets))
    }

    // MARK: Reading

    /// Nil for a line that is cut off or is not one of these.
    init?(line: some Collection<UInt8>) {
        guard let json = try? JSONValue(parsing: line) else { return nil }
        if let key = json["done"]?.int64, key >= 0 {
            self = .done(UInt64(key))
            return
        }
        guard let account = json["account"]?.string, let source = Self.address(json["source"]),
            let destination = Self.address(json["destination"]),
            let octets = json["octets"]?.string.flatMap({ Hex.decode($0) }), let coding = Self.octet(json["coding"])
        else { return nil }
        if let key = json["handset"]?.int64, key >= 0, let esmClass = Self.octet(json["esm"]) {
            let part = DeliverSM(
                source: source, destination: destination, esmClass: ESMClass(rawValue: esmClass), dataCoding: coding,
                shortMessage: octets)
            self = .handset(key: UInt64(key), account: account, part)
            return
        }
        guard let key = json["accepted"]?.int64, key >= 0, let id = json["id"]?.string,
            let hasHeader = json["header"]?.bool, let registered = Self.octet(json["registered"]),
            let acceptedAt = json["at"]?.int64, let due = json["due"]?.int64,
            let state = Self.octet(json["state"]).flatMap({ MessageState(rawValue: $0) }),
            let err = json["err"]?.string
        else { return nil }
        let content = MessageContent(
            octets: octets, hasHeader: hasHeader, dataCoding: coding, sar: Self.segment(json["sar"]))
        let message = StoredMessage(
            key: UInt64(key), id: id, account: account, source: source, destination: destination, content: content,
            registeredDelivery: registered, acceptedAt: acceptedAt, final: .init(state, err: err))
        self = .accepted(message, due: due)
    }

    private static func segment(_ value: JSONValue?) -> MessageContent.Segment? {
        let fields = value?.string?.split(separator: ":").compactMap { UInt16($0) } ?? []
        guard fields.count == 3, fields[1] <= 255, (1...255).contains(fields[2]), fields[2] <= fields[1] else {
            return nil
        }
        return MessageContent.Segment(reference: fields[0], total: Int(fields[1]), sequence: Int(fields[2]))
    }

    private static func octet(_ value: JSONValue?) -> UInt8? {
        value?.int64.flatMap { UInt8(exactly: $0) }
    }

    private static func address(_ value: JSONValue?) -> Address? {
        guard let fields = value?.string?.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false),
            fields.count == 3, let ton = UInt8(fields[0]), let npi = UInt8(fields[1])
        else { return nil }
        return Address(
            ton: TypeOfNumber(rawValue: ton), npi: NumberingPlan(rawValue: npi), value: String(fields[2]))
    }
}
