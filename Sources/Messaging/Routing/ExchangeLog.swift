// SPDX-License-Identifier: Apache-2.0
// What a connector and its provider have lately said to each other, for the operator who looks for the reason of a
// refusal. The connector leaves the protocol's own values here, and they become words only when somebody reads them: a
// connector that nobody watches pays for one place in a ring. Words never hold a secret or the text of a message.

internal import Synchronization
public import Wire

/// One thing that was said, in its protocol's own form.
public protocol ExchangeRecord: Sendable {
    /// What may be shown of it.
    var described: ExchangeText { get }
}

/// An exchange in words.
public struct ExchangeText: Sendable, Equatable {
    /// The protocol's name for it: `submit_sm`.
    public var what: String
    /// How a request was answered; nil for requests.
    public var status: String?
    /// Never a password, and of texts only how long they are.
    public var fields: [String: JSONValue]

    public init(what: String, status: String? = nil, fields: [String: JSONValue] = [:]) {
        self.what = what
        self.status = status
        self.fields = fields
    }
}

/// An entry of the log as it is read.
public struct Exchange: Sendable, Equatable {
    public enum Direction: String, Sendable { case sent, received }

    /// Increases by one from entry to entry, also over a restart increasing.
    public let sequence: Int64
    public let at: Milliseconds
    public let direction: Direction
    /// The place of the link in its connector's pool, from 0; nil where there is no such thing.
    public let bind: Int?
    public let text: ExchangeText

    /// Writes the entry as an object.
    public func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("sequence", sequence)
            writer.member("at", Timestamp.rfc3339(at))
            writer.member("direction", direction.rawValue)
            writer.member("bind", bind.map { Int64($0) })
            writer.member("what", text.what)
            writer.member("status", text.status)
            writer.member("fields", value: .object(text.fields))
        }
    }
}

/// The last exchanges of one connector.
public final class ExchangeLog: Sendable {
    private struct Entry {
        let at: Milliseconds
        let direction: Exchange.Direction
        let bind: Int?
        let record: any ExchangeRecord
    }

    private struct Ring {
        var entries: [Entry] = []
        /// The sequence number of the next entry.
        var next: Int64
    }

    public let capacity: Int
    /// The sequence number of the first entry that there ever was.
    let firstSequence: Int64
    private let ring: Mutex<Ring>

    /// Sequence numbers start at the time in microseconds: who follows the log goes on behind a restart.
    public init(capacity: Int = 500, now: Milliseconds = Timestamp.now()) {
        self.capacity = max(1, capacity)
        firstSequence = now * 1000
        ring = Mutex(Ring(next: now * 1000))
    }

    public func record(
        _ record: any ExchangeRecord, _ direction: Exchange.Direction, bind: Int?, at instant: Milliseconds
    ) {
        let entry = Entry(at: instant, direction: direction, bind: bind, record: record)
        // What is overwritten is freed outside the lock.
        let old: Entry? = ring.withLock { ring in
            defer { ring.next += 1 }
            guard ring.entries.count == capacity else {
                ring.entries.append(entry)
                return nil
            }
            let place = place(of: ring.next)
            defer { ring.entries[place] = entry }
            return ring.entries[place]
        }
        _ = consume old
    }

    private func place(of sequence: Int64) -> Int { Int((sequence - firstSequence) % Int64(capacity)) }

    /// The sequence number that the next entry will have.
    public var nextSequence: Int64 { ring.withLock { $0.next } }

    /// Up to `limit` entries, oldest first: the first ones behind `sequence`, or the newest where it is nil.
    public func entries(after sequence: Int64? = nil, limit: Int = .max) -> [Exchange] {
        let found = ring.withLock { ring in
            let oldest = ring.next - Int64(ring.entries.count)
            var range = oldest..<ring.next
            if let sequence { range = max(oldest, min(sequence, ring.next - 1) + 1)..<ring.next }
            let excess = Int64(max(0, range.count - max(0, limit)))
            range =
                sequence == nil
                ? (range.lowerBound + excess)..<range.upperBound : range.lowerBound..<(range.upperBound - excess)
            return range.map { ($0, ring.entries[place(of: $0)]) }
        }
        return found.map { sequence, entry in
            Exchange(
                sequence: sequence, at: entry.at, direction: entry.direction, bind: entry.bind,
                text: entry.record.described)
        }
    }
}
