// SPDX-License-Identifier: Apache-2.0
// The trace of a request: taken from its headers when they are valid, and continued as a span of our own.

internal import HTTPTypes
internal import Wire

extension TraceContext {
    /// The next hop of the trace that the request belongs to; nil when it belongs to none, or does not say so properly.
    init?(of headers: HTTPFields) {
        // Several values are no valid one; a client's list members may stand in several fields.
        let parents = headers[values: .traceParent]
        guard parents.count == 1, let parent = parents.first else { return nil }
        let states = headers[values: .traceState]
        let state = states.isEmpty ? nil : states.joined(separator: ",")
        guard let trace = TraceContext(traceparent: parent, tracestate: state) else { return nil }
        self = trace.nextHop()
    }
}
