// SPDX-License-Identifier: Apache-2.0
// W3C Trace Context (https://www.w3.org/TR/trace-context/): by which other people's tracing knows that one of their
// requests led to one of ours. Nothing here begins a trace; what is not exactly as the standard says is as if it were
// not there.

/// A place in a trace: which trace, and which span is the parent of what happens next.
public struct TraceContext: Sendable, Hashable {
    /// Most characters of a `tracestate` that are passed on; the standard asks for no more.
    public static let longestState = 512
    private static let mostMembers = 32
    /// "sampled" and, of level 2, "random trace id"; unknown flags are not passed on.
    private static let knownFlags: UInt8 = 0b11

    /// 32 lower-case hexadecimal digits.
    public let traceID: String
    /// 16 lower-case hexadecimal digits.
    public let spanID: String
    public let flags: UInt8
    /// What tracing systems added, in their own words; nil when there is nothing.
    public let state: String?

    private init(traceID: String, spanID: String, flags: UInt8, state: String?) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
        self.state = state
    }

    /// Reads the two header values; nil when `traceparent` is not valid. A `tracestate` that is not valid is dropped.
    public init?(traceparent: String, tracestate: String? = nil) {
        let bytes = Array(traceparent.utf8)
        guard bytes.count >= 55, [2, 35, 52].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }),
            let version = Self.byte(bytes[0], bytes[1]), version != 0xFF,
            let flags = Self.byte(bytes[53], bytes[54])
        else { return nil }
        // Later versions may say more, behind another hyphen.
        guard bytes.count == 55 || (version > 0 && bytes[55] == UInt8(ascii: "-")) else { return nil }
        guard let traceID = Self.identifier(bytes[3..<35]), let spanID = Self.identifier(bytes[36..<52]) else {
            return nil
        }
        self.init(
            traceID: traceID, spanID: spanID, flags: flags & Self.knownFlags,
            state: tracestate.flatMap(Self.validState))
    }

    /// The same place seen from the next hop: another span of the same trace.
    public func nextHop() -> TraceContext {
        let span = UInt64.random(in: 1 ... .max)
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: span >> UInt64(56 - 8 * $0)) }
        return TraceContext(traceID: traceID, spanID: Hex.encode(bytes), flags: flags, state: state)
    }

    /// The value of the header `traceparent`, version 00.
    public var traceparent: String { "00-\(traceID)-\(spanID)-\(Hex.encode([flags]))" }

    // MARK: At rest

    /// One text for a column: `traceparent`, and `tracestate` on a second line.
    public var stored: String { state.map { "\(traceparent)\n\($0)" } ?? traceparent }

    public init?(stored: String) {
        let lines = stored.split(separator: "\n", maxSplits: 1)
        guard let first = lines.first else { return nil }
        self.init(traceparent: String(first), tracestate: lines.count > 1 ? String(lines[1]) : nil)
    }

    // MARK: Reading

    private static func digit(_ byte: UInt8) -> UInt8? {
        (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte) ? nil : Hex.value(of: byte)
    }

    private static func byte(_ high: UInt8, _ low: UInt8) -> UInt8? {
        guard let high = digit(high), let low = digit(low) else { return nil }
        return high << 4 | low
    }

    /// Lower-case hexadecimal digits that are not all zero.
    private static func identifier(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.allSatisfy({ digit($0) != nil }), bytes.contains(where: { $0 != UInt8(ascii: "0") }) else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The members of a `tracestate`, without empty ones; those at the end are left out where it is too long. Nil when
    /// any of them is not valid, or none is there.
    private static func validState(_ text: String) -> String? {
        var members: [String] = []
        var keys: Set<String> = []
        for piece in text.split(separator: ",") {
            let member = piece.drop { $0 == " " || $0 == "\t" }
            guard !member.allSatisfy({ $0 == " " || $0 == "\t" }) else { continue }
            guard let key = key(of: member), keys.insert(key).inserted, members.count < mostMembers else { return nil }
            var end = member.endIndex
            while member[member.index(before: end)] == " " || member[member.index(before: end)] == "\t" {
                end = member.index(before: end)
            }
            members.append(String(member[..<end]))
        }
        while members.joined(separator: ",").utf8.count > longestState { members.removeLast() }
        return members.isEmpty ? nil : members.joined(separator: ",")
    }

    /// The key of a valid member `key=value`.
    private static func key(of member: Substring) -> String? {
        guard let equals = member.firstIndex(of: "=") else { return nil }
        let key = member[..<equals]
        let value = member[member.index(after: equals)...]
        guard (1...256).contains(key.utf8.count), key.utf8.allSatisfy(isKeyByte), isKeyStart(key.utf8.first),
            key.utf8.filter({ $0 == UInt8(ascii: "@") }).count <= 1, key.last != "@", !value.isEmpty
        else { return nil }
        // Blanks at the end are not the value's.
        let isValue = value.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "=") || $0 == 0x09 }
        guard isValue, value.utf8.count <= 256, value.contains(where: { $0 != " " && $0 != "\t" }) else { return nil }
        return String(key)
    }

    private static func isKeyStart(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool { isKeyStart(byte) || "_-*/@".utf8.contains(byte) }
}
