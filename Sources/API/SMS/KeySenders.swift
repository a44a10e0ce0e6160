// SPDX-License-Identifier: Apache-2.0
// Which senders a key is for. A key that names senders sends from those alone, and messages of others do not exist for
// it.

internal import Accounts
internal import Messaging

extension APIKey {
    /// Whether the message has a sender that the key is for.
    func covers(_ message: Message) -> Bool { covers(kind: message.kind.rawValue, address: message.sender) }

    /// Throws 403 for a message that the key may not send.
    func checkSender(of message: Message) throws(Problem) {
        guard covers(message) else {
            throw .forbidden(Violation(field: "from", message: "is a sender that the API key is not for"))
        }
    }
}
