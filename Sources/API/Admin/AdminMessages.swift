// SPDX-License-Identifier: Apache-2.0
// /admin/v1/messages: looking for messages and at one of them, never at what they say; and the operator's word on parts
// of unknown fate. A search reads a bounded number of rows and tells how far back it has come.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

struct AdminMessages: Sendable {
    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        group.group("messages")
            .get(use: list)
            .get(":id", use: show)
            .post(":id/parts/:number/release", use: release)
    }

    // MARK: Searching

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var query = try AdminQuery(request)
        let companies = try companies(&query, caller)
        let limit = query.integer("limit", in: AdminPage.limits) ?? AdminPage.usualLimit
        let position = query.text("cursor").map { Self.position($0) }
        if case .some(nil) = position { query.refuse("cursor", "must be the next of an answer") }
        let id = query.text("id").map { MessageID($0) }
        if case .some(nil) = id { query.refuse("id", "must be the id of a message") }
        let filter = Self.filter(&query)
        try query.check()
        let page = try await surface.database.read { transaction in
            let search = MessageSearch(transaction)
            guard let id, let id else {
                return try search.list(filter, companyIDs: companies, after: position ?? nil, limit: limit)
            }
            var page = MessageSearch.Page()
            page.messages = try search.find(id, companyIDs: companies).filter(filter.matches)
            return page
        }
        return Self.response(page)
    }

    /// The companies that a request is about: the one that it names, or all within reach.
    private func companies(_ query: inout AdminQuery, _ caller: AdminCaller) throws -> [CompanyID] {
        guard let id = query.id("companyId") else {
            return surface.directory.current.companies.keys.filter { caller.reaches($0) }.sorted()
        }
        guard caller.reaches(id) else { throw Problem(ProvisioningError.notFound(.company)) }
        return [id]
    }

    private static func filter(_ query: inout AdminQuery) -> MessageSearch.Filter {
        var filter = MessageSearch.Filter()
        filter.direction = query.choice("direction", among: DirectionName.self)?.direction
        filter.sender = query.storedText("sender").map(address)
        filter.recipient = query.storedText("recipient").map(address)
        filter.party = query.storedText("party").map(address)
        filter.reference = query.storedText("reference", maximumLength: SMSRequest.maximumReferenceLength)
        filter.status = query.choice("status", among: StatusName.self)?.status
        filter.from = query.instant("from")
        filter.to = query.instant("to")
        return filter
    }

    /// A number in any of its spellings, a name as it is.
    private static func address(_ text: String) -> String {
        SMSAddress.recipient(text) ?? SMSAddress.sender(text) ?? text
    }

    private static func response(_ page: MessageSearch.Page) -> Response {
        var writer = JSONWriter(capacity: 512 * (page.messages.count + 1))
        writer.object { writer in
            writer.member(
                "items",
                array: { writer in
                    for message in page.messages { writer.object { AdminMessage(message).write(to: &$0) } }
                })
            writer.member("next", page.next.map(cursor))
            writer.member("scannedTo", instant: page.scannedTo)
        }
        return Response(json: writer)
    }

    private static func cursor(_ position: MessageSearch.Position) -> String {
        "\(position.id)_\(position.direction)_\(position.companyID)"
    }

    static func position(_ cursor: String) -> MessageSearch.Position? {
        let parts = cursor.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, let id = MessageID(parts[0]), let direction = Int64(parts[1]),
            (-1...1).contains(direction), let companyID = AdminQuery.id(parts[2])
        else { return nil }
        return MessageSearch.Position(id: id, direction: direction, companyID: companyID)
    }

    // MARK: One message

    @Sendable private func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var query = try AdminQuery(request)
        let direction = query.choice("direction", among: DirectionName.self)?.direction
        try query.check()
        let message = try await find(context, caller, direction: direction)
        let (parts, trace) = try await surface.database.read { transaction in
            let parts = message.direction == .outbound ? try MessageStore(transaction).parts(of: [message.key])[0] : []
            return (parts, try MessageTrace(transaction, message.key))
        }
        let connectors = surface.directory.current.connectors
        return AdminMessage(message).response(parts: parts, trace: trace) { connectors[$0]?.name }
    }

    /// The message of the path, if it is within reach; of two that share an id the outbound one.
    private func find(
        _ context: APIRequestContext, _ caller: AdminCaller, direction: Direction?
    ) async throws -> Message {
        let unknown = Problem(ProvisioningError.notFound(.message))
        guard let id = context.parameters.get("id").flatMap({ MessageID($0) }) else { throw unknown }
        let companies = surface.directory.current.companies.keys.filter { caller.reaches($0) }.sorted()
        let found = try await surface.database.read { try MessageSearch($0).find(id, companyIDs: companies) }
        let fitting = found.filter { direction == nil || $0.direction == direction }
        guard let message = fitting.first(where: { $0.direction == .outbound }) ?? fitting.first else { throw unknown }
        return message
    }

    @Sendable private func release(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var reader = try await AdminReader(request)
        if !reader.has("as") { reader.refuse("as", "is required") }
        let release = reader.choice("as", among: HeldRelease.allCases)
        try reader.check()
        let message = try await find(context, caller, direction: .outbound)
        guard let number = context.parameters.get("number").flatMap(AdminQuery.id), number <= message.size,
            let release
        else { throw Problem.notFound("The message has no such part.") }
        let result = try await surface.engine.release(
            message.key, part: Int(number), as: release, actor: caller.actor)
        switch result {
        case .released: break
        case .notHeld:
            throw Problem(.conflict, detail: "The part is not held: its fate is known, or somebody else has decided.")
        case .underWay:
            throw Problem(.conflict, detail: "Other parts of the message are on their way. Decide when they are out.")
        }
        return try await show(request, context: context)
    }
}

/// The directions by their names in the API.
private enum DirectionName: String, CaseIterable {
    case outbound, inbound

    var direction: Direction { self == .outbound ? .outbound : .inbound }
}

/// The statuses by their names in the API.
private enum StatusName: String, CaseIterable {
    case accepted, scheduled, dispatched, sent, delivered, seen, expired, undeliverable, failed, rejected, deleted

    var status: MessageStatus? { MessageStatus.allCases.first { "\($0)" == rawValue } }
}

extension MessageSearch.Filter {
    /// Whether a message that was found by its id fits besides.
    fileprivate func matches(_ message: Message) -> Bool {
        func fits<Value: Equatable>(_ wanted: Value?, _ values: Value?...) -> Bool {
            wanted.map { values.contains($0) } ?? true
        }
        return fits(direction, message.direction) && fits(sender, message.sender)
            && fits(recipient, message.recipient) && fits(party, message.sender, message.recipient)
            && fits(status, message.status) && fits(reference, message.reference)
            && from.map { message.id.milliseconds >= $0 } ?? true && to.map { message.id.milliseconds < $0 } ?? true
    }
}
