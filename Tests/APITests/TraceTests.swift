// SPDX-License-Identifier: Apache-2.0
// A client's trace goes into the log lines of its request and with its message; none is made up.

import EngineTestSupport
import HTTPTypes
import Messaging
import Testing
import Wire

@testable import API

@Suite struct TraceTests {
    private static let traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00-\(traceID)-00f067aa0ba902b7-01"

    @Test func `a message belongs to the trace of its request, as a hop of its own`() async throws {
        try await APITester.run { api async throws in
            let answer = try await api.send(
                headers: [("traceparent", Self.parent), ("tracestate", "a=1"), ("tracestate", "b=2")])
            let trace = try #require(try await api.stored(answer).trace)
            #expect(trace.traceID == Self.traceID && trace.flags == 1 && trace.state == "a=1,b=2")
            #expect(trace.spanID != "00f067aa0ba902b7")
        }
    }

    @Test(arguments: [
        [], [("traceparent", "00-x")], [("tracestate", "a=1")], [("traceparent", parent), ("traceparent", parent)],
    ])
    func `without a proper trace there is none`(_ headers: [(String, String)]) async throws {
        try await APITester.run { api async throws in
            var fields = HTTPFields()
            for (name, value) in headers {
                fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
            }
            #expect(TraceContext(of: fields) == nil)
            if headers.count < 2 {
                let answer = try await api.send(headers: headers)
                #expect(try await api.stored(answer).trace == nil)
            }
        }
    }
}
