// SPDX-License-Identifier: Apache-2.0
// The one way in which the configuration changes, whoever asks: the file at a start or a reload, or an operator through
// the Admin API. It checks, respects who owns what, writes the audit log and raises the version that every node watches,
// all in the caller's transaction.

public import Accounts
public import SQL
public import Wire

/// Rules that live in other layers.
public struct ProvisioningChecks: Sendable {
    /// Refuses settings of which no connector can be made.
    public var connector: @Sendable (ConnectorSettings) -> ProvisioningError?
    /// Why a URL cannot be called; nil when it can.
    public var callbackRefusal: @Sendable (String) -> String?
    /// Whether a text can sign webhooks.
    public var isWebhookSecret: @Sendable (String) -> Bool

    public init(
        connector: @escaping @Sendable (ConnectorSettings) -> ProvisioningError? = { _ in nil },
        callbackRefusal: @escaping @Sendable (String) -> String? = { _ in nil },
        isWebhookSecret: @escaping @Sendable (String) -> Bool = { $0.utf8.count >= 16 }
    ) {
        self.connector = connector
        self.callbackRefusal = callbackRefusal
        self.isWebhookSecret = isWebhookSecret
    }
}

public final class Provisioner {
    /// Something that was done.
    public struct Change: Sendable, Equatable {
        public let action: AuditAction
        public let kind: ObjectKind
        public let name: String
    }

    let transaction: Transaction
    let actor: Actor
    let checks: ProvisioningChecks
    let now: Milliseconds
    let accounts: AccountStore
    let routing: RoutingStore
    /// In order.
    public private(set) var changes: [Change] = []

    public init(
        _ transaction: Transaction, secrets: SecretBox, actor: Actor, now: Milliseconds,
        checks: ProvisioningChecks = ProvisioningChecks()
    ) {
        self.transaction = transaction
        self.actor = actor
        self.checks = checks
        self.now = now
        accounts = AccountStore(transaction, secrets: secrets)
        routing = RoutingStore(transaction, secrets: secrets)
    }

    /// Tells the nodes, if anything was changed. The last call of every use.
    public func finish() throws {
        if !changes.isEmpty { try routing.raiseVersion() }
    }

    /// Writes the audit log; also for what is no configuration, such as a replay.
    public func note(
        _ action: AuditAction, _ kind: ObjectKind, id: String, name: String, companyID: CompanyID? = nil,
        from before: [String: JSONValue] = [:], to after: [String: JSONValue] = [:], hidden: [String] = []
    ) throws {
        changes.append(Change(action: action, kind: kind, name: name))
        try AuditLog(transaction).record(
            action, kind, id: id, name: name, companyID: companyID, from: before, to: after, hidden: hidden,
            actor: actor, now: now)
    }

    /// Refuses to let anybody but the file touch what the file declares.
    func checkOwner(_ origin: Origin, _ kind: ObjectKind, name: String) throws(ProvisioningError) {
        if origin == .file, actor.origin != .file { throw .ownedByFile(kind, name: name) }
    }

    /// A name of up to `limit` characters without control characters.
    static func checkName(_ name: String, field: String = "name", limit: Int = 200) throws(ProvisioningError) {
        let isPlain = !name.isEmpty && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard isPlain, name.unicodeScalars.count <= limit else {
            throw .invalid(field: field, reason: "must be 1 to \(limit) characters without control characters")
        }
    }

    /// The first digits of a number; empty for every number.
    static func checkPrefix(_ prefix: String) throws(ProvisioningError) {
        guard prefix.utf8.count <= 15, prefix.utf8.allSatisfy(isDigit) else {
            throw .invalid(field: "prefix", reason: "must be the first digits of a number")
        }
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    static func checkCurrency(_ currency: String) throws(ProvisioningError) {
        guard currency.utf8.count == 3, currency.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw .invalid(field: "currency", reason: "must be the three letters of a currency, such as EUR")
        }
    }

    /// The company, which has to be open.
    func openCompany(_ id: CompanyID, field: String = "companyId") throws -> Company {
        guard let company = try accounts.company(id), company.closedAt == nil else {
            throw ProvisioningError.invalid(field: field, reason: "is not the id of an open company")
        }
        return company
    }
}
