// SPDX-License-Identifier: Apache-2.0
// The two editions of the Chat API v2. They are one API at two addresses: either shows what was sent through the other,
// and the older lacks some members.

public import Messaging

/// An edition of the Chat API.
public enum ChatVersion: Sendable, CaseIterable {
    case v2_6
    case v2_3

    /// Those whose messages are messages of the Chat API.
    static let surfaces = Set(allCases.map(\.surface))

    /// Where the edition is, without slashes around it.
    public var root: String {
        switch self {
        case .v2_6: "chat-api/v2"
        case .v2_3: "messaging/v2/chat"
        }
    }

    /// What messages of the edition are stored as.
    public var surface: Surface {
        switch self {
        case .v2_6: .chat
        case .v2_3: .chat23
        }
    }
}
