// SPDX-License-Identifier: Apache-2.0
// What a test node's database holds: two companies with keys, connectors with one route to every number, prices, and a
// number on which messages come in.

public import Accounts
public import Messaging
public import SQL
public import Wire

/// The ids of what was created.
public struct TestIdentities: Sendable {
    /// The company "Acme".
    public let acme: CompanyID
    /// The company "Other".
    public let other: CompanyID
    /// In the order of `TestSetup.connectors`.
    public let connectors: [Int64]
    public let channel: Int64
}

/// What a test node is made of; every test changes what it is about.
public struct TestSetup: Sendable {
    /// Keys as a client sends them.
    public static let acmeKey = "acme-key"
    public static let otherKey = "other-key"
    public static let adminKey = "admin-key"
    /// Acme's number and where its inbound messages go.
    public static let number = "49301234567"
    public static let inboundURL = "https://acme.example/inbound"
    /// Where the messages that `TestNode.message` makes are reported.
    public static let reportURL = "https://acme.example/reports"
    /// A valid secret for signing webhooks.
    public static let webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    public static let secrets = SecretBox(masterKey: Array(repeating: 7, count: 32))

    /// Acme is prepaid with this balance; nil for a company that is billed afterwards.
    public var balance: Money?
    /// The names of the connectors, in the order in which the route prefers them.
    public var connectors = ["fake"]
    public var uncertainPolicy = UncertainPolicy.resend
    public var window = 100
    /// How the number's inbound messages are pushed; nil for not at all.
    public var inbound: Reporting? = Reporting(url: TestSetup.inboundURL, method: .post)
    public var options = TestSetup.fastOptions
    /// Further members of every connector's settings.
    public var connectorOptions: [String: JSONValue] = [:]
    public var renderer: any EventRenderer = RecordingRenderer()
    /// The renderers of other families.
    public var furtherRenderers: @Sendable (DirectoryCache) -> [Surface: any EventRenderer] = { _ in [:] }

    public init() {}

    /// The engine's options with a short interval between looks at the clock.
    public static var fastOptions: EngineOptions {
        var options = EngineOptions()
        options.pollInterval = 50
        return options
    }

    /// The price rows: Germany (Telekom) and the United Kingdom out, Germany in.
    public static let prices = [
        price(.outbound, "49", mcc: "262", mnc: "01", ttid: "77292", "0.0075"),
        price(.outbound, "44", mcc: "234", mnc: "15", ttid: "77315", "0.04"),
        price(.inbound, "49", mcc: "262", mnc: "01", ttid: "77292", "0.001"),
    ]

    private static func price(
        _ direction: Price.Direction, _ prefix: String, mcc: String, mnc: String, ttid: String, _ amount: String
    ) -> Price {
        Price(
            id: 0, companyID: nil, direction: direction, prefix: prefix, mcc: mcc, mnc: mnc, ttid: ttid,
            currency: "EUR", amount: Money(amount) ?? .zero, effectiveFrom: 1_577_836_800_000)
    }

    /// Writes all of it as a configuration file would, or brings it up to date.
    public func write(to database: Database) async throws -> TestIdentities {
        guard let secrets = Self.secrets else { throw NeverHappened(description: "a master key of 32 bytes") }
        let declaration = declaration
        return try await database.write { transaction in
            let provisioner = Provisioner(transaction, secrets: secrets, actor: .file, now: TestClock.start)
            try provisioner.apply(declaration)
            try provisioner.finish()
            let companies = Dictionary(uniqueKeysWithValues: try provisioner.companies().map { ($0.name, $0.id) })
            let ids = Dictionary(uniqueKeysWithValues: try provisioner.connectors().map { ($0.name, $0.id) })
            guard let acme = companies["Acme"], let other = companies["Other"],
                let channel = try provisioner.channels().first
            else { throw NeverHappened(description: "what was declared exists") }
            return TestIdentities(
                acme: acme, other: other, connectors: connectors.compactMap { ids[$0] }, channel: channel.id)
        }
    }

    private var declaration: Declaration {
        var declaration = Declaration()
        var acme = Declaration.Company(
            CompanyDraft(name: "Acme", isPrepaid: balance != nil, webhookSecrets: [Self.webhookSecret]))
        acme.initialBalance = balance ?? .zero
        acme.keys = [
            Declaration.Key(name: "main", text: Self.acmeKey),
            Declaration.Key(name: "operator", text: Self.adminKey, limits: KeyLimits(scopes: [.admin])),
        ]
        acme.channels = [
            Declaration.Channel(ChannelAddress(kind: .sms, address: Self.number), inbound: inbound)
        ]
        var other = Declaration.Company(CompanyDraft(name: "Other", webhookSecrets: [Self.webhookSecret]))
        other.keys = [Declaration.Key(name: "main", text: Self.otherKey)]
        declaration.companies = [acme, other]
        var options = connectorOptions
        options["uncertain"] = .string(uncertainPolicy.rawValue)
        declaration.connectors = connectors.map {
            Declaration.Connector(name: $0, kind: "fake", options: .object(options), secret: "secret")
        }
        declaration.routes = [Declaration.RouteEntry(connectors: connectors)]
        declaration.prices = Self.prices.map { Declaration.PriceEntry(price: $0) }
        return declaration
    }
}
