// SPDX-License-Identifier: Apache-2.0
// The demo's folder: database, master key, API key and the simulated carrier's journal. The same folder given again goes
// on where it was.

import Accounts
import Foundation
import Messaging
import SQL
import Verification
import Wire

struct DemoFolder {
    static let number = "49301234567"
    static let systemID = "parley"
    /// 2026-01-01.
    private static let pricesFrom: Milliseconds = 1_767_225_600_000
    static let password = "handset"

    let path: String

    init(path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    var journal: String { path + "/smsc.journal" }

    /// The key that was given, or the one of the last run, or a new one.
    func apiKey(given: String?) throws -> String {
        let file = path + "/api-key"
        let kept = FileManager.default.contents(atPath: file).map {
            String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let key = given ?? kept ?? APIKey.generate()
        if key != kept { try write(key, to: file) }
        return key
    }

    /// The secret that signs the demo's webhooks; made once.
    func webhookSecret() throws -> String {
        let file = path + "/webhook-secret"
        if let data = FileManager.default.contents(atPath: file) {
            return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let bytes = Data(SecretBox.generateMasterKey())
        let secret = "whsec_" + bytes.base64EncodedString()
        try write(secret, to: file)
        return secret
    }

    private func write(_ text: String, to file: String) throws {
        let isMade = FileManager.default.createFile(
            atPath: file, contents: Data((text + "\n").utf8), attributes: [.posixPermissions: 0o600])
        guard isMade else { throw ConfigurationError(file: file, line: nil, reason: "cannot be written") }
    }

    /// What the demo's node runs with.
    func configuration(
        key: String, secret: String, host: String, port: Int, smscPort: Int, providers: DemoProviders,
        numbers: DemoNumbers
    ) -> Configuration {
        var configuration = Configuration()
        configuration.database = .sqlite(path: path + "/parley.db")
        configuration.masterKey = .file(path + "/master.key")
        configuration.http.host = host
        configuration.http.port = port
        // Whoever tries out what a wrong key does is not to be locked out.
        configuration.http.wrongKeysPerMinute = 1_000_000
        // Nor is whoever sends code after code to the one handset that they look at.
        configuration.verification.limits = VerificationLimits([
            .number: [LimitRule(1000, per: 600_000)], .account: [LimitRule(200, per: 1000)],
        ])
        configuration.node = "demo"
        configuration.callbacks.allowsPrivateAddresses = true
        configuration.callbacks.allowsPlainHTTP = true
        var company = Configuration.CompanyEntry(name: "Demo")
        company.keys = [Configuration.KeyEntry(name: "demo", key: key, limits: KeyLimits(scopes: [.api, .admin]))]
        company.draft.webhookSecrets = [secret]
        let inbound = Reporting(url: "http://127.0.0.1:\(port)\(DemoReceiver.path)", method: .post)
        company.numbers = [Configuration.NumberEntry(number: Self.number, inbound: inbound)]
        company.channels = DemoProviders.channels
        var callbacks = CallbackSettings()
        callbacks.callbackVersion = .v2_13
        callbacks.inboundMessageUrl = inbound.url
        callbacks.messageStatusUrl = inbound.url
        var settings = Declaration.Settings()
        settings.callback = callbacks
        company.settings = settings
        configuration.http.publicURL = "http://127.0.0.1:\(port)"
        configuration.companies = [company]
        configuration.connectors =
            [
                Configuration.ConnectorEntry(
                    name: "simulator", kind: "smpp", secret: Self.password,
                    options: .object([
                        "host": .string("127.0.0.1"), "port": .integer(Int64(smscPort)),
                        "systemId": .string(Self.systemID), "binds": .integer(2), "window": .integer(100),
                        "reconnectMinimum": .number(0.2), "reconnectMaximum": .number(5),
                    ]))
            ] + providers.connectors + [numbers.connector]
        configuration.routes = [
            Configuration.RouteEntry(connectors: ["simulator"]),
            Configuration.RouteEntry(gateway: Route.voiceGateway, connectors: [numbers.connector.name]),
        ]
        configuration.numbers = numbers.numberInfo
        configuration.prices = [
            Configuration.PriceEntry(
                prefix: "49", mcc: "262", mnc: "01", ttid: "77292", amount: Money(micros: 75_000),
                effectiveFrom: Self.pricesFrom),
            Configuration.PriceEntry(
                prefix: "", mcc: "901", mnc: "01", ttid: "1", amount: Money(micros: 90_000),
                effectiveFrom: Self.pricesFrom),
            Configuration.PriceEntry(
                direction: .voice, mcc: "901", mnc: "01", ttid: "1", amount: Money(micros: 120_000),
                effectiveFrom: Self.pricesFrom),
            Configuration.PriceEntry(
                direction: .gnp, mcc: "901", mnc: "01", ttid: "1", amount: Money(micros: 1000),
                effectiveFrom: Self.pricesFrom),
            Configuration.PriceEntry(
                direction: .gnv, mcc: "901", mnc: "01", ttid: "1", amount: Money(micros: 5000),
                effectiveFrom: Self.pricesFrom),
            Configuration.PriceEntry(
                direction: .inbound, prefix: "", mcc: "262", mnc: "01", ttid: "77292", amount: Money(micros: -5000),
                effectiveFrom: Self.pricesFrom),
        ]
        return configuration
    }
}
