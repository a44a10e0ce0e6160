// SPDX-License-Identifier: Apache-2.0
// What of each object the audit log compares: everything that can be set, but no secret.

internal import Accounts
internal import Wire

extension CompanyDraft {
    var audited: [String: JSONValue] {
        var fields: [String: JSONValue] = [
            "name": .string(name), "prepaid": .bool(isPrepaid), "currency": .string(currency),
            "reseller": .bool(isReseller),
        ]
        fields["resellerId"] = resellerID.map { .integer($0) }
        return fields
    }
}

extension APIKey {
    var audited: [String: JSONValue] {
        var fields: [String: JSONValue] = [
            "name": .string(name), "scopes": .array(limits.scopes.map(\.rawValue).sorted().map { .string($0) }),
            "objects": .array(limits.objects.map { .string($0) }),
            "addresses": .array(limits.addresses.map { .string($0.description) }), "origin": .string(origin.rawValue),
        ]
        fields["requestsPerSecond"] = limits.requestsPerSecond.map { .integer(Int64($0)) }
        fields["expiresAt"] = limits.expiresAt.map { .string(Timestamp.rfc3339($0)) }
        return fields
    }
}

extension Price {
    /// How lists and complaints name it.
    var title: String {
        let owner = companyID.map { "company \($0), " } ?? ""
        return "\(owner)\(direction.rawValue) \(prefix.isEmpty ? "any number" : prefix) from "
            + Timestamp.rfc3339(effectiveFrom)
    }

    func with(id: Int64, origin: Origin) -> Price {
        Price(
            id: id, companyID: companyID, direction: direction, prefix: prefix, mcc: mcc, mnc: mnc, ttid: ttid,
            currency: currency, amount: amount, effectiveFrom: effectiveFrom, origin: origin)
    }

    var audited: [String: JSONValue] {
        var fields: [String: JSONValue] = [
            "direction": .string(direction.rawValue), "prefix": .string(prefix), "mcc": .string(mcc),
            "mnc": .string(mnc), "ttid": .string(ttid), "currency": .string(currency),
            "price": .string(amount.description), "from": .string(Timestamp.rfc3339(effectiveFrom)),
            "origin": .string(origin.rawValue),
        ]
        fields["companyId"] = companyID.map { .integer($0) }
        return fields
    }
}

extension MessagingChannel {
    var title: String { "\(kind.rawValue):\(address)" }

    var audited: [String: JSONValue] {
        var fields: [String: JSONValue] = [
            "companyId": .integer(companyID), "kind": .string(kind.rawValue), "address": .string(address),
            "origin": .string(origin.rawValue),
        ]
        fields["inboundUrl"] = inbound.map { .string($0.url) }
        fields["inboundMethod"] = inbound.map { .string($0.method.rawValue) }
        fields["name"] = name.map { .string($0) }
        fields["connectorId"] = connectorID.map { .integer($0) }
        fields["scopes"] = settings.scopes.map { .array($0.map { .string($0) }) }
        fields["callback"] = settings.callback?.audited
        fields["viberService"] = settings.viberService.map { .string($0.rawValue) }
        fields["phoneNumberId"] = settings.phoneNumberID.map { .string($0) }
        fields["accountName"] = settings.accountName.map { .string($0) }
        fields["dataRetentionInDays"] = settings.dataRetentionInDays.map { .integer(Int64($0)) }
        return fields
    }
}

extension CallbackSettings {
    var audited: JSONValue {
        var fields: [String: JSONValue] = [:]
        fields["callbackVersion"] = callbackVersion.map { .string($0.rawValue) }
        fields["inboundMessageUrl"] = inboundMessageUrl.map { .string($0) }
        fields["messageStatusUrl"] = messageStatusUrl.map { .string($0) }
        fields["eventFilter"] = eventFilter.map { .array($0.map { .string($0) }) }
        fields["signature"] = signature.map { .string($0.method.rawValue) }
        fields["header"] = header.map { .string($0.key) }
        return .object(fields)
    }
}

extension CompanySettings {
    var audited: [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        fields["scopes"] = scopes.map { .array($0.map { .string($0) }) }
        fields["callback"] = callback?.audited
        fields["chatCallback"] = chatCallback?.audited
        fields["chatVersion"] = chatVersion.map { .string($0.rawValue) }
        fields["mediaQuota"] = mediaQuota.map { .integer($0) }
        switch mediaCredentials {
        case nil: break
        case .oauth2(let clientID, _, let url)?:
            fields["mediaCredentials"] = .object([
                "type": .string("oauth2"), "clientId": .string(clientID), "url": .string(url),
            ])
        case .basic(let username, _)?:
            fields["mediaCredentials"] = .object(["type": .string("basic"), "username": .string(username)])
        }
        return fields
    }

    /// Which secrets differ from another's, by the names under which the audit log has them.
    func changedSecrets(from other: CompanySettings) -> [String] {
        var names: [String] = []
        if callback?.signature?.secret != other.callback?.signature?.secret {
            names.append("callback.signature.secret")
        }
        if callback?.header?.value != other.callback?.header?.value { names.append("callback.header.value") }
        if mediaCredentials?.secret != other.mediaCredentials?.secret { names.append("mediaCredentials.secret") }
        return names
    }
}

extension MediaCredentials {
    fileprivate var secret: String {
        switch self {
        case .oauth2(_, let clientSecret, _): clientSecret
        case .basic(_, let password): password
        }
    }
}

extension ConnectorSettings {
    var audited: [String: JSONValue] {
        ["name": .string(name), "kind": .string(kind), "options": options, "origin": .string(origin.rawValue)]
    }
}

extension Route {
    /// How lists and complaints name it.
    var title: String { "\(gateway) \(prefix.isEmpty ? "any number" : prefix)" }

    func audited(_ names: [Int64: String]) -> [String: JSONValue] {
        [
            "gateway": .string(gateway), "prefix": .string(prefix),
            "connectors": .array(connectorIDs.map { .string(names[$0] ?? String($0)) }),
            "origin": .string(origin.rawValue),
        ]
    }
}

extension SMPPAccount {
    var audited: [String: JSONValue] {
        [
            "companyId": .integer(companyID), "systemId": .string(systemID), "enabled": .bool(isEnabled),
            "options": settings.json, "origin": .string(origin.rawValue),
        ]
    }
}
