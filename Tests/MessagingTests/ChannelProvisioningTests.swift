// SPDX-License-Identifier: Apache-2.0
// Channels of every kind and the settings of companies: what they may be, who may change them, and what a configuration
// file leaves alone.

import Accounts
import EngineTestSupport
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@Suite("Channels and settings")
struct ChannelProvisioningTests {
    private static let whatsapp = ChannelAddress(kind: .whatsapp, address: "4915200000001")

    /// Runs `body` as an operator, on a configuration with two companies and a connector.
    private func provision<T: Sendable>(
        _ engine: Engine = .sqlite,
        _ body: @escaping @Sendable (Provisioner, TestIdentities) throws -> T
    ) async throws -> T {
        let secrets = try #require(TestSetup.secrets)
        return try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let identities = try await TestSetup().write(to: database)
            return try await database.write { transaction in
                let actor = Actor(name: "key:operator", origin: .admin)
                var checks = ProvisioningChecks()
                checks.callbackRefusal = { $0.hasPrefix("https://") ? nil : "must begin with https://" }
                return try body(
                    Provisioner(transaction, secrets: secrets, actor: actor, now: TestClock.start, checks: checks),
                    identities)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a channel keeps all that is set for it`(_ engine: Engine) async throws {
        try await provision(engine) { provisioner, identities in
            var settings = ChannelSettings()
            settings.scopes = ["messages:write"]
            settings.phoneNumberID = "106540352242922"
            settings.accountName = "Acme WABA"
            settings.dataRetentionInDays = 30
            let details = ChannelDetails(
                name: "Support", connectorID: identities.connectors[0], settings: settings)
            let made = try provisioner.createChannel(
                companyID: identities.acme, address: Self.whatsapp, inbound: nil, details: details)
            let shown = try provisioner.channel(made.id)
            #expect(made == shown)
            #expect((made.name, made.connectorID, made.settings) == ("Support", identities.connectors[0], settings))
            // Whoever changes the address alone changes nothing else.
            let moved = try provisioner.change(
                channelID: made.id, companyID: identities.acme,
                address: ChannelAddress(kind: .whatsapp, address: "4915200000009"), inbound: nil)
            #expect((moved.name, moved.connectorID, moved.settings) == ("Support", identities.connectors[0], settings))
        }
    }

    @Test func `a callback stays with the channel, and behind when the channel goes to another company`() async throws {
        try await provision { provisioner, identities in
            let made = try provisioner.createChannel(
                companyID: identities.acme, address: Self.whatsapp, inbound: nil)
            var callback = CallbackSettings()
            callback.inboundMessageUrl = "https://acme.example/in"
            _ = try provisioner.setCallback(callback, ofChannel: made.id)
            let renamed = try provisioner.change(
                channelID: made.id, companyID: identities.acme, address: Self.whatsapp, inbound: nil,
                details: ChannelDetails(name: "New"))
            #expect((renamed.name, renamed.settings.callback) == ("New", callback))
            let sold = try provisioner.change(
                channelID: made.id, companyID: identities.other, address: Self.whatsapp, inbound: nil)
            #expect((sold.name, sold.settings.callback) == ("New", nil))
        }
    }

    @Test(
        arguments: [
            (.sms, "12", "address"), (.mms, "1415555010", "address"), (.mms, "141555501000", "address"),
            (.whatsapp, "123", "address"), (.viber, "abcd", "address"), (.echo, "", "address"),
            (.echo, "a b", "address"),
        ] as [(ChannelKind, String, String)])
    func `an address has the form of its kind`(_ kind: ChannelKind, address: String, field: String) async throws {
        try await provision { provisioner, identities in
            let error = #expect(throws: ProvisioningError.self) {
                _ = try provisioner.createChannel(
                    companyID: identities.acme, address: ChannelAddress(kind: kind, address: address), inbound: nil)
            }
            #expect(error?.field == field)
        }
    }

    @Test func `settings have their bounds`() async throws {
        let rows: [(ChannelKind, @Sendable (inout ChannelDetails) -> Void, String)] = [
            (.sms, { $0.connectorID = 1 }, "connector"), (.whatsapp, { $0.connectorID = 4711 }, "connector"),
            (.whatsapp, { $0.settings.viberService = .session }, "viberService"),
            (.viber, { $0.settings.phoneNumberID = "1" }, "phoneNumberId"),
            (.whatsapp, { $0.settings.phoneNumberID = "x" }, "phoneNumberId"),
            (.viber, { $0.settings.scopes = ["templates:write"] }, "scopes"),
            (.viber, { $0.settings.dataRetentionInDays = 0 }, "dataRetentionInDays"),
            (.viber, { $0.name = "" }, "name"),
            (
                .viber, { $0.settings.callback = CallbackSettings.with { $0.eventFilter = ["x"] } },
                "callback.eventFilter"
            ),
            (
                .viber, { $0.settings.callback = CallbackSettings.with { $0.messageStatusUrl = "http://x" } },
                "callback.messageStatusUrl"
            ),
        ]
        for (kind, change, field) in rows {
            try await provision { provisioner, identities in
                var details = ChannelDetails()
                change(&details)
                let error = #expect(throws: ProvisioningError.self) {
                    _ = try provisioner.createChannel(
                        companyID: identities.acme, address: ChannelAddress(kind: kind, address: "491511234567"),
                        inbound: nil, details: details)
                }
                #expect(error?.field == field)
            }
        }
    }

    @Test func `a connector that a channel sends through stays`() async throws {
        try await provision { provisioner, identities in
            let made = try provisioner.createConnector(name: "wa", kind: "fake", options: .object([:]), secret: "")
            let channel = try provisioner.createChannel(
                companyID: identities.acme, address: Self.whatsapp, inbound: nil,
                details: ChannelDetails(connectorID: made.id))
            #expect(throws: ProvisioningError.self) { try provisioner.remove(connectorID: made.id) }
            try provisioner.remove(channelID: channel.id)
            try provisioner.remove(connectorID: made.id)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a file sets what it declares and leaves the rest to the company`(_ engine: Engine) async throws {
        let secrets = try #require(TestSetup.secrets)
        var declaration = Declaration()
        var acme = Declaration.Company(CompanyDraft(name: "Acme"))
        acme.channels = [Declaration.Channel(Self.whatsapp, name: "Support", connector: "wa")]
        declaration.companies = [acme]
        declaration.connectors = [
            Declaration.Connector(name: "wa", kind: "fake", options: .object([:]), secret: "s")
        ]
        let silent = declaration
        var settings = Declaration.Settings()
        settings.callback = CallbackSettings.with { $0.inboundMessageUrl = "https://file.example/account" }
        acme.settings = settings
        acme.channels[0].settings.callback = CallbackSettings.with { $0.inboundMessageUrl = "https://file.example/in" }
        declaration.companies = [acme]
        let telling = declaration
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let cache = DirectoryCache(database: database, secrets: secrets)
            func apply(_ declaration: Declaration) async throws -> (
                channel: CallbackSettings?, account: CompanySettings?
            ) {
                try await cache.provision(as: .file, now: TestClock.start) { try $0.apply(declaration) }
                let channel = try #require(cache.current.channels[Self.whatsapp])
                #expect(channel.connectorID == cache.current.connectors.values.first?.id)
                #expect((channel.name, channel.origin) == ("Support", .file))
                return (channel.settings.callback, cache.current.companySettings[channel.companyID])
            }
            #expect(try await apply(silent).channel == nil)
            let channel = try #require(cache.current.channels[Self.whatsapp])
            let own = CallbackSettings.with { $0.inboundMessageUrl = "https://acme.example/in" }
            let actor = Actor(name: "key:main", origin: .admin)
            try await cache.provision(as: actor, now: TestClock.start) { provisioner in
                _ = try provisioner.setCallback(own, ofChannel: channel.id)
                try provisioner.changeSettings(ofCompany: channel.companyID) { settings in
                    settings.callback = own
                    settings.mediaCredentials = .basic(username: "u", password: "p")
                }
            }
            let kept = try await apply(silent)
            #expect((kept.channel, kept.account?.callback) == (own, own))
            let told = try await apply(telling)
            #expect(told.channel?.inboundMessageUrl == "https://file.example/in")
            #expect(told.account?.callback?.inboundMessageUrl == "https://file.example/account")
            #expect(told.account?.mediaCredentials == .basic(username: "u", password: "p"))
            // The same file again changes nothing: no node reads anything anew.
            let version = cache.current.version
            _ = try await apply(telling)
            #expect(cache.current.version == version)
        }
    }
}

extension ProvisioningError {
    fileprivate var field: String? { if case .invalid(let field, _) = self { field } else { nil } }
}

extension CallbackSettings {
    fileprivate static func with(_ change: (inout CallbackSettings) -> Void) -> CallbackSettings {
        var settings = CallbackSettings()
        change(&settings)
        return settings
    }
}
