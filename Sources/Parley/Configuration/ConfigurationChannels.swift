// SPDX-License-Identifier: Apache-2.0
// A company's channels of all kinds and its settings in the Conversations API, as a configuration file writes them. What
// is declared is set again whenever the file is applied; callbacks and credentials that it leaves out are the company's
// own and stay as they are.

import Messaging

extension Declaration.Channel {
    init(_ node: ConfigurationNode) throws {
        let members = try node.members(known: [
            "kind", "address", "name", "connector", "inboundURL", "inboundMethod", "callbacks", "scopes",
            "viberService",
            "phoneNumberId", "accountName", "dataRetentionInDays",
        ])
        guard let kind = members["kind"], let address = members["address"] else {
            throw node.failure("needs a kind and an address")
        }
        let text = try address.text()
        self.init(
            ChannelAddress(
                kind: try kind.choice(ChannelKind.self), address: text.hasPrefix("+") ? String(text.dropFirst()) : text),
            name: try members["name"]?.text(), connector: try members["connector"]?.text())
        if let url = members["inboundURL"] {
            var method = Reporting.Method.post
            if let node = members["inboundMethod"] {
                guard let value = Reporting.Method(rawValue: try node.text().uppercased()) else {
                    throw node.failure("must be POST or GET")
                }
                method = value
            }
            inbound = Reporting(url: try url.text(), method: method)
        } else if let method = members["inboundMethod"] {
            throw method.failure("needs an inboundURL beside it")
        }
        settings = try Self.settings(members)
    }

    private static func settings(_ members: [String: ConfigurationNode]) throws -> ChannelSettings {
        var settings = ChannelSettings()
        if let node = members["callbacks"] {
            settings.callback = try CallbackSettings(node, isAccount: false)
        }
        if let node = members["scopes"] { settings.scopes = try node.elements().map { try $0.text() } }
        settings.viberService = try members["viberService"]?.choice(ChannelSettings.ViberService.self)
        settings.phoneNumberID = try members["phoneNumberId"]?.text()
        settings.accountName = try members["accountName"]?.text()
        settings.dataRetentionInDays = try members["dataRetentionInDays"]?.integer(in: 1...3650)
        return settings
    }
}

extension Declaration.Settings {
    /// What a company's entry says; nil when it says nothing.
    init?(_ members: [String: ConfigurationNode]) throws {
        let names = ["callbacks", "chatCallbacks", "mediaCredentials", "mediaQuota", "scopes"]
        guard names.contains(where: { members[$0] != nil }) else { return nil }
        self.init()
        if let node = members["callbacks"] { callback = try CallbackSettings(node, isAccount: true) }
        if let node = members["chatCallbacks"] {
            let members = try node.members(known: ["version", "inboundMessageUrl", "messageStatusUrl", "eventFilter"])
            chatVersion = try members["version"]?.choice(ChatEventVersion.self)
            chatCallback = try CallbackSettings(places: members)
        }
        if let node = members["mediaCredentials"] { mediaCredentials = try MediaCredentials(node) }
        if let node = members["mediaQuota"] { mediaQuota = Int64(try node.integer(in: 0...Int.max)) }
        if let node = members["scopes"] { scopes = try node.elements().map { try $0.text() } }
    }
}

extension CallbackSettings {
    /// A signature and a header are the account's alone.
    fileprivate init(_ node: ConfigurationNode, isAccount: Bool) throws {
        let names = ["callbackVersion", "inboundMessageUrl", "messageStatusUrl", "eventFilter"]
        let members = try node.members(known: isAccount ? names + ["signature", "header"] : names)
        self = try CallbackSettings(places: members)
        callbackVersion = try members["callbackVersion"]?.choice(CallbackVersion.self)
        if let node = members["signature"] {
            let members = try node.members(known: ["secret", "method"])
            guard let secret = members["secret"], let method = members["method"] else {
                throw node.failure("needs a secret and a method")
            }
            signature = Signature(secret: try secret.text(), method: try method.choice(Signature.Method.self))
        }
        if let node = members["header"] {
            let members = try node.members(known: ["key", "value"])
            guard let key = members["key"], let value = members["value"] else {
                throw node.failure("needs a key and a value")
            }
            header = Header(key: try key.text(), value: try value.text())
        }
    }
}

extension CallbackSettings {
    /// Where which events go.
    fileprivate init(places members: [String: ConfigurationNode]) throws {
        self.init()
        inboundMessageUrl = try members["inboundMessageUrl"]?.text()
        messageStatusUrl = try members["messageStatusUrl"]?.text()
        eventFilter = try members["eventFilter"]?.elements().map { try $0.text() }
    }
}

extension MediaCredentials {
    fileprivate init(_ node: ConfigurationNode) throws {
        let members = try node.members(known: ["oauth2", "basic"])
        guard members.count == 1 else { throw node.failure("needs oauth2 or basic") }
        func texts(_ names: [String], of node: ConfigurationNode) throws -> [String] {
            let members = try node.members(known: names)
            return try names.map { name in
                guard let member = members[name] else { throw node.failure("needs \(names.joined(separator: ", "))") }
                let text = try member.text()
                guard (1...2000).contains(text.unicodeScalars.count) else {
                    throw member.failure("must be 1 to 2000 characters")
                }
                return text
            }
        }
        if let node = members["oauth2"] {
            let values = try texts(["clientId", "clientSecret", "url"], of: node)
            self = .oauth2(clientID: values[0], clientSecret: values[1], url: values[2])
        } else if let node = members["basic"] {
            let values = try texts(["username", "password"], of: node)
            self = .basic(username: values[0], password: values[1])
        } else {
            throw node.failure("needs oauth2 or basic")
        }
    }
}
