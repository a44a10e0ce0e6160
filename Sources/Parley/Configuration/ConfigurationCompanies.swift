// SPDX-License-Identifier: Apache-2.0
// Companies in a configuration file, with their keys, numbers and SMPP accounts.

import Accounts
import Messaging
import Webhooks
import Wire

extension Configuration.CompanyEntry {
    init(_ node: ConfigurationNode) throws {
        let members = try node.members(known: [
            "name", "prepaid", "balance", "currency", "reseller", "resoldBy", "webhookSecrets", "keys", "numbers",
            "channels", "callbacks", "chatCallbacks", "mediaCredentials", "mediaQuota", "scopes", "smppAccounts",
        ])
        guard let name = try members["name"]?.text(), !name.isEmpty else { throw node.failure("needs a name") }
        self.init(name: name)
        if let node = members["prepaid"] { draft.isPrepaid = try node.flag() }
        if let node = members["balance"] {
            guard let amount = Money(try node.text()) else { throw node.failure("must be a decimal") }
            balance = amount
        }
        if let node = members["currency"] { draft.currency = try node.currency() }
        if let node = members["reseller"] { draft.isReseller = try node.flag() }
        if let node = members["resoldBy"] { resoldBy = try node.text() }
        if let node = members["webhookSecrets"] {
            draft.webhookSecrets = try node.elements().map { node in
                let secret = try node.text()
                guard secret.utf8.count >= 16, !secret.contains(" "), WebhookSecret(secret) != nil else {
                    throw node.failure("must be whsec_ and Base64, or at least 16 characters without spaces")
                }
                return secret
            }
        }
        if let node = members["keys"] { keys = try node.elements().map(Configuration.KeyEntry.init) }
        if let node = members["smppAccounts"] {
            smppAccounts = try node.elements().map(Configuration.SMPPAccountEntry.init)
        }
        if let node = members["numbers"] { numbers = try node.elements().map(Configuration.NumberEntry.init) }
        if let node = members["channels"] { channels = try node.elements().map(Declaration.Channel.init) }
        settings = try Declaration.Settings(members)
    }
}

extension Configuration.KeyEntry {
    init(_ node: ConfigurationNode) throws {
        let members = try node.members(known: [
            "name", "key", "scopes", "objects", "addresses", "requestsPerSecond", "expiresAt",
        ])
        guard let key = members["key"] else { throw node.failure("needs a key") }
        let text = try key.text()
        guard text.utf8.count >= 16 else { throw key.failure("must be at least 16 characters") }
        self.init(name: try members["name"]?.text() ?? "default", key: text)
        if let node = members["scopes"] {
            limits.scopes = Set(try node.elements().map { try $0.choice(KeyScope.self) })
            guard !limits.scopes.isEmpty else { throw node.failure("must not be empty") }
        }
        if let node = members["objects"] {
            limits.objects = try node.elements().map { node in
                let object = try node.text()
                let halves = object.split(separator: ":", maxSplits: 1)
                guard halves.count == 2, ChannelKind(rawValue: String(halves[0])) != nil else {
                    throw node.failure("must be a channel such as sms:49301234567")
                }
                return object
            }
        }
        if let node = members["addresses"] { limits.addresses = try node.addressRanges() }
        if let node = members["requestsPerSecond"] { limits.requestsPerSecond = try node.integer(in: 1...100_000) }
        if let node = members["expiresAt"] { limits.expiresAt = try node.instant() }
    }
}

extension Configuration.NumberEntry {
    init(_ node: ConfigurationNode) throws {
        let members = try node.members(known: ["number", "inboundURL", "inboundMethod"])
        guard let number = members["number"] else { throw node.failure("needs a number") }
        let text = try number.text()
        let digits = text.hasPrefix("+") ? String(text.dropFirst()) : text
        guard (3...15).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { throw number.failure("must be 3 to 15 digits, with or without +") }
        self.init(number: digits)
        guard let url = members["inboundURL"] else {
            if let method = members["inboundMethod"] { throw method.failure("needs an inboundURL beside it") }
            return
        }
        var method = Reporting.Method.post
        if let node = members["inboundMethod"] {
            guard let value = Reporting.Method(rawValue: try node.text().uppercased()) else {
                throw node.failure("must be POST or GET")
            }
            method = value
        }
        inbound = Reporting(url: try url.text(), method: method)
    }
}

extension Configuration.SMPPAccountEntry {
    init(_ node: ConfigurationNode) throws {
        let options = SMPPAccountSettings.names.sorted()
        let members = try node.members(known: ["systemId", "password", "enabled"] + options)
        guard let systemID = members["systemId"], let password = members["password"] else {
            throw node.failure("needs a systemId and a password")
        }
        self.init(systemID: try systemID.text(), password: try password.text())
        let isVisible = self.systemID.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard isVisible, (1...15).contains(self.systemID.utf8.count) else {
            throw systemID.failure("must be 1 to 15 visible ASCII characters")
        }
        guard (1...8).contains(self.password.utf8.count) else { throw password.failure("must be 1 to 8 characters") }
        if let node = members["enabled"] { isEnabled = try node.flag() }
        let chosen = try members.filter { options.contains($0.key) }.mapValues { try $0.json() }
        settings = try Self.settings(chosen, members: members, node: node)
    }

    /// The account's options; a complaint is told at the line of the option.
    private static func settings(
        _ options: [String: JSONValue], members: [String: ConfigurationNode], node: ConfigurationNode
    ) throws -> SMPPAccountSettings {
        let complaint: ProvisioningError
        do throws(ProvisioningError) {
            return try SMPPAccountSettings(json: .object(options))
        } catch {
            complaint = error
        }
        guard case .invalid(let field, let reason) = complaint else { throw complaint }
        let name = field.split(separator: ".").last.map(String.init) ?? field
        throw (members[name] ?? node).failure(reason)
    }
}
