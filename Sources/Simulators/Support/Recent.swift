// SPDX-License-Identifier: Apache-2.0
// The values that were added last, by their ids.

internal import NIOCore

struct Recent<Value: Sendable>: Sendable {
    private var values: [String: Value] = [:]
    private var order = CircularBuffer<String>()

    subscript(id: String) -> Value? { values[id] }

    mutating func add(_ value: Value, id: String, limit: Int) {
        values[id] = value
        order.append(id)
        if order.count > limit { values[order.removeFirst()] = nil }
    }
}
