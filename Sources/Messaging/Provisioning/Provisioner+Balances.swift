// SPDX-License-Identifier: Apache-2.0
// Movements on balances by operators and resellers: each a row of the ledger and one of the audit log.

public import Accounts
internal import Wire

extension Provisioner {
    /// Balances stay within this, far from what 64 bits hold.
    private static let bound = Money(micros: 1_000_000_000_000_000_000)

    /// Puts `amount` on a company's balance, or takes it off when it is negative.
    public func move(_ amount: Money, kind: LedgerKind, companyID: CompanyID, note text: String?) throws {
        let company = try openCompany(companyID)
        try post(amount, kind: kind, to: company, note: text)
    }

    /// Takes `amount` off one company's balance and puts it on another's. What is not there cannot be moved, unless the
    /// giver is a reseller that pays afterwards. `field` is named when it cannot.
    public func transfer(
        _ amount: Money, from giver: CompanyID, to receiver: CompanyID, note text: String? = nil,
        field: String = "amount"
    ) throws {
        let (from, to) = (try openCompany(giver), try openCompany(receiver))
        guard from.currency == to.currency else {
            throw ProvisioningError.conflict("\(from.name) and \(to.name) have balances in different currencies")
        }
        let hasCredit = from.isReseller && !from.isPrepaid
        try post(Money.zero - amount, kind: .correction, to: from, note: text ?? "to \(to.name)")
        guard try hasCredit || BalanceStore(transaction).balance(of: giver) >= .zero else {
            throw ProvisioningError.conflict("the balance of \(from.name) does not cover the \(field)")
        }
        try post(amount, kind: .topUp, to: to, note: text ?? "from \(from.name)")
    }

    private func post(_ amount: Money, kind: LedgerKind, to company: Company, note text: String?) throws {
        let store = BalanceStore(transaction)
        // First, so that the row is this transaction's until its end and what is read next is what is left.
        try store.add(
            amount, kind: kind, companyID: company.id, messageID: nil, actor: actor.name, note: text, now: now)
        let after = try store.balance(of: company.id)
        guard (Money.zero - Self.bound...Self.bound).contains(after) else {
            throw ProvisioningError.invalid(field: "amount", reason: "would make the balance too large")
        }
        var fields: [String: JSONValue] = ["amount": .string(amount.description), "kind": .string(kind.rawValue)]
        fields["note"] = text.map { .string($0) }
        try note(
            .moved, .balance, id: String(company.id), name: company.name, companyID: company.id, to: fields)
    }
}
