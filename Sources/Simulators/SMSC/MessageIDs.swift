// SPDX-License-Identifier: Apache-2.0
// Message ids as submit responses give them, and as receipts write them.

internal import Wire

/// Hands out ids in one form; the number behind an id never repeats.
struct MessageIDs: Sendable {
    let form: SMSCSimulator.MessageIDForm
    private(set) var nextNumber: UInt64

    init(form: SMSCSimulator.MessageIDForm, first: UInt64) {
        self.form = form
        nextNumber = first
    }

    /// Goes on after a number that is taken.
    mutating func skip(past number: UInt64) {
        nextNumber = max(nextNumber, number == .max ? .max : number + 1)
    }

    mutating func takeNumber() -> UInt64 {
        defer { nextNumber &+= 1 }
        return nextNumber
    }

    func text(for number: UInt64, now: Milliseconds) -> String {
        switch form {
        case .decimal: String(number)
        case .hexadecimal: String(number, radix: 16)
        case .uuid: UUIDv7.next(now: now).description
        }
    }
}

extension SMSCSimulator.ReceiptIDForm {
    /// The id as receipts write it. An id that cannot be read as a number is not converted.
    func text(for id: String) -> String {
        let converted =
            switch conversion {
            case .same: id
            case .hexOfDecimal: UInt64(id).map { String($0, radix: 16) } ?? id
            case .decimalOfHex: UInt64(id, radix: 16).map { String($0) } ?? id
            }
        let padded = String(repeating: "0", count: max(0, minimumLength - converted.utf8.count)) + converted
        return letterCase == .upper ? padded.uppercased() : padded.lowercased()
    }
}
