// SPDX-License-Identifier: Apache-2.0
// What is to happen later, soonest first and in the order of entry where times are equal: a binary heap.

internal import NIOCore

struct Timeline<Event: Sendable>: Sendable {
    private struct Entry: Sendable {
        var due: NIODeadline
        var serial: UInt64
        var event: Event

        func isBefore(_ other: Entry) -> Bool {
            due == other.due ? serial < other.serial : due < other.due
        }
    }

    private var heap: [Entry] = []
    private var serial: UInt64 = 0

    var next: NIODeadline? { heap.first?.due }
    var count: Int { heap.count }

    mutating func add(_ event: Event, due: NIODeadline) {
        serial += 1
        heap.append(Entry(due: due, serial: serial, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the first event that is due.
    mutating func pop(now: NIODeadline) -> Event? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first.event }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least])
            {
                least = child
            }
            guard least != parent else { return first.event }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    /// Takes out everything, in order.
    mutating func removeAll() -> [Event] {
        defer { heap = [] }
        return heap.sorted { $0.isBefore($1) }.map(\.event)
    }
}
