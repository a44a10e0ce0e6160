// SPDX-License-Identifier: Apache-2.0
// What the webhooks count, and that a delivery carries the trace of its message, a new hop with each try.

import EngineTestSupport
import Messaging
import NIOHTTP1
import Prometheus
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Webhooks

extension DispatcherNode {
    fileprivate func lines() async -> Set<String> {
        let text = String(decoding: await context.metrics.registry.scrape(), as: UTF8.self)
        return Set(text.split(separator: "\n").map(String.init))
    }

    fileprivate func waitForLine(_ line: String) async throws {
        _ = try await eventually(line) { await lines().contains(line) ? true : nil }
    }
}

@Suite struct WebhookMetricsTests {
    @Test(
        arguments: [
            (.answered(WebhookAnswer(status: 200)), .delivered), (.answered(WebhookAnswer(status: 299)), .delivered),
            (.answered(WebhookAnswer(status: 302)), .redirected), (.answered(WebhookAnswer(status: 404)), .clientError),
            (.answered(WebhookAnswer(status: 410)), .gone), (.answered(WebhookAnswer(status: 429)), .clientError),
            (.answered(WebhookAnswer(status: 503)), .serverError), (.failed(.dns, message: ""), .dns),
            (.failed(.timeout, message: ""), .timeout), (.failed(.refusedByGuard, message: ""), .refusedByGuard),
            (.failed(.protocolViolation, message: ""), .protocolViolation),
        ] as [(WebhookResult, WebhookMetrics.TryOutcome)])
    func `every end of a try has its name`(_ result: WebhookResult, _ outcome: WebhookMetrics.TryOutcome) {
        #expect(WebhookMetrics.TryOutcome(result) == outcome)
    }

    @Test(arguments: Engine.allCases)
    func `tries, ends and the lag are counted`(_ engine: Engine) async throws {
        try await LoopbackServer.with({ _ in .answer(204) }) { server in
            try await DispatcherNode.run(engine) { node in
                let id = try await node.add(server.url())
                try await node.wait(id, for: .delivered)
                try await node.waitForLine(#"parley_webhook_deliveries_total{result="delivered"} 1"#)
                let lines = await node.lines()
                for line in [
                    #"parley_webhook_tries_total{outcome="delivered"} 1"#, "parley_webhook_lag_seconds_count 1",
                    "parley_webhook_try_duration_seconds_count 1", #"parley_webhook_endpoints{state="failing"} 0"#,
                ] { #expect(lines.contains(line), "\(line)") }
            }
        }
        try await LoopbackServer.with({ _ in .answer(410) }) { server in
            try await DispatcherNode.run(engine) { node in
                let id = try await node.add(server.url())
                try await node.wait(id, for: .undelivered)
                try await node.waitForLine(#"parley_webhook_deliveries_total{result="undelivered"} 1"#)
                let lines = await node.lines()
                #expect(lines.contains(#"parley_webhook_tries_total{outcome="gone"} 1"#))
                #expect(lines.contains(#"parley_webhook_endpoints{state="stopped"} 1"#))
            }
        }
    }

    @Test(arguments: Engine.allCases, [nil, "a=1,b=2"])
    func `each try is a new hop of the message's trace`(_ engine: Engine, _ state: String?) async throws {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        try await LoopbackServer.with({ _ in .answer(500) }) { server in
            try await DispatcherNode.run(engine) { node in
                let trace = try #require(TraceContext(traceparent: parent, tracestate: state))
                let (company, now, url) = (node.company, node.clock.now, server.url())
                try await node.database.write { transaction in
                    var rendered = RenderedDelivery(
                        event: "status", promise: .everyTenSeconds, url: url, method: .post,
                        contentType: "application/json", body: Array("{}".utf8))
                    rendered.trace = trace
                    let key = MessageKey(companyID: company, id: UUIDv7.next(now: now))
                    _ = try DeliveryStore(transaction).insert([(key, rendered)], leased: 0, lease: 0, now: now)
                }
                _ = try await eventually("a first try") { server.received.count == 1 ? true : nil }
                try await node.waitForLine("parley_webhook_try_duration_seconds_count 1")
                _ = try await eventually("a second try") {
                    node.clock.advance(by: 11_000)
                    return server.received.count >= 2 ? true : nil
                }
                let headers = server.received.prefix(2).map(\.head.headers)
                let hops = headers.compactMap { headers in
                    headers.first(name: "traceparent").flatMap {
                        TraceContext(traceparent: $0, tracestate: headers.first(name: "tracestate"))
                    }
                }
                #expect(hops.count == 2)
                #expect(hops.allSatisfy { $0.traceID == trace.traceID && $0.flags == 1 && $0.state == state })
                #expect(Set(hops.map(\.spanID) + [trace.spanID]).count == 3)
            }
        }
    }

    @Test func `a message without a trace sends none`() async throws {
        try await LoopbackServer.with({ _ in .answer(204) }) { server in
            try await DispatcherNode.run(.sqlite) { node in
                let id = try await node.add(server.url())
                try await node.wait(id, for: .delivered)
                let headers = try #require(server.received.first?.head.headers)
                #expect(!headers.contains(name: "traceparent") && !headers.contains(name: "tracestate"))
            }
        }
    }
}
