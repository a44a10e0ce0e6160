// SPDX-License-Identifier: Apache-2.0

// A callback URL taken apart once, by this parser alone: the host that was judged is the host in `text`, written in
// a form (lower case, no odd characters) that no other parser can read differently.

public import Wire

/// A well-formed `http` or `https` URL of a customer's endpoint.
public struct CallbackURL: Sendable, Hashable {
    /// The schemes.
    public enum Scheme: String, Sendable, Hashable {
        case http, https
    }

    /// The scheme.
    public let scheme: Scheme
    /// The host in lower case: a name without trailing dot, an IPv4 address, or an IPv6 address without brackets.
    public let host: String
    /// The port, given or that of the scheme.
    public let port: Int
    /// Path and query as sent in the request line: begins with `/`, ASCII only, other bytes percent-encoded.
    public let target: String
    /// The address, where the host is one.
    public let literalAddress: IPAddress?

    /// Parses and normalises; see `AddressRefusal` for what is refused.
    init(_ url: String) throws(AddressRefusal) {
        let bytes = Array(url.utf8)
        if bytes.count > AddressGuard.longestURL { throw .tooLong }
        if bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }) { throw .malformed }
        let (scheme, afterScheme) = try Self.scheme(of: bytes)
        if bytes.contains(UInt8(ascii: "#")) { throw .fragment }
        let rest = bytes[afterScheme...]
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? bytes.endIndex
        let authority = rest[..<end]
        if authority.contains(UInt8(ascii: "@")) { throw .userInformation }
        let (hostBytes, portBytes, isBracketed) = try Self.split(authority: authority)
        self.scheme = scheme
        self.port = try Self.port(portBytes, of: scheme)
        (self.host, self.literalAddress) = try Self.host(hostBytes, isBracketed: isBracketed)
        self.target = Self.target(bytes[end...])
    }

    /// The host as written in a URL and in the `Host` header: IPv6 addresses in brackets.
    public var hostInURL: String {
        if case .v6? = literalAddress { "[\(host)]" } else { host }
    }

    /// The normalised URL, with its port always written out.
    public var text: String { "\(scheme.rawValue)://\(hostInURL):\(port)\(target)" }

    /// The value of the `Host` header: the port is left out where it is that of the scheme (RFC 9110 §7.2).
    public var hostHeader: String { port == Self.defaultPort(of: scheme) ? hostInURL : "\(hostInURL):\(port)" }

    private static func defaultPort(of scheme: Scheme) -> Int { scheme == .https ? 443 : 80 }

    private static func scheme(of bytes: [UInt8]) throws(AddressRefusal) -> (Scheme, after: Int) {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            bytes[..<colon].allSatisfy({ isAlphanumeric($0) || "+-.".utf8.contains($0) })
        else { throw .malformed }
        let name = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
        guard let scheme = Scheme(rawValue: name) else { throw .scheme(name) }
        guard bytes[colon...].starts(with: "://".utf8) else { throw .malformed }
        return (scheme, colon + 3)
    }

    private static func split(
        authority: ArraySlice<UInt8>
    ) throws(AddressRefusal) -> (host: ArraySlice<UInt8>, port: ArraySlice<UInt8>?, isBracketed: Bool) {
        let colon = UInt8(ascii: ":")
        if authority.first == UInt8(ascii: "[") {
            guard let close = authority.firstIndex(of: UInt8(ascii: "]")) else { throw .malformed }
            let after = authority[(close + 1)...]
            if !after.isEmpty, after.first != colon { throw .malformed }
            return (authority[(authority.startIndex + 1)..<close], after.isEmpty ? nil : after.dropFirst(), true)
        }
        guard let first = authority.firstIndex(of: colon) else { return (authority, nil, false) }
        return (authority[..<first], authority[(first + 1)...], false)
    }

    private static func port(_ digits: ArraySlice<UInt8>?, of scheme: Scheme) throws(AddressRefusal) -> Int {
        guard let digits, !digits.isEmpty else { return defaultPort(of: scheme) }
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { throw .malformed }
        let port = digits.count > 5 ? Int.max : digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard (1...65535).contains(port) else { throw .port(min(port, 99_999)) }
        return port
    }

    private static func host(
        _ bytes: ArraySlice<UInt8>, isBracketed: Bool
    ) throws(AddressRefusal) -> (String, IPAddress?) {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        if isBracketed {
            guard let bits = IPAddress.parseIPv6(bytes) else { throw .oddAddressLiteral("[\(text)]") }
            return (IPAddress.v6(bits).description, .v6(bits))
        }
        if bytes.contains(where: { $0 >= 0x80 }) { throw .internationalHost }
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        if let bits = IPAddress.parseIPv4(name.utf8) { return (name, .v4(bits)) }
        guard isValidHostName(name) else { throw .host(text) }
        if endsInNumber(name) { throw .oddAddressLiteral(text) }
        return (name, nil)
    }

    /// Letters, digits, hyphens and underscores in labels of 1 to 63, 253 in all (RFC 1123 §2.1, and `_` as in use).
    private static func isValidHostName(_ name: String) -> Bool {
        guard (1...253).contains(name.utf8.count) else { return false }
        return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        }
    }

    /// Whether resolvers might read the name as a number: `2130706433`, `0x7f.1`, `127.1`, `0177.0.0.01` (WHATWG URL §3.5).
    private static func endsInNumber(_ name: String) -> Bool {
        guard let last = name.utf8.split(separator: UInt8(ascii: ".")).last else { return false }
        return last.allSatisfy { (0x30...0x39).contains($0) }
            || last.starts(with: "0x".utf8)
                && last.dropFirst(2).allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
    }

    private static func target(_ bytes: ArraySlice<UInt8>) -> String {
        var out: [UInt8] = bytes.first == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]
        out.reserveCapacity(bytes.count + 1)
        let digits = Array("0123456789ABCDEF".utf8)
        for (index, byte) in zip(bytes.indices, bytes) {
            let isStrayPercent =
                byte == UInt8(ascii: "%")
                && !(index + 2 < bytes.endIndex && isHex(bytes[index + 1]) && isHex(bytes[index + 2]))
            if byte >= 0x80 || isStrayPercent || "\"<>[]^`{|}".utf8.contains(byte) {
                out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            } else {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func isHex(_ byte: UInt8) -> Bool { Character(UnicodeScalar(byte)).isHexDigit }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
