// SPDX-License-Identifier: Apache-2.0
// The channels of the Chat API, by the names that it has for them.

internal import Messaging

enum ChatChannel: String, CaseIterable {
    case sms, whatsapp, tyntecEcho

    var kind: ChannelKind {
        switch self {
        case .sms: .sms
        case .whatsapp: .whatsapp
        case .tyntecEcho: .echo
        }
    }

    /// Nil for a kind of channel that the API does not know.
    init?(_ kind: ChannelKind) {
        guard let channel = Self.allCases.first(where: { $0.kind == kind }) else { return nil }
        self = channel
    }

    /// As error texts list them.
    static let names = allCases.map(\.rawValue).joined(separator: ", ")
}
