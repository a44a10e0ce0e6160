// SPDX-License-Identifier: Apache-2.0
// Connectors and sources of number information in the configuration file: what is not known to the kind, or not
// possible, is reported at its line.

import Connectors
import Messaging
import Wire

extension Configuration.ConnectorEntry {
    /// A connector, which carries messages.
    init(_ node: ConfigurationNode) throws {
        try self.init(
            node, usualKind: "smpp", optionNames: ConnectorRegistry.optionNames(ofKind:),
            check: ConnectorRegistry.check(_:))
    }

    /// A source of number information.
    init(source node: ConfigurationNode) throws {
        try self.init(
            node, usualKind: "", optionNames: NumberSourceRegistry.optionNames(ofKind:),
            check: NumberSourceRegistry.check(_:))
    }

    private init(
        _ node: ConfigurationNode, usualKind: String, optionNames: (String) -> Set<String>?,
        check: (ConnectorSettings) throws(ConnectorOptionError) -> Void
    ) throws {
        guard case .object(var options) = try node.json() else { throw node.failure("must be a mapping") }
        let kind = options.removeValue(forKey: "kind")?.string ?? usualKind
        let names = optionNames(kind) ?? Set(options.keys)
        let members = try node.members(known: names.sorted() + ["name", "kind", "password"])
        guard let name = try members["name"]?.text(), !name.isEmpty else { throw node.failure("needs a name") }
        options["name"] = nil
        options["password"] = nil
        self.init(
            name: name, kind: kind, secret: try members["password"]?.text() ?? "", options: .object(options))
        do {
            try check(settings(id: 0))
        } catch {
            throw Self.failure(error, members: members, node: node)
        }
    }

    /// The complaint at the line of the option, or of the connector where the option is missing.
    private static func failure(
        _ error: ConnectorOptionError, members: [String: ConfigurationNode], node: ConfigurationNode
    ) -> ConfigurationError {
        let names = error.option.split(separator: ".", maxSplits: 1).map(String.init)
        guard let name = names.first, let place = members[name] else { return node.failure(error.description) }
        guard names.count > 1 else { return place.failure(error.reason) }
        guard let inner = place.member(names[1]) else { return place.failure("\(names[1]): \(error.reason)") }
        return inner.failure(error.reason)
    }

    func settings(id: Int64) -> ConnectorSettings {
        ConnectorSettings(id: id, name: name, kind: kind, options: options, secret: secret)
    }

    /// What must agree among the connectors of a route.
    var cutting: String { settings(id: 0).cutting }
}
