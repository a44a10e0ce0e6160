// SPDX-License-Identifier: Apache-2.0
// What a configuration file declares, as values. `docs/configuration.md` shows every key.

import Accounts
import Messaging
import NumberInfo
import SQL
import Verification
import Wire

struct Configuration: Sendable {
    var database = DatabaseConfiguration.sqlite(path: "parley.db")
    var http = HTTP()
    /// Unique among the nodes that share the database.
    var node = "parley"
    var masterKey: MasterKeySource = .file("parley.key")
    var logging = Logs()
    var callbacks = Callbacks()
    /// Where customers' ESMEs bind; nil for nowhere.
    var smpp: SMPPListener?
    var companies: [CompanyEntry] = []
    var connectors: [ConnectorEntry] = []
    var routes: [RouteEntry] = []
    var prices: [PriceEntry] = []
    var verification = Verification()
    var numbers = Numbers()

    struct HTTP: Sendable {
        var host = "127.0.0.1"
        var port = 8080
        /// What `href` in answers begins with; the request's own host where it is not set.
        var publicURL: String?
        var tls: TLSFiles?
        /// How many connections may be open at once.
        var maximumConnections = 10_000
        /// Requests a second that a key may make unless it has a limit of its own; nil for any number.
        var requestsPerSecondPerKey: Int?
        /// How many wrong keys an address may try in a minute.
        var wrongKeysPerMinute = 60
        /// Whose `X-Forwarded-For` counts.
        var trustedProxies: [AddressRange] = []
        var metrics = MetricsReaders.public
    }

    /// Who may read `/metrics`.
    enum MetricsReaders: String, CaseIterable, Sendable {
        case `public`
        /// Keys with the scope `admin`.
        case admin
        case off
    }

    /// PEM files; read again when they change.
    struct TLSFiles: Equatable, Sendable {
        var certificate: String
        var privateKey: String
    }

    struct SMPPListener: Sendable {
        var host = "127.0.0.1"
        var port = 2775
        var tls: TLSFiles?
        var maximumSessions = 1000
    }

    enum MasterKeySource: Sendable {
        /// 64 hexadecimal digits.
        case text(String)
        /// A file with them; made with a new key when it is missing.
        case file(String)
    }

    struct Logs: Sendable {
        enum Format: String, CaseIterable, Sendable { case text, json }

        var level = "info"
        var format = Format.text
        /// A folder for the carriers' exchanges, a file each; nil keeps the latest in memory only.
        var exchanges: String?
    }

    struct Callbacks: Sendable {
        var allowsPrivateAddresses = false
        var allowsPlainHTTP = false
        /// A PEM file of further roots that receivers' certificates may lead to.
        var trustRoots: String?
    }

    /// What protects one-time passwords from misuse.
    struct Verification: Sendable {
        var limits = VerificationLimits()
        var pumpingGuard = GuardSettings()
    }

    /// Look-ups of numbers, and whom they ask.
    struct Numbers: Sendable {
        var options = NumberInfoOptions()
        var sources: [ConnectorEntry] = []
    }

    struct CompanyEntry: Sendable {
        var draft: CompanyDraft
        /// The name of the company that resells to it.
        var resoldBy: String?
        /// What a prepaid company starts with.
        var balance = Money.zero
        var keys: [KeyEntry] = []
        var numbers: [NumberEntry] = []
        /// Those of the kinds that say more than a number.
        var channels: [Declaration.Channel] = []
        /// What the file sets for the company in the Conversations API; nil for nothing.
        var settings: Declaration.Settings?
        var smppAccounts: [SMPPAccountEntry] = []

        init(name: String) { draft = CompanyDraft(name: name) }

        var name: String { draft.name }
    }

    struct KeyEntry: Sendable {
        var name: String
        var key: String
        var limits = KeyLimits()
    }

    struct NumberEntry: Sendable {
        /// Digits without `+`.
        var number: String
        var inbound: Reporting?
    }

    struct SMPPAccountEntry: Sendable {
        var systemID: String
        /// 1 to 8 characters.
        var password: String
        var isEnabled = true
        var settings = SMPPAccountSettings()
    }

    struct ConnectorEntry: Sendable {
        var name: String
        var kind: String
        var secret: String
        var options: JSONValue
    }

    struct RouteEntry: Sendable {
        var gateway = Route.defaultGateway
        var prefix = ""
        var connectors: [String]
    }

    struct PriceEntry: Sendable {
        var company: String?
        var direction = Price.Direction.outbound
        var prefix = ""
        var mcc = ""
        var mnc = ""
        var ttid = ""
        var currency = "EUR"
        var amount: Money
        var effectiveFrom: Milliseconds = 0
    }
}
