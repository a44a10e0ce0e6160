// SPDX-License-Identifier: Apache-2.0
// What Meta knows of a business's customers: their two ids and when they wrote last. Pure; bounded by forgetting the
// customers who were quiet longest.

internal import Wire

struct GraphCustomers: Sendable {
    static let limit = 100_000
    /// The customer-care window, in milliseconds.
    static let window: Milliseconds = 24 * 3_600_000

    private var lastWritten: [String: Milliseconds] = [:]
    private var numbers: [String: String] = [:]

    /// Notes that a customer, by digits and by business-scoped id, has written to a number.
    mutating func wrote(_ phoneNumberID: String, waID: String?, userID: String?, at now: Milliseconds) {
        if lastWritten.count > Self.limit { lastWritten = lastWritten.filter { now - $0.value < Self.window } }
        if lastWritten.count > Self.limit { lastWritten = [:] }
        for id in [waID, userID] {
            if let id { lastWritten["\(phoneNumberID)/\(id)"] = now }
        }
        if let waID, let userID {
            if numbers.count > Self.limit { numbers = [:] }
            numbers[userID] = waID
        }
    }

    /// Shuts the window again, as 24 hours would.
    mutating func closeWindow(_ phoneNumberID: String, _ customer: String) {
        lastWritten["\(phoneNumberID)/\(customer)"] = nil
        lastWritten["\(phoneNumberID)/\(Self.userID(of: customer))"] = nil
    }

    /// Until when the window is open; nil when it is shut.
    func windowEnd(_ phoneNumberID: String, _ customer: String, now: Milliseconds) -> Milliseconds? {
        guard let last = lastWritten["\(phoneNumberID)/\(customer)"], now - last < Self.window else { return nil }
        return last + Self.window
    }

    func waID(ofUser userID: String) -> String? { numbers[userID] }

    /// The business-scoped id that this simulator gives to a number: it ends in the number's last three digits, so that
    /// the outcome rule means the same for both.
    static func userID(of digits: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in digits.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return "DE.\(1_000_000_000_000_000 + hash % 1_000_000_000_000_000)\(digits.suffix(3))"
    }

    /// A country, a full stop and up to 128 letters and digits, `ENT.` before them for a parent's id.
    static func isUserID(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3 && parts[1] == "ENT", let country = parts.first, let id = parts.last,
            country.utf8.count == 2, country.utf8.allSatisfy({ (0x41...0x5A).contains($0) })
        else { return false }
        return (1...128).contains(id.utf8.count) && id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }
}
