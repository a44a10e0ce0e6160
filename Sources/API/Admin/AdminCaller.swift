// SPDX-License-Identifier: Apache-2.0
// Who uses the Admin API and how far they may reach: an operator the whole server, a reseller its own company and those
// that it owns. What is beyond their reach does not exist for resellers (404); what is not theirs to do is 403.

internal import Accounts
internal import Hummingbird
internal import Messaging

struct AdminCaller: Sendable {
    /// Under whose name the audit log has what is done.
    let actor: Actor
    /// The reseller's own company; nil for an operator.
    let reseller: Company?
    /// The companies within reach; nil for all.
    let companies: Set<CompanyID>?

    /// The one who asks. Throws 403 when a reseller's key belongs to a company that is none.
    init(_ context: APIRequestContext, directory: Directory) throws(Problem) {
        guard let key = context.caller else { throw .unauthorized }
        actor = Actor(
            name: "key:\(key.name)", origin: .admin, address: context.clientAddress.map { "\($0)" },
            requestID: context.trace.requestID)
        if key.scopes.contains(.admin) {
            reseller = nil
            companies = nil
            return
        }
        guard let own = directory.companies[key.companyID], own.isReseller else { throw .notAReseller }
        reseller = own
        companies = Set(directory.companies.values.filter { $0.resellerID == own.id }.map(\.id)).union([own.id])
    }

    var isOperator: Bool { reseller == nil }

    /// Throws 403 for a reseller.
    func requireOperator() throws(Problem) {
        guard isOperator else { throw .forbidden(scope: KeyScope.admin.rawValue) }
    }

    func reaches(_ companyID: CompanyID) -> Bool { companies?.contains(companyID) ?? true }

    /// Throws 404 for an object of a company that is beyond reach.
    func check(_ companyID: CompanyID, _ kind: ObjectKind = .company) throws(ProvisioningError) {
        guard reaches(companyID) else { throw .notFound(kind) }
    }
}

extension Problem {
    static let notAReseller = Problem(.forbidden, detail: "The company of the API key is not a reseller.")
}
