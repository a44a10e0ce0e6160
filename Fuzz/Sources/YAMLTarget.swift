// SPDX-License-Identifier: Apache-2.0
// The configuration file: whatever the text is, it is a configuration or a complaint that says where.

import Messaging

enum YAMLTarget {
    private static let environment = ["NAME": "carrier", "NUMBER": "12", "SECRET": "sixteen-or-more-characters"]

    @Sendable static func run(_ input: [UInt8]) {
        guard let text = String(validating: input, as: UTF8.self) else { return }
        do {
            let configuration = try Configuration(text: text, file: "parley.yaml", environment: environment)
            check(configuration)
        } catch let error as ConfigurationError {
            expect(error.description.hasPrefix("parley.yaml"), "\(error)")
            let lines = input.count { $0 == 0x0A || $0 == 0x0D } + 2
            // Unicode's own line ends count too, at most one for each character.
            expect(error.line.map { (1...max(lines, text.unicodeScalars.count + 1)).contains($0) } ?? true, "\(error)")
        } catch {
            expect(false, "\(type(of: error)) is no complaint about the file: \(error)")
        }
    }

    /// What a route or a price names is there.
    private static func check(_ configuration: Configuration) {
        let names = Set(configuration.connectors.map(\.name))
        expect(names.count == configuration.connectors.count, "two connectors of one name")
        for route in configuration.routes {
            expect(!route.connectors.isEmpty && names.isSuperset(of: route.connectors), "\(route)")
        }
        for connector in configuration.connectors { _ = connector.settings(id: 1).segmentation }
    }
}
