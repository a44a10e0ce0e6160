// SPDX-License-Identifier: Apache-2.0
// The configuration file: every key has its effect, variables are filled in, and whatever is wrong is told with its line.

import Accounts
import Foundation
import Messaging
import SMSText
import SQL
import Testing
import Wire

@testable import Parley

struct ConfigurationTests {
    @Test
    func `an empty file is a node with the defaults`() throws {
        for text in ["", "# nothing\n", "{}"] {
            let configuration = try configuration(text)
            #expect(configuration.http.host == "127.0.0.1")
            #expect(configuration.http.port == 8080)
            #expect(configuration.http.publicURL == nil)
            #expect(configuration.node == "parley")
            #expect(configuration.logging.level == "info")
            #expect(configuration.logging.format == .text)
            #expect(!configuration.callbacks.allowsPrivateAddresses)
            #expect(!configuration.callbacks.allowsPlainHTTP)
            #expect(configuration.companies.isEmpty)
            guard case .sqlite("parley.db", _) = configuration.database,
                case .file("parley.key") = configuration.masterKey
            else {
                Issue.record("\(configuration.database) \(configuration.masterKey)")
                continue
            }
        }
    }

    @Test
    func `the keys of the node are read`() throws {
        let configuration = try configuration(
            """
            node: parley-7
            database: {postgres: "postgres://parley@db/parley?sslmode=verify-full", connections: 12}
            masterKey: "00112233"
            http: {host: 0.0.0.0, port: 9090, publicURL: "https://sms.example.com/"}
            logging: {level: debug, format: json}
            callbacks: {allowPrivateAddresses: true, allowPlainHTTP: yes, trustRoots: /etc/roots.pem}
            """)
        #expect(configuration.node == "parley-7")
        guard case .postgres("postgres://parley@db/parley?sslmode=verify-full", 12) = configuration.database,
            case .text("00112233") = configuration.masterKey
        else { throw ConfigurationError(file: "", line: nil, reason: "\(configuration.database)") }
        #expect(configuration.http.host == "0.0.0.0")
        #expect(configuration.http.port == 9090)
        #expect(configuration.http.publicURL == "https://sms.example.com")
        #expect(configuration.logging.level == "debug")
        #expect(configuration.logging.format == .json)
        #expect(configuration.callbacks.allowsPrivateAddresses)
        #expect(configuration.callbacks.allowsPlainHTTP)
        #expect(configuration.callbacks.trustRoots == "/etc/roots.pem")
    }

    @Test
    func `the keys of companies are read`() throws {
        let company = try #require(
            try configuration(
                """
                companies:
                  - name: Acme
                    prepaid: true
                    balance: "12.5"
                    currency: USD
                    webhookSecrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, sixteen-or-more-characters]
                    keys:
                      - {name: production, key: production-key-1, scopes: [api, admin]}
                      - {key: another-key-of-16}
                    numbers:
                      - {number: "+49301234567", inboundURL: "https://acme.example/in", inboundMethod: get}
                      - {number: 12345}
                """
            ).companies.first)
        #expect(company.name == "Acme")
        #expect(company.draft.isPrepaid)
        #expect(company.balance == Money("12.5"))
        #expect(company.draft.currency == "USD")
        #expect(
            company.draft.webhookSecrets == ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "sixteen-or-more-characters"])
        #expect(company.keys.map(\.name) == ["production", "default"])
        #expect(company.keys.map(\.key) == ["production-key-1", "another-key-of-16"])
        #expect(company.keys.map(\.limits.scopes) == [[.api, .admin], [.api]])
        #expect(company.numbers.map(\.number) == ["49301234567", "12345"])
        #expect(
            company.numbers.map(\.inbound) == [Reporting(url: "https://acme.example/in", method: .get), nil])
    }

    /// A value for each option of a connector, as the file has it.
    private static let connectorOptions = """
        connectors:
          - name: carrier
            kind: smpp
            password: "0123"
            host: smsc.example
            port: 2776
            systemId: 0012
            systemType: VMA
            serviceType: PRLY
            bind: separate
            binds: 2
            window: 50
            throughput: 12.5
            tls: {verify: false, serverName: other.example}
            responseTimeout: 5
            enquireLink: 15
            inactivityTimeout: 600
            reconnectMinimum: 0.5
            reconnectMaximum: 30
            uncertain: hold
            alphabet: gsm7Packed
            concatenation: sar
            reference: 16
            nationalTables: [turkish, spanish-locking]
            validity: absolute
            errors: hex
            errorCodes: {"99": 001b, EC_7: "0005", 1e1: 1005}
            addresses: {international: 2/8, alphanumeric: 5/1, shortCode: 6/1, shortCodeDigits: 5, keepPlus: true}
        """

    @Test
    func `every option of a connector is read`() throws {
        let entry = try #require(try configuration(Self.connectorOptions).connectors.first)
        #expect(entry.name == "carrier")
        #expect(entry.kind == "smpp")
        #expect(entry.secret == "0123")
        let options = entry.options
        // What looks like a number and is a name stays as it is written.
        #expect(options["systemId"] == .string("0012"))
        #expect(
            options["errorCodes"]
                == .object(["99": .string("001b"), "EC_7": .string("0005"), "1e1": .integer(1005)]))
        #expect(options["throughput"] == .number(12.5))
        #expect(options["window"] == .integer(50))
        #expect(options["tls"] == .object(["verify": .bool(false), "serverName": .string("other.example")]))
        #expect(options["addresses"]?["international"] == .string("2/8"))
        #expect(options["addresses"]?["keepPlus"] == .bool(true))
        #expect(entry.settings(id: 1).uncertainPolicy == .hold)
        #expect(
            entry.settings(id: 1).segmentation.permittedTables == [.singleShift(.turkish), .lockingShift(.spanish)])
    }

    @Test
    func `every option that is known is in the guide`() throws {
        let guide = try repositoryFile("docs/configuration.md")
        let section = try #require(
            guide.split(separator: "## `connectors`").last?.split(separator: "## `routes`").first)
        let entry = try #require(try configuration(Self.connectorOptions).connectors.first)
        let known = try #require(complaint("connectors:\n  - {name: a, nonsense: 1}\n")?.reason)
        let names = try #require(known.split(separator: "the keys here are ").last).split(separator: ", ")
        // The test above has a value for each of them.
        #expect(
            Set(names.map(String.init)) == Set((entry.options.object ?? [:]).keys).union(["name", "kind", "password"]))
        for name in names { #expect(section.contains("`\(name)`"), "\(name)") }
    }

    @Test
    func `routes and prices are read`() throws {
        let configuration = try configuration(
            """
            companies: [{name: Acme}]
            connectors:
              - {name: a, host: x, systemId: y}
              - {name: b, host: x, systemId: y}
            routes:
              - {gateway: PREMIUM, prefix: "+49", connectors: [b, a]}
              - {connectors: [a]}
            prices:
              - {company: Acme, prefix: 49, mcc: 262, mnc: 01, ttid: 77292, currency: USD, price: 0.075, from: 2026-01-31}
              - {direction: inbound, price: "-0.005", from: 2026-01-31T08:00:00Z}
            """)
        #expect(configuration.routes.map(\.gateway) == ["PREMIUM", Route.defaultGateway])
        #expect(configuration.routes.map(\.prefix) == ["49", ""])
        #expect(configuration.routes.map(\.connectors) == [["b", "a"], ["a"]])
        let first = configuration.prices[0]
        #expect(first.company == "Acme")
        #expect(first.direction == .outbound)
        #expect(
            [first.prefix, first.mcc, first.mnc, first.ttid, first.currency] == ["49", "262", "01", "77292", "USD"])
        #expect(first.amount == Money("0.075"))
        #expect(first.effectiveFrom == Timestamp.parse("2026-01-31T00:00:00Z"))
        let second = configuration.prices[1]
        #expect(second.company == nil)
        #expect(second.direction == .inbound)
        #expect(second.currency == "EUR")
        #expect(second.amount == Money("-0.005"))
        #expect(second.effectiveFrom == Timestamp.parse("2026-01-31T08:00:00Z"))
    }

    @Test
    func `the example in the guide is a configuration`() throws {
        let text = try repositoryFile("docs/parley.example.yaml")
        let variables = [
            "ACME_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "ACME_KEY": "0123456789abcdef",
            "CARRIER_A_PASSWORD": "secretA", "CARRIER_B_PASSWORD": "secretB",
        ]
        let configuration = try configuration(text, variables)
        #expect(configuration.connectors.map(\.secret) == ["secretA", "secretB"])
        #expect(configuration.routes.count == 3)
        #expect(configuration.prices.count == 3)
        for name in variables.keys {
            let error = complaint(text, variables.filter { $0.key != name })
            #expect(error?.reason.hasSuffix("the environment variable \(name) is not set") == true)
            #expect(error?.line != nil)
        }
    }

    /// A value, the variables, and what it becomes.
    static let substitutions: [(String, [String: String], String)] = [
        ("${A}", ["A": "x"], "x"), ("a-${A}-${B}", ["A": "x", "B": "y"], "a-x-y"), ("${A:-z}", ["A": "x"], "x"),
        ("${A:-z}", [:], "z"), ("x${A:-}", [:], "x"), ("${A:-b:-c}", [:], "b:-c"), ("$A", ["A": "x"], "$A"),
        ("${A}", ["A": "${B}"], "${B}"),
    ]

    @Test(arguments: substitutions)
    func `variables are filled in`(_ text: String, _ variables: [String: String], _ value: String) throws {
        #expect(try configuration("node: \"\(text)\"", variables).node == value)
    }

    @Test
    func `a file that cannot be read is told by its name`() {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(file: "/no/such/parley.yaml", environment: [:])
        }
        #expect(error?.description == "/no/such/parley.yaml: cannot be read")
    }
}
