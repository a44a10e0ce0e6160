// SPDX-License-Identifier: Apache-2.0
// What a configuration file declares, as values. `docs/configuration.md` shows every key.

import Accounts
import Messaging
import SQL
import Wire

struct Configuration {
    var database = DatabaseConfiguration.sqlite(path: "parley.db")
    var http = HTTP()
    /// Unique among the nodes that share the database.
    var node = "parley"
    var masterKey: MasterKeySource = .file("parley.key")
    var logging = Logs()
    var callbacks = Callbacks()
    var companies: [CompanyEntry] = []
    var connectors: [ConnectorEntry] = []
    var routes: [RouteEntry] = []
    var prices: [PriceEntry] = []

    struct HTTP {
        var host = "127.0.0.1"
        var port = 8080
        /// What `href` in answers begins with; the request's own host where it is not set.
        var publicURL: String?
    }

    enum MasterKeySource {
        /// 64 hexadecimal digits.
        case text(String)
        /// A file with them; made with a new key when it is missing.
        case file(String)
    }

    struct Logs {
        enum Format: String, CaseIterable { case text, json }

        var level = "info"
        var format = Format.text
    }

    struct Callbacks {
        var allowsPrivateAddresses = false
        var allowsPlainHTTP = false
        /// A PEM file of further roots that receivers' certificates may lead to.
        var trustRoots: String?
    }

    struct CompanyEntry {
        var name: String
        var isPrepaid = false
        /// What a prepaid company starts with.
        var balance = Money.zero
        var currency = "EUR"
        var webhookSecrets: [String] = []
        var keys: [KeyEntry] = []
        var numbers: [NumberEntry] = []
    }

    struct KeyEntry {
        var name: String
        var key: String
        var scopes: Set<KeyScope> = [.api]
    }

    struct NumberEntry {
        /// Digits without `+`.
        var number: String
        var inbound: Reporting?
    }

    struct ConnectorEntry {
        var name: String
        var kind: String
        var secret: String
        var options: JSONValue
        /// Where it stands, for complaints of the connector itself.
        var place: ConfigurationNode?
    }

    struct RouteEntry {
        var gateway = Route.defaultGateway
        var prefix = ""
        var connectors: [String]
    }

    struct PriceEntry {
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
