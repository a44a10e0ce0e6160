// SPDX-License-Identifier: Apache-2.0
// Our ENUM source for a test that runs a name server. The argument is the source's options as JSON; each line of standard
// input is a JSON list of numbers, which are looked up at the same time; each line of standard output is the list of what
// came of them.

import Connectors
import Foundation
import Messaging
import NumberInfo
import PhoneNumbers
import Wire

@main
struct EnumProbe {
    static func main() async throws {
        let options = try JSONValue(parsing: Array(CommandLine.arguments[1].utf8))
        let settings = ConnectorSettings(id: 1, name: "enum", kind: "enum", options: options, secret: "")
        let source = try ENUMSource(settings: settings)
        await source.start()
        while let line = readLine() {
            let numbers = try JSONValue(parsing: Array(line.utf8)).array?.compactMap(\.string) ?? []
            var writer = JSONWriter()
            writer.value(.array(try await answers(numbers, source)))
            print(writer.text)
            fflush(nil)
        }
        await source.stop()
    }

    private static func answers(_ numbers: [String], _ source: ENUMSource) async throws -> [JSONValue] {
        try await withThrowingTaskGroup(of: (Int, JSONValue).self) { group in
            for (place, text) in numbers.enumerated() {
                let number = try PhoneNumber(parsing: text)
                group.addTask { (place, described(await source.look(up: number, for: .portability))) }
            }
            return try await group.reduce(into: Array(repeating: JSONValue.null, count: numbers.count)) {
                $0[$1.0] = $1.1
            }
        }
    }

    private static func described(_ outcome: SourceOutcome) -> JSONValue {
        switch outcome {
        case .nothing: return .object(["outcome": .string("nothing")])
        case .failed(let reason): return .object(["outcome": .string("failed"), "reason": .string(reason)])
        case .answer(let facts, let validFor):
            let network = facts.current ?? NetworkFacts()
            return .object([
                "outcome": .string("answer"), "ported": .string(facts.ported.rawValue),
                "mcc": .string(network.mcc), "mnc": .string(network.mnc), "operator": .string(network.operatorName),
                "validFor": validFor.map(JSONValue.integer) ?? .null,
            ])
        }
    }
}
