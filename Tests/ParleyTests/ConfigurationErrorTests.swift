// SPDX-License-Identifier: Apache-2.0
// Every kind of mistake in a configuration file, and the line and the words in which it is told.

import Testing

@testable import Parley

struct ConfigurationErrorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        let line: Int
        /// What the complaint says, among other things.
        let words: String

        init(_ text: String, _ line: Int, _ words: String) {
            self.text = text
            self.line = line
            self.words = words
        }

        var testDescription: String { words }
    }

    private static let connectors = """
        connectors:
          - {name: a, host: x, systemId: y}
          - {name: b, host: x, systemId: y}
          - {name: sar, host: x, systemId: y, concatenation: sar}

        """

    private static func connector(_ members: String) -> String {
        "connectors:\n  - name: a\n    host: x\n    systemId: y\n    \(members)\n"
    }

    static let rows = [
        // The form of the file.
        Row("node: a\nhttp: [", 3, "is not YAML"), Row("node: a\nhttp:\n\tport: 1\n", 3, "is not YAML"),
        Row("- a\n", 1, "must be a mapping"), Row("node: a\ncompanies: {}\n", 2, "companies: must be a list"),
        Row("node: a\n\nnodes: b\n", 3, "nodes: unknown key"), Row("node: [a]\n", 1, "node: must be a single value"),
        // The parser tells where the mapping begins.
        Row("node: a\nnode: b\n", 1, "duplicated key(s)"),
        // Values of the node.
        Row("http:\n  port: 65536\n", 2, "http.port: must be a whole number from 0 to 65535"),
        Row("http:\n  port: web\n", 2, "http.port: must be a whole number"),
        Row("http:\n  publicURL: sms.example.com\n", 2, "http.publicURL: must begin with http"),
        Row("logging:\n  level: loud\n", 2, "logging.level: must be trace"),
        Row("logging:\n  format: xml\n", 2, "logging.format: must be one of text, json"),
        Row("callbacks:\n  allowPlainHTTP: maybe\n", 2, "callbacks.allowPlainHTTP: must be true or false"),
        Row("database:\n  mysql: x\n", 2, "database.mysql: unknown key"),
        Row("database: {}\n", 1, "needs either sqlite"),
        Row("database:\n  sqlite: a\n  postgres: b\n", 3, "database.postgres: there is sqlite already"),
        Row("database:\n  postgres: b\n  connections: 0\n", 3, "database.connections: must be a whole number"),
        // Variables.
        Row("\nnode: ${NOWHERE}\n", 2, "node: the environment variable NOWHERE is not set"),
        Row("node: ${NOWHERE\n", 1, "node: '${' without a closing '}'"),
        Row("node: ${}\n", 1, "'${}' names no variable"),
        // Companies.
        Row("companies:\n  - prepaid: true\n", 2, "companies[0]: needs a name"),
        Row("companies:\n  - name:\n", 2, "companies[0]: needs a name"),
        Row("companies:\n  - name: A\n  - name: A\n", 3, "companies[1]: the company A is declared before"),
        Row("companies:\n  - name: A\n    balance: much\n", 3, "companies[0].balance: must be a decimal"),
        Row("companies:\n  - name: A\n    webhookSecrets: [short]\n", 3, "webhookSecrets[0]: must be"),
        Row(
            "companies:\n  - name: A\n    webhookSecrets: [\"whsec_not base 64 at all\"]\n", 3,
            "webhookSecrets[0]: must be"),
        Row("companies:\n  - name: A\n    webhookSecrets: [whsec_****************]\n", 3, "webhookSecrets[0]: must be"),
        Row("companies:\n  - name: A\n    keys: [{name: b}]\n", 3, "keys[0]: needs a key"),
        Row("companies:\n  - name: A\n    keys: [{key: short}]\n", 3, "keys[0].key: must be at least 16"),
        Row(
            "companies:\n  - name: A\n    keys: [{key: 0123456789abcdef, scopes: [root]}]\n", 3,
            "scopes[0]: must be one of"),
        Row(
            "companies:\n  - name: A\n    keys:\n      - key: 0123456789abcdef\n  - name: B\n    keys:\n"
                + "      - key: 0123456789abcdef\n", 7, "companies[1].keys[0]: the key is declared before"),
        Row(
            "companies:\n  - name: A\n    keys:\n      - key: 0123456789abcdef\n      - key: fedcba9876543210\n", 5,
            "a key named default is declared before"),
        Row("companies:\n  - name: A\n    numbers: [{number: 12}]\n", 3, "numbers[0].number: must be 3 to 15 digits"),
        Row("companies:\n  - name: A\n    numbers: [{number: Acme}]\n", 3, "numbers[0].number: must be 3 to 15 digits"),
        Row("companies:\n  - name: A\n    numbers: [{inboundURL: x}]\n", 3, "numbers[0]: needs a number"),
        Row(
            "companies:\n  - name: A\n    numbers: [{number: 123, inboundURL: x, inboundMethod: PUT}]\n", 3,
            "inboundMethod: must be POST or GET"),
        Row("companies:\n  - name: A\n    numbers: [{number: 123, inboundMethod: GET}]\n", 3, "needs an inboundURL"),
        Row(
            "companies:\n  - name: A\n    numbers:\n      - number: \"+4930123\"\n      - number: 4930123\n", 5,
            "numbers[1]: the number 4930123 is declared before"),
        // Connectors.
        Row("connectors:\n  - host: x\n", 2, "connectors[0]: needs a name"),
        Row("connectors:\n  - name: a\n    systemId: y\n", 2, "connectors[0]: host: is missing"),
        Row("connectors:\n  - name: a\n    kind: pigeon\n", 3, "connectors[0].kind: pigeon is not a connector"),
        Row(connector("windw: 5"), 5, "connectors[0].windw: unknown key"),
        Row(connector("window: 0"), 5, "connectors[0].window: must be a whole number from 1 to 1000"),
        Row(connector("window: \"5\""), 5, "connectors[0].window: must be a whole number"),
        Row(connector("password: much-too-long"), 5, "connectors[0].password: must be at most 8 octets"),
        Row(connector("tls:\n      cert: x"), 6, "connectors[0].tls.cert: is not an option"),
        Row(connector("addresses:\n      shortCode: x"), 6, "connectors[0].addresses.shortCode: must be TON/NPI"),
        Row(connector("errorCodes:\n      \"99\": 27"), 6, "connectors[0].errorCodes.99: must be four hexadecimal"),
        Row(connector("nationalTables: [klingon]"), 5, "connectors[0].nationalTables: must be a list"),
        Row(
            connectors + "  - {name: a, host: x, systemId: y}\n", 5, "connectors[3]: the connector a is declared before"
        ),
        // Routes and prices.
        Row(connectors + "routes:\n  - prefix: 49\n", 6, "routes[0]: needs connectors"),
        Row(connectors + "routes:\n  - connectors: []\n", 6, "needs at least one connector"),
        Row(connectors + "routes:\n  - connectors: [a, c]\n", 6, "connectors[1]: there is no connector named c"),
        Row(connectors + "routes:\n  - connectors: [a, sar]\n", 6, "a and sar cut texts differently"),
        Row(
            connectors + "routes:\n  - connectors: [a]\n    prefix: DE\n", 7,
            "routes[0].prefix: must be the first digits"),
        Row(
            connectors + "routes:\n  - connectors: [a]\n    prefix: 49\n  - connectors: [b]\n    prefix: \"+49\"\n", 8,
            "routes[1]: a route of DEFAULT for prefix \"49\" is declared before"),
        Row("prices:\n  - prefix: 49\n", 2, "prices[0]: needs a price"),
        Row("prices:\n  - price: 0.1234567\n", 2, "prices[0].price: must be a decimal with at most six places"),
        Row("prices:\n  - price: 1\n    company: Acme\n", 3, "prices[0].company: there is no company named Acme"),
        Row("prices:\n  - price: 1\n    direction: up\n", 3, "prices[0].direction: must be outbound or inbound"),
        Row("prices:\n  - price: 1\n    from: tomorrow\n", 3, "prices[0].from: must be a date"),
    ]

    @Test(arguments: rows)
    func `a mistake is told with its line`(_ row: Row) {
        let error = complaint(row.text)
        #expect(error?.line == row.line)
        #expect(error?.file == "parley.yaml")
        #expect(error?.reason.contains(row.words) == true, "\(error?.description ?? "no error")")
    }

    @Test
    func `aliases of aliases end in a complaint`() {
        var lines = ["a0: &a0 [x]"]
        for level in 1...12 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            lines.append("a\(level): &a\(level) [\(aliases)]")
        }
        let error = complaint("connectors:\n  - {name: a, \(lines.joined(separator: ", "))}\n")
        #expect(error?.line == 2)
        #expect(error?.reason.contains("aliases") == true, "\(error?.description ?? "no error")")
    }

    @Test
    func `few aliases that stand for many values end in a complaint as well`() {
        var lines = ["a0: &a0 [\(Array(repeating: "x", count: 200).joined(separator: ","))]"]
        for level in 1...3 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            lines.append("a\(level): &a\(level) [\(aliases)]")
        }
        let error = complaint("connectors:\n  - {name: a, \(lines.joined(separator: ", "))}\n")
        #expect(error?.reason.contains("too many values") == true, "\(error?.description ?? "no error")")
    }

    @Test
    func `no complaint repeats a secret`() {
        let texts = [
            "companies:\n  - name: A\n    keys: [{key: hunter2}]\n",
            "companies:\n  - name: A\n    webhookSecrets: [hunter2]\n",
            "companies:\n  - name: A\n    keys: [{key: hunter2-hunter2-hunter2}, {key: hunter2-hunter2-hunter2}]\n",
            Self.connector("password: hunter2-hunter2"), Self.connector("password: hunter2\n    windw: 1"),
        ]
        for text in texts { #expect(complaint(text)?.description.contains("hunter2") == false, "\(text)") }
    }

    @Test
    func `no text is too much for the reader`() {
        let whole = Array((Self.connectors + Self.rows.map(\.text).joined()).utf8)
        var state: UInt64 = 42
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<1500 {
            var bytes = Array(whole[next(whole.count)...].prefix(200))
            for _ in 0..<next(6) where !bytes.isEmpty { bytes[next(bytes.count)] = UInt8(next(256)) }
            _ = try? configuration(String(decoding: bytes, as: UTF8.self))
        }
    }
}
