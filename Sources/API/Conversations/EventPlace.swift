// SPDX-License-Identifier: Apache-2.0
// Where something happened to an outbound message: of a message with several channels, the one that an event names and
// whose settings say where the event goes.

internal import Accounts
internal import Messaging

struct EventPlace: Equatable {
    /// The place in the chain of channels, from 0.
    let step: Int
    let kind: ChannelKind
    let sender: String
    let recipient: String

    /// One channel of the message.
    init(_ message: Message, step: Int) {
        self.step = step
        if step != message.step, let chain = message.extra?.chain, chain.indices.contains(step) {
            (kind, sender, recipient) = (chain[step].kind, chain[step].sender, chain[step].recipient)
        } else {
            (kind, sender, recipient) = (message.kind, message.sender, message.recipient)
        }
    }

    /// Where the message has arrived, which may be a channel before the last one tried; else the last one.
    init(_ message: Message, parts: [Part]) {
        let arrived: PartState? =
            switch message.status {
            case .delivered: .delivered
            case .seen: .seen
            default: nil
            }
        self.init(message, step: parts.last { $0.state == arrived }?.step ?? message.step)
    }
}

extension Directory {
    /// Where the events of an outbound message go: what is set for the channel that it was sent from, over what its
    /// company has set.
    func callback(of place: EventPlace, companyID: CompanyID) -> CallbackSettings {
        let address = ChannelAddress(kind: place.kind, address: place.sender)
        guard let channel = channels[address], channel.companyID == companyID else {
            return companySettings[companyID]?.callback ?? CallbackSettings()
        }
        return callback(of: channel)
    }
}

/// Why a message or one of its channels has failed.
struct EventFailure: Equatable {
    let code: String
    let message: String

    /// Nil where nobody gave a code.
    init?(code: String?, reason: String?) {
        guard let code else { return nil }
        self.code = code
        message = reason ?? GSMError.name(ofCode: code) ?? code
    }
}

extension ChannelKind {
    /// As events name it.
    var eventName: String { self == .echo ? "tyntecEcho" : rawValue }
}
