// SPDX-License-Identifier: Apache-2.0
// /admin/v1/verification: what the pumping guard knows of prefixes, overruling it, and the limits in force. Without
// `companyId` a change is for all companies, which only operators can make.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Verification
internal import Wire

struct AdminVerification: Sendable {
    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        let group = group.group("verification")
        group.get("limits", use: limits)
        group.group("prefixes")
            .get(use: list)
            .get(":prefix", use: show)
            .post(":prefix/block") {
                try await change($0, $1) { try $0.set(.denied, for: $1, of: $2, as: $3, now: $4) }
            }
            .post(":prefix/allow") {
                try await change($0, $1) { try $0.set(.allowed, for: $1, of: $2, as: $3, now: $4) }
            }
            .post(":prefix/unblock") { try await change($0, $1) { try $0.unblock($1, of: $2, as: $3, now: $4) } }
    }

    // MARK: Looking

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var query = try AdminQuery(request)
        let limit = query.integer("limit", in: AdminPage.limits) ?? AdminPage.usualLimit
        var filter = PrefixRegister.Filter()
        filter.isNotable = query.flag("notable") ?? false
        filter.companyIDs = caller.companies.map { $0.sorted() }
        let companyID = query.id("companyId")
        if let companyID { filter.companyIDs = [companyID] }
        filter.prefix = query.text("prefix")
        if let prefix = filter.prefix, !PrefixRegister.isPrefix(prefix) {
            query.refuse("prefix", "must be the first digits of an international number")
        }
        if let cursor = query.text("cursor") {
            filter.after = Self.position(cursor)
            if filter.after == nil { query.refuse("cursor", "must be the next of an answer") }
        }
        try query.check()
        if let companyID { try checkReach(caller, companyID) }
        let wanted = filter
        let found = try await surface.database.read { try PrefixRegister($0).list(wanted, limit: limit + 1) }
        let page = Array(found.prefix(limit))
        let next = found.count > limit ? page.last.map { "\($0.companyID ?? 0)-\($0.prefix)" } : nil
        return respond(page, next: next)
    }

    /// What is known of one prefix: an item for each company that has sent codes there, and one for everybody's rule.
    @Sendable private func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let prefix = try prefix(in: context)
        var query = try AdminQuery(request)
        let companyID = query.id("companyId")
        try query.check()
        if let companyID { try checkReach(caller, companyID) }
        return respond(try await entries(of: prefix, companyID.map { [$0] } ?? caller.companies?.sorted()))
    }

    private func entries(of prefix: String, _ companyIDs: [CompanyID]?) async throws -> [PrefixRegister.Entry] {
        var filter = PrefixRegister.Filter()
        filter.exactly = prefix
        filter.companyIDs = companyIDs
        let wanted = filter
        return try await surface.database.read {
            try PrefixRegister($0).list(wanted, limit: AdminPage.limits.upperBound)
        }
    }

    private func respond(_ entries: [PrefixRegister.Entry], next: String? = nil) -> Response {
        let now = surface.now
        return AdminSlice(items: entries, next: next).response { $1.write(to: &$0, now: now) }
    }

    @Sendable private func limits(_ request: Request, context: APIRequestContext) async throws -> Response {
        _ = try surface.caller(context)
        let (limits, settings) = (
            surface.options.admin.verification.limits, surface.options.admin.verification.settings
        )
        var writer = JSONWriter()
        writer.object { writer in
            writer.member(
                "limits",
                array: { writer in
                    for scope in VerificationLimits.Scope.allCases {
                        for rule in limits[scope] {
                            writer.object { writer in
                                writer.member("scope", scope.rawValue)
                                writer.member("count", rule.count)
                                writer.member("milliseconds", rule.span)
                                writer.member("rule", rule.description)
                            }
                        }
                    }
                })
            writer.member("guardEnabled", settings.isEnabled)
        }
        return Response(json: writer)
    }

    /// A cursor: the company, 0 for all, and the prefix after which a page begins.
    private static func position(_ cursor: String) -> (companyID: CompanyID, prefix: String)? {
        let parts = cursor.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let companyID = AdminQuery.id(parts[0]), PrefixRegister.isPrefix(String(parts[1]))
        else {
            return nil
        }
        return (companyID, String(parts[1]))
    }

    // MARK: Changing

    private func change(
        _ request: Request, _ context: APIRequestContext,
        _ body: @escaping @Sendable (PrefixRegister, String, CompanyID?, Actor, Milliseconds) throws -> Void
    ) async throws -> Response {
        let caller = try surface.caller(context)
        let prefix = try prefix(in: context)
        var query = try AdminQuery(request)
        let companyID = query.id("companyId")
        try query.check()
        if let companyID { try checkReach(caller, companyID) } else { try caller.requireOperator() }
        let now = surface.now
        try await surface.act { try body(PrefixRegister($0), prefix, companyID, caller.actor, now) }
        return respond(try await entries(of: prefix, companyID.map { [$0] }))
    }

    private func prefix(in context: APIRequestContext) throws(Problem) -> String {
        guard let prefix = context.parameters.get("prefix"), PrefixRegister.isPrefix(prefix) else {
            throw Problem(ProvisioningError.notFound(.prefix))
        }
        return prefix
    }

    private func checkReach(_ caller: AdminCaller, _ companyID: CompanyID) throws {
        guard caller.reaches(companyID), surface.directory.current.companies[companyID] != nil else {
            throw Problem(ProvisioningError.notFound(.company))
        }
    }
}

extension PrefixRegister.Entry {
    fileprivate func write(to writer: inout JSONWriter, now: Milliseconds) {
        writer.object { writer in
            writer.member("companyId", companyID)
            writer.member("prefix", prefix)
            writer.member("state", state(now: now).rawValue)
            guard let watch else { return }
            let totals = watch.totals
            writer.member("sent", totals.sent)
            writer.member("verified", totals.verified)
            writer.member("refused", totals.refused)
            if totals.sent > 0 {
                writer.member("share", value: .number(Self.rounded(Double(totals.verified) / Double(totals.sent))))
            }
            writer.member("expectedShare", value: .number(Self.rounded(watch.judgement.expectedShare)))
            writer.member("evidence", value: .number(Self.rounded(watch.judgement.evidence)))
            writer.member("threshold", value: .number(Self.rounded(watch.judgement.threshold)))
            writer.member("spent", Money(micros: totals.spent).description)
            writer.member("stopped", Money(micros: totals.stopped).description)
            writer.member("strikes", watch.strikes)
            writer.member("blockedAt", instant: watch.blockedAt)
            if case .blocked(let until) = watch.phase { writer.member("blockedUntil", instant: until) }
        }
    }

    private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
