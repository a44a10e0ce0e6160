// SPDX-License-Identifier: Apache-2.0
// The trace of a request: taken from its headers when they are valid, and continued as a span of our own.

internal import HTTPTypes
internal import Wire

extension TraceContext {
    /// The next hop of the trace that the request belongs to; nil when it belongs to none, or does not say so properly.
    init?(of headers: HTTPFields) {
        // Several values are no valid one; a client's list members may stand in several fields.
        guard let parent = headers.value(.traceParent),
            let trace = TraceContext(traceparent: parent, tracestate: headers.value(.traceState))
        else { return nil }
        self = trace.nextHop()
    }
}
