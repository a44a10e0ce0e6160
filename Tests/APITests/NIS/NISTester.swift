// SPDX-License-Identifier: Apache-2.0
// A node with a router that has look-ups, and sources that say what a test wants.

import EngineTestSupport
import Hummingbird
import HummingbirdTesting
import Messaging
import NumberInfo
import PhoneNumbers
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

/// Says of every number what it was made with.
struct StaticSource: NumberSource {
    var name = "enum"
    let outcome: SourceOutcome

    init(_ outcome: SourceOutcome) { self.outcome = outcome }

    init(_ change: (inout NumberFacts) -> Void) {
        var facts = NumberFacts()
        change(&facts)
        outcome = .answer(facts, validFor: nil)
    }

    func look(up number: PhoneNumber, for question: NumberQuestion) async -> SourceOutcome { outcome }
}

enum NISTester {
    static func run(
        _ engine: Engine = .sqlite, setup: TestSetup = TestSetup(), sources: [any NumberSource] = [],
        options: NumberInfoOptions = NumberInfoOptions(), over transport: TestingSetup = .router,
        _ body: @escaping @Sendable (APITester, NumberDesk) async throws -> Void
    ) async throws {
        let migrations = MessagingMigrations.all + NumberInfoMigrations.all
        try await TestDatabase.with(engine, migrations: migrations) { database in
            try await TestNode.run(on: database, setup) { node in
                let desk = try NumberDesk(
                    context: node.context, options: options, sources: sources,
                    renderer: NumberInformationRenderer.delivery)
                let running = Task { await desk.run() }
                defer { desk.stop() }
                let router = APIServer.surfaces(engine: node.engine, options: APITester.options, numbers: desk).router
                try await Application(router: router, logger: TestDatabase.quiet).test(transport) { client in
                    try await body(APITester(node: node, client: client), desk)
                }
                desk.stop()
                await running.value
            }
        }
    }
}
