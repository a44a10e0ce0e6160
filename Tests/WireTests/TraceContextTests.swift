// SPDX-License-Identifier: Apache-2.0
// The rules of W3C Trace Context, most of them by what must be ignored.

import Testing
import Wire

private let traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
private let spanID = "00f067aa0ba902b7"

@Suite struct TraceContextTests {
    @Test(
        arguments: [
            ("00-\(traceID)-\(spanID)-01", 1), ("00-\(traceID)-\(spanID)-00", 0), ("00-\(traceID)-\(spanID)-03", 3),
            // Unknown flags are not passed on.
            ("00-\(traceID)-\(spanID)-ff", 3),
            // Later versions are read as far as this one goes.
            ("01-\(traceID)-\(spanID)-01", 1), ("cc-\(traceID)-\(spanID)-01-what-the-future-holds", 1),
            ("fe-\(traceID)-\(spanID)-01-", 1),
        ] as [(String, UInt8)])
    func `a valid traceparent is taken`(header: String, flags: UInt8) throws {
        let trace = try #require(TraceContext(traceparent: header))
        #expect(trace.traceID == traceID && trace.spanID == spanID && trace.flags == flags && trace.state == nil)
        #expect(trace.traceparent == "00-\(traceID)-\(spanID)-0\(flags)")
    }

    @Test(arguments: [
        "", "00", "00-\(traceID)-\(spanID)", "00-\(traceID)-\(spanID)-", "00-\(traceID)-\(spanID)-1",
        "00-\(traceID)-\(spanID)-01-more", "00-\(traceID)-\(spanID)-011", "01-\(traceID)-\(spanID)-01.more",
        "ff-\(traceID)-\(spanID)-01", "0-\(traceID)-\(spanID)-01", "0x-\(traceID)-\(spanID)-01",
        "00_\(traceID)-\(spanID)-01", "00-\(traceID)_\(spanID)-01", "00-\(traceID)-\(spanID)_01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-\(spanID)-01", "00-\(traceID)-00F067AA0BA902B7-01",
        "00-00000000000000000000000000000000-\(spanID)-01", "00-\(traceID)-0000000000000000-01",
        "00-\(traceID)-\(spanID)-0g", "00-\(traceID)-\(spanID)-0A", " 00-\(traceID)-\(spanID)-01",
        "00-\(traceID)-\(spanID)-01 ", "00-ébf92f3577b34da6a3ce929d0e0e473-\(spanID)-01",
    ])
    func `anything else is as if it were not there`(header: String) {
        #expect(TraceContext(traceparent: header) == nil)
    }

    @Test(
        arguments: [
            ("rojo=00f067aa0ba902b7", "rojo=00f067aa0ba902b7"), ("a=1,b=2", "a=1,b=2"), ("a=1 ,\tb=2\t", "a=1,b=2"),
            ("a=1,,b=2,", "a=1,b=2"), ("tenant@vendor=x y", "tenant@vendor=x y"), ("1a-_*/=!\"#", "1a-_*/=!\"#"),
            ("", nil), (" , ", nil), ("a", nil), ("a=", nil), ("=a", nil), ("A=1", nil), ("a=1=2", nil),
            ("a=1,a=2", nil),
            ("a=é", nil), ("a =1", nil), ("a@b@c=1", nil), ("a@=1", nil), ("@a=1", nil), ("a= ", nil), ("a=\u{1}", nil),
        ] as [(String, String?)])
    func `a tracestate is valid as a whole or dropped`(header: String, state: String?) {
        #expect(TraceContext(traceparent: "00-\(traceID)-\(spanID)-01", tracestate: header)?.state == state)
    }

    @Test func `a long tracestate loses members at its end`() throws {
        let members = (0..<20).map { "key\($0)=" + String(repeating: "x", count: 40) }
        let trace = try #require(
            TraceContext(
                traceparent: "00-\(traceID)-\(spanID)-01", tracestate: members.joined(separator: ",")))
        let state = try #require(trace.state)
        #expect(state.utf8.count <= TraceContext.longestState)
        #expect(state == members.prefix(11).joined(separator: ","))
        let crowd = (0..<33).map { "k\($0)=1" }.joined(separator: ",")
        #expect(TraceContext(traceparent: "00-\(traceID)-\(spanID)-01", tracestate: crowd)?.state == nil)
    }

    @Test func `each hop has a span of its own in the same trace`() throws {
        let trace = try #require(TraceContext(traceparent: "00-\(traceID)-\(spanID)-01", tracestate: "a=1"))
        let hops = (0..<100).map { _ in trace.nextHop() }
        #expect(Set(hops.map(\.spanID) + [spanID]).count == 101)
        #expect(hops.allSatisfy { $0.traceID == traceID && $0.flags == 1 && $0.state == "a=1" })
        #expect(hops.allSatisfy { TraceContext(traceparent: $0.traceparent, tracestate: $0.state) == $0 })
    }

    @Test(arguments: [nil, "a=1,b=2"])
    func `what is stored comes back as it was`(state: String?) throws {
        let trace = try #require(TraceContext(traceparent: "00-\(traceID)-\(spanID)-01", tracestate: state))
        #expect(TraceContext(stored: trace.stored) == trace)
        #expect(TraceContext(stored: "") == nil)
        #expect(TraceContext(stored: "\n") == nil)
    }

    @Test func `any bytes are a trace or none`() {
        var random = SeededGenerator(seed: 20_261_121)
        let alphabet = Array("0123456789abcdefF-=,@ \t\n\"é".unicodeScalars)
        for _ in 0..<20_000 {
            func text(_ length: Int) -> String {
                var text = ""
                for _ in 0..<length { text.unicodeScalars.append(alphabet.randomElement(using: &random) ?? "0") }
                return text
            }
            let parent =
                Bool.random(using: &random)
                ? "00-\(traceID)-\(spanID)-01" : text(Int.random(in: 0...60, using: &random))
            let trace = TraceContext(traceparent: parent, tracestate: text(Int.random(in: 0...40, using: &random)))
            if let trace { #expect(TraceContext(stored: trace.stored) == trace) }
        }
    }
}
