// SPDX-License-Identifier: Apache-2.0
// Message ids as an account's clients see them: the id of every other API, or its number in one of two radixes.

internal import Messaging
internal import Wire

extension SMPPAccountSettings.IDForm {
    /// The id as it is written in responses and receipts.
    func text(of id: MessageID) -> String {
        switch self {
        case .uuid: id.description
        case .decimal: String(id.number)
        case .hexadecimal: String(id.number, radix: 16)
        }
    }
}

/// An id that a client names.
enum NamedMessage: Equatable {
    case id(MessageID)
    case number(UInt64)

    /// Reads the account's form, and the 36 characters whatever the form; nil for anything else.
    init?(_ text: String, form: SMPPAccountSettings.IDForm) {
        if let id = MessageID(text) {
            self = .id(id)
            return
        }
        let number: UInt64? =
            switch form {
            case .uuid: nil
            case .decimal: UInt64(text, radix: 10)
            case .hexadecimal: UInt64(text, radix: 16)
            }
        guard let number else { return nil }
        self = .number(number)
    }
}
