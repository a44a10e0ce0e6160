// SPDX-License-Identifier: Apache-2.0
// `/metrics`: who may read it, and that it counts what happened under labels that clients cannot choose.

import EngineTestSupport
import HTTPTypes
import Messaging
import Testing
import Wire

@testable import API

@Suite struct MetricsTests {
    @Test func `everybody may read it unless the operator says otherwise`() async throws {
        try await APITester.run { api async throws in
            let answer = try await api.get("/metrics", key: nil)
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.text.contains("# TYPE parley_accept_duration_seconds histogram\n"))
        }
        var options = APITester.options
        options.metrics = .admin
        try await APITester.run(options: options) { api async throws in
            #expect(try await api.get("/metrics", key: nil).status == 401)
            #expect(try await api.get("/metrics").status == 403)
            #expect(try await api.get("/metrics", key: TestSetup.adminKey).status == 200)
        }
        options.metrics = .off
        try await APITester.run(options: options) { api async throws in
            #expect(try await api.get("/metrics", key: TestSetup.adminKey).status == 404)
        }
    }

    @Test func `requests are counted by route pattern, method and class of status`() async throws {
        try await APITester.run { api async throws in
            _ = try await api.accepted()
            #expect(try await api.send(["to": .null]).status == 400)
            _ = try await api.get("/messaging/v1/messages/0190a000-0000-7000-8000-000000000000")
            for path in ["/nothing", "/a\"}b", "/messaging/v1/secret"] { _ = try await api.get(path) }
            _ = try await api.call(try #require(HTTPRequest.Method("BREW")), "/nothing")
            let text = try await api.get("/metrics", key: nil).text
            for line in [
                #"parley_http_requests_total{method="POST",route="/messaging/v1/sms",status="2xx"} 1"#,
                #"parley_http_requests_total{method="POST",route="/messaging/v1/sms",status="4xx"} 1"#,
                #"parley_http_requests_total{method="GET",route="/messaging/v1/messages/{requestId}",status="4xx"} 1"#,
                #"parley_http_requests_total{method="GET",route="other",status="4xx"} 3"#,
                #"parley_http_requests_total{method="other",route="other",status="4xx"} 1"#,
                #"parley_http_request_duration_seconds_count{method="POST",route="/messaging/v1/sms"} 2"#,
                #"parley_messages_accepted_total{surface="sms"} 1"#,
            ] { #expect(text.contains(line + "\n"), "\(line)") }
            for word in ["nothing", "BREW", "secret", "0190a000", "491701234567", "Acme"] {
                #expect(!text.contains(word), "\(word)")
            }
        }
    }
}
