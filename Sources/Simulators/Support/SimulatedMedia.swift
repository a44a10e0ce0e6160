// SPDX-License-Identifier: Apache-2.0
// The media that were uploaded to a simulated provider or sent by its customers; the oldest are forgotten.

internal import Wire

struct SimulatedMedium: Sendable {
    var id: String
    var bytes: [UInt8]
    var mimeType: String
    var sha256: String
    var filename: String?
}

struct SimulatedMedia: Sendable {
    let limit: Int
    private var media: [String: SimulatedMedium] = [:]
    private var order: [String] = []
    private var serial: UInt64

    init(limit: Int, now: Milliseconds) {
        self.limit = limit
        serial = UInt64(max(0, now)) * 1000
    }

    subscript(id: String) -> SimulatedMedium? { media[id] }

    mutating func add(_ bytes: [UInt8], mimeType: String, filename: String?) -> SimulatedMedium {
        serial += 1
        let medium = SimulatedMedium(
            id: String(serial), bytes: bytes, mimeType: mimeType, sha256: Signature.sha256(bytes), filename: filename)
        media[medium.id] = medium
        order.append(medium.id)
        if order.count > limit { media[order.removeFirst()] = nil }
        return medium
    }

    mutating func remove(_ id: String) -> Bool {
        guard media.removeValue(forKey: id) != nil else { return false }
        order.removeAll { $0 == id }
        return true
    }
}
