// SPDX-License-Identifier: Apache-2.0
// Carriers give a message's id in the submit response in one form and in the receipt in another: hexadecimal or decimal,
// padded or not, upper or lower case. Ids are stored under a key that forgets case and padding; a receipt's id is looked
// up under the keys that each form would have.

/// How a carrier's receipts write the id that its submit response gave.
public enum ReceiptIDForm: String, Sendable, CaseIterable {
    /// The same digits.
    case same
    /// The response is hexadecimal, the receipt decimal.
    case decimalOfHex = "decimal"
    /// The response is decimal, the receipt hexadecimal.
    case hexOfDecimal = "hex"
}

public enum ProviderID {
    /// The form under which an id is stored: lower case, without leading zeros.
    public static func key(of id: String) -> String {
        let isKey = id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
        if isKey, let first = id.utf8.first, first != 0x30 { return id }
        let trimmed = id.lowercased().drop { $0 == "0" }
        return trimmed.isEmpty ? (id.isEmpty ? "" : "0") : String(trimmed)
    }

    /// The stored keys that a receipt's id may stand for, each with the form that leads there.
    public static func candidates(forReceiptID id: String) -> [(form: ReceiptIDForm, key: String)] {
        let key = key(of: id)
        var candidates: [(form: ReceiptIDForm, key: String)] = [(.same, key)]
        if let value = UInt64(key, radix: 10) { candidates.append((.decimalOfHex, String(value, radix: 16))) }
        if let value = UInt64(key, radix: 16) { candidates.append((.hexOfDecimal, String(value))) }
        // Of two forms with one key the first counts.
        return candidates.indices.filter { index in !candidates[..<index].contains { $0.key == candidates[index].key } }
            .map { candidates[$0] }
    }
}
