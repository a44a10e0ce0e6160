// SPDX-License-Identifier: Apache-2.0

// Keeps callbacks away from the operator's own network (server-side request forgery): a URL is judged when it is
// given, and the addresses behind its host name are judged before each connection. One bad address refuses them all.

internal import Synchronization
public import Wire

/// Decides which callback URLs are accepted and to which addresses deliveries may connect.
public struct AddressGuard: Sendable, Hashable {
    /// What the operator permits.
    public struct Policy: Sendable, Hashable {
        /// Permits loopback, private, unique-local and carrier-grade NAT addresses. Off by default.
        ///
        /// Link-local addresses (cloud metadata services among them), multicast and reserved ranges stay refused.
        public var allowsPrivateAddresses: Bool
        /// Permits `http` beside `https`. Off by default.
        public var allowsPlainHTTP: Bool
        /// Ranges permitted whatever they are.
        public var allowedRanges: [AddressRange]
        /// Ranges refused whatever they are; stronger than everything else.
        public var deniedRanges: [AddressRange]
        /// Ports refused; by default those of the Fetch standard, where services that are not HTTP live.
        public var deniedPorts: Set<Int>

        /// A policy; strict unless told otherwise.
        public init(
            allowsPrivateAddresses: Bool = false, allowsPlainHTTP: Bool = false, allowedRanges: [AddressRange] = [],
            deniedRanges: [AddressRange] = [], deniedPorts: Set<Int> = AddressGuard.portsOfOtherServices
        ) {
            self.allowsPrivateAddresses = allowsPrivateAddresses
            self.allowsPlainHTTP = allowsPlainHTTP
            self.allowedRanges = allowedRanges
            self.deniedRanges = deniedRanges
            self.deniedPorts = deniedPorts
        }
    }

    /// The longest URL accepted, in bytes.
    public static let longestURL = 2000

    /// What the operator permits.
    public let policy: Policy
    private let accepted = AcceptedURLs()

    /// A guard with this policy.
    public init(policy: Policy = Policy()) {
        self.policy = policy
    }

    public static func == (left: AddressGuard, right: AddressGuard) -> Bool { left.policy == right.policy }

    public func hash(into hasher: inout Hasher) { hasher.combine(policy) }

    /// Why a callback URL is refused by its text alone; nil when it is not.
    public func refusal(of url: String) -> String? {
        do throws(AddressRefusal) {
            _ = try check(url)
            return nil
        } catch {
            return error.description
        }
    }

    /// Judges a callback URL by its text alone: form, scheme, port, and the address where the host is one.
    ///
    /// Call it when the URL is given (its refusal is the text of the 400) and before each delivery.
    public func check(_ url: String) throws(AddressRefusal) -> CallbackURL {
        if let known = accepted.find(url) { return known }
        let parsed = try judge(url)
        accepted.add(url, parsed)
        return parsed
    }

    private func judge(_ url: String) throws(AddressRefusal) -> CallbackURL {
        let parsed = try CallbackURL(url)
        if parsed.scheme == .http, !policy.allowsPlainHTTP { throw .plainHTTP }
        if policy.deniedPorts.contains(parsed.port) { throw .port(parsed.port) }
        if let address = parsed.literalAddress { try check(address, of: parsed.host) }
        return parsed
    }

    /// Judges all addresses to which `host` resolved; throws when there is none or any of them is refused.
    public func check(_ addresses: [IPAddress], of host: String) throws(AddressRefusal) {
        if addresses.isEmpty { throw .noAddress(host) }
        for address in addresses { try check(address, of: host) }
    }

    /// Judges one address.
    public func check(_ address: IPAddress, of host: String) throws(AddressRefusal) {
        let embedded = address.embeddedIPv4
        func lies(in ranges: [AddressRange]) -> Bool {
            ranges.contains { range in range.contains(address) || embedded.map(range.contains) ?? false }
        }
        if lies(in: policy.deniedRanges) { throw .address(address, of: host, kind: nil) }
        if lies(in: policy.allowedRanges) { return }
        switch address.kind {
        case .global: return
        case .loopback, .privateUse, .sharedCarrier:
            if !policy.allowsPrivateAddresses { throw .address(address, of: host, kind: address.kind) }
        default: throw .address(address, of: host, kind: address.kind)
        }
    }

    /// The ports that browsers refuse to speak HTTP to (Fetch standard, "port blocking").
    public static let portsOfOtherServices: Set<Int> = [
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
        109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526,
        530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045,
        4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    ]
}

/// URLs whose text a guard has accepted, with their parts: most messages name the same few.
private final class AcceptedURLs: Sendable {
    private static let capacity = 1024

    private let urls = Mutex<[String: CallbackURL]>([:])

    func find(_ text: String) -> CallbackURL? { urls.withLock { $0[text] } }

    /// A full table is emptied: those in use are back at once.
    func add(_ text: String, _ url: CallbackURL) {
        urls.withLock { urls in
            if urls.count >= Self.capacity { urls.removeAll(keepingCapacity: true) }
            urls[text] = url
        }
    }
}

/// Why a callback URL or an address behind it is refused; `description` is the text for the API answer and the log.
public enum AddressRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// Longer than `AddressGuard.longestURL` bytes.
    case tooLong
    /// Not an absolute URL, or with characters that a URL cannot have.
    case malformed
    /// Neither `http` nor `https`.
    case scheme(String)
    /// `http` where only `https` is permitted.
    case plainHTTP
    /// User name or password in the URL.
    case userInformation
    /// A `#fragment`.
    case fragment
    /// No host, or not a valid host name.
    case host(String)
    /// A host name with letters outside ASCII; its `xn--` form is accepted.
    case internationalHost
    /// A number in a form other than four decimal parts or bracketed IPv6.
    case oddAddressLiteral(String)
    /// A port outside 1…65535 or one on which other services live.
    case port(Int)
    /// The host name resolved to nothing.
    case noAddress(String)
    /// An address to which the operator lets nobody connect; `kind` is `nil` when a denied range says so.
    case address(IPAddress, of: String, kind: AddressKind?)

    public var description: String {
        switch self {
        case .tooLong: "the URL is longer than \(AddressGuard.longestURL) bytes"
        case .malformed: "not a valid absolute URL"
        case .scheme(let scheme): "the scheme '\(scheme)' is not supported; use https"
        case .plainHTTP: "plain http is not permitted here; use https"
        case .userInformation: "the URL must not contain a user name or password"
        case .fragment: "the URL must not contain a fragment"
        case .host(let host): host.isEmpty ? "the URL has no host" : "'\(host)' is not a valid host name"
        case .internationalHost: "write the host name in its ASCII form (xn--…)"
        case .oddAddressLiteral(let host): "'\(host)' is not a valid IP address; write four decimal numbers"
        case .port(let port): "port \(port) is not permitted"
        case .noAddress(let host): "the host name '\(host)' has no address"
        case .address(let address, let host, let kind):
            "\(host) leads to \(address), which is \(kind?.text ?? "denied by the operator")"
        }
    }
}
