// SPDX-License-Identifier: Apache-2.0
// Slows down whoever guesses passwords, as a pure value: an address whose binds under one name fail again and again is not
// listened to under that name for a while, and one that tries many names not at all. Nobody can lock a customer out from
// elsewhere by guessing wrongly.
//
//   open ──limit-th failure within the window──▶ locked ──its time is over──▶ open

internal import Wire

struct GuessGuard {
    private struct Key: Hashable {
        let address: String
        /// Nil for all names together.
        let systemID: String?
    }

    private struct Record {
        var failures = 0
        /// When the failures are forgotten, or the lock ends.
        var until: Milliseconds
    }

    /// After how many failures an address is locked out under one name, and under any.
    static let limit = 5
    static let addressLimit = 50
    /// For how long failures count, and a lock holds.
    static let window: Milliseconds = 300_000
    /// How much is remembered; what was first is forgotten first.
    static let capacity = 10_000

    private var records: [Key: Record] = [:]

    /// Whether nothing from `address` is to be heard.
    func isLocked(_ address: String, now: Milliseconds) -> Bool {
        failures(Key(address: address, systemID: nil), now: now) >= Self.addressLimit
    }

    /// Whether binds from `address` as `systemID` are to be refused unheard.
    func isLocked(_ address: String, as systemID: String, now: Milliseconds) -> Bool {
        isLocked(address, now: now)
            || failures(Key(address: address, systemID: systemID), now: now) >= Self.limit
    }

    /// A bind failed for want of the right name or password.
    mutating func failed(_ address: String, as systemID: String, now: Milliseconds) {
        for key in [Key(address: address, systemID: nil), Key(address: address, systemID: systemID)] {
            if records.count >= Self.capacity, records[key] == nil { makeRoom(now: now) }
            records[key] = Record(failures: failures(key, now: now) + 1, until: now + Self.window)
        }
    }

    /// A bind went well: what failed under this name before was a mistake.
    mutating func succeeded(_ address: String, as systemID: String) {
        records[Key(address: address, systemID: systemID)] = nil
    }

    private func failures(_ key: Key, now: Milliseconds) -> Int {
        guard let record = records[key], record.until > now else { return 0 }
        return record.failures
    }

    private mutating func makeRoom(now: Milliseconds) {
        records = records.filter { $0.value.until > now }
        guard records.count >= Self.capacity else { return }
        // A good deal at once, so that a flood does not sort them all for every record.
        let oldest = records.sorted { $0.value.until < $1.value.until }.prefix(Self.capacity / 10)
        for (key, _) in oldest { records[key] = nil }
    }
}
