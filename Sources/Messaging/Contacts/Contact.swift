// SPDX-License-Identifier: Apache-2.0
// A person or a business that a company talks with, and the names under which channels know them. A name leads to one
// contact of a company at most; which names there can be is checked here, before one is stored.

public import Accounts
public import Wire

/// A contact as it is stored.
public struct Contact: Sendable, Equatable {
    public let id: Int64
    public let companyID: CompanyID
    /// What people call it; nil when nobody has said.
    public let name: String?
    /// By kind, in the order of `Identity.Kind.listed`, and value.
    public let identities: [Identity]
    public let createdAt: Milliseconds

    public var draft: ContactDraft { ContactDraft(name: name, identities: identities) }
}

/// What can be set of a contact.
public struct ContactDraft: Sendable, Equatable {
    public var name: String?
    public var identities: [Identity]

    public init(name: String? = nil, identities: [Identity] = []) {
        self.name = name
        self.identities = identities
    }

    /// Throws `invalid` for a name that cannot be stored, for no identity at all, for too many, and for one that cannot
    /// be. What it has in common with `before` is not judged again: a carrier's short name is no phone number, and yet
    /// the sender of messages.
    func check(since before: ContactDraft? = nil) throws(ProvisioningError) {
        if let name, name != before?.name { try Provisioner.checkName(name) }
        let known = before?.identities ?? []
        guard identities != known || before == nil else { return }
        guard !identities.isEmpty else {
            throw .invalid(field: "identities", reason: "must have at least one, such as a phone number")
        }
        guard identities.count <= ContactBook.mostIdentities else {
            throw .invalid(field: "identities", reason: "must be at most \(ContactBook.mostIdentities)")
        }
        for identity in identities where !known.contains(identity) { try identity.check() }
    }
}

extension Identity.Kind {
    /// Every kind, those that people know by heart first.
    public static let listed: [Identity.Kind] = [.phone, .email, .whatsAppID, .businessScopedID, .viberID, .jid]

    /// What bodies, tables and complaints call it.
    public var member: String {
        switch self {
        case .phone: "phone"
        case .email: "email"
        case .whatsAppID: "waId"
        case .businessScopedID: "bsuid"
        case .viberID: "viberId"
        case .jid: "jid"
        }
    }

    var rank: Int { Self.listed.firstIndex(of: self) ?? Self.listed.count }
}

extension Identity {
    /// Digits of an E.164 number, from the shortest that any country has.
    private static let phoneLengths = 5...15
    private static let longestValue = 256

    /// An e-mail address as it is stored and looked up: in lower case, for no provider of today tells the cases apart.
    /// Nil for what is none (RFC 5321 §4.1.2; quoted local parts and address literals, which nobody has, are refused).
    public static func email(_ text: String) -> Identity? {
        let address = text.lowercased()
        let halves = address.split(separator: "@", omittingEmptySubsequences: false)
        guard address.utf8.count <= 254, halves.count == 2, (1...64).contains(halves[0].utf8.count) else { return nil }
        let isDotted = { (half: Substring) in
            half.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
        }
        let domain = halves[1].unicodeScalars
        guard isDotted(halves[0]), isDotted(halves[1]), halves[1].contains("."),
            halves[0].unicodeScalars.allSatisfy({ isVisible($0) && !"()<>[]\\,;:\"".unicodeScalars.contains($0) }),
            domain.allSatisfy({
                $0 == "." || $0 == "-" || $0.properties.isAlphabetic || $0.properties.numericType != nil
            })
        else { return nil }
        return Identity(.email, address)
    }

    /// Throws `invalid` for a value that no channel can have. Providers' ids are theirs to form; only what would not go
    /// through a table or a line of a log is refused.
    func check() throws(ProvisioningError) {
        switch kind {
        case .phone:
            guard Self.phoneLengths.contains(value.utf8.count), value.utf8.allSatisfy(Provisioner.isDigit),
                !value.hasPrefix("0")
            else { throw .invalid(field: kind.member, reason: "must be the digits of an international number") }
        case .email:
            guard Self.email(value) == self else {
                throw .invalid(field: kind.member, reason: "must be an e-mail address")
            }
        case .whatsAppID, .businessScopedID, .viberID, .jid:
            guard (1...Self.longestValue).contains(value.utf8.count),
                value.unicodeScalars.allSatisfy({ Self.isVisible($0) && $0 != ";" })
            else {
                throw .invalid(
                    field: kind.member,
                    reason: "must be 1 to \(Self.longestValue) characters without spaces and semicolons")
            }
        }
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator: false
        default: true
        }
    }
}

extension Sequence where Element == Identity {
    /// In the order in which contacts are shown.
    func listed() -> [Identity] { sorted { ($0.kind.rank, $0.value) < ($1.kind.rank, $1.value) } }
}
