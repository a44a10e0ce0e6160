// SPDX-License-Identifier: Apache-2.0
// A contact in bodies: `{"name": "Jane", "identities": {"phone": ["491701234567"], "email": ["jane@example.com"]}}`. A
// merge patch replaces the identities of the kinds that it names and leaves the others, so that a name which a channel
// has learnt meanwhile is not lost. `region` (ISO 3166-1 alpha-2) says how national numbers are meant and is not
// stored.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import Wire

extension ContactDraft {
    /// `known` are identities that are taken as they are, whatever the region says.
    init(_ reader: inout AdminReader, known: [Identity] = []) {
        let number = ContactNumber(region: reader.region())
        self.init(name: reader.text("name", maximumLength: 200))
        var lists = AdminReader(reader.object("identities").object ?? [:])
        for kind in Identity.Kind.listed {
            for text in lists.texts(kind.member, maximumLength: 256) ?? [] {
                let asItIs = Identity(kind, text)
                guard !known.contains(asItIs) else {
                    identities.append(asItIs)
                    continue
                }
                switch Identity.written(kind, text, number) {
                case .success(let identity): identities.append(identity)
                case .failure(let refusal): lists.refuse(kind.member, refusal.reason)
                }
            }
        }
        for violation in lists.violations { reader.refuse(violation.field, violation.message) }
    }
}

extension Identity {
    /// An identity as people write it, in the form in which it is stored. What has no other form than its provider's is
    /// taken as it is.
    static func written(
        _ kind: Kind, _ text: String, _ number: ContactNumber
    ) -> Result<Identity, ContactNumber.Refusal> {
        switch kind {
        case .phone: number.read(text).map { Identity(.phone, $0) }
        case .email:
            Identity.email(text).map { .success($0) } ?? .failure(.init("must be an e-mail address"))
        case .whatsAppID, .businessScopedID, .viberID, .jid: .success(Identity(kind, text))
        }
    }
}

extension Contact {
    func values(of kind: Identity.Kind) -> [String] { identities.filter { $0.kind == kind }.map(\.value) }

    /// What a change can change.
    var members: [String: JSONValue] {
        var lists: [String: JSONValue] = [:]
        for kind in Identity.Kind.listed {
            let values = values(of: kind)
            if !values.isEmpty { lists[kind.member] = .array(values.map { .string($0) }) }
        }
        var members: [String: JSONValue] = ["identities": .object(lists)]
        members["name"] = name.map { .string($0) }
        return members
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("companyId", companyID)
            writer.member("name", name)
            writer.member("identities", tree: members["identities"] ?? .object([:]))
            writer.member("createdAt", instant: createdAt)
        }
    }

    func response(_ status: HTTPResponse.Status = .ok) -> Response {
        var writer = JSONWriter()
        write(to: &writer)
        return Response(status: status, json: writer)
    }
}

extension AdminQuery {
    /// Whose national numbers a request means.
    mutating func region() -> String? {
        guard let text = text("region") else { return nil }
        guard ContactNumber.isRegion(text) else {
            refuse("region", "must be the two letters of a country, such as DE")
            return nil
        }
        return text
    }
}

extension AdminReader {
    /// Whose national numbers a body means.
    fileprivate mutating func region() -> String? {
        guard let text = text("region", maximumLength: 10) else { return nil }
        guard ContactNumber.isRegion(text) else {
            refuse("region", "must be the two letters of a country, such as DE")
            return nil
        }
        return text
    }
}

extension String {
    /// Without white space at its ends.
    var trimmed: String {
        guard let last = lastIndex(where: { !$0.isWhitespace }), let first = firstIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
