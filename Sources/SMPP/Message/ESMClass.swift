// SPDX-License-Identifier: Apache-2.0
// The bits of esm_class (SMPP 3.4 §5.2.12).

/// esm_class: messaging mode (bits 0–1), message type (bits 2–5), user data header and reply path (bits 6–7).
public struct ESMClass: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral {
    public var rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public init(integerLiteral value: UInt8) {
        self.rawValue = value
    }

    /// What a delivered message is.
    public enum MessageType: UInt8, Sendable {
        case message = 0x00
        case deliveryReceipt = 0x04
        case deliveryAcknowledgement = 0x08
        case userAcknowledgement = 0x10
        case conversationAbort = 0x18
        case intermediateNotification = 0x20
    }

    /// Nil for a combination of bits that the specification reserves.
    public var messageType: MessageType? {
        get { MessageType(rawValue: rawValue & 0x3C) }
        set { rawValue = rawValue & ~0x3C | (newValue ?? .message).rawValue }
    }

    /// UDHI: the short message starts with a user data header.
    public var hasUserDataHeader: Bool {
        get { rawValue & 0x40 != 0 }
        set { rawValue = newValue ? rawValue | 0x40 : rawValue & ~0x40 }
    }

    public var hasReplyPath: Bool {
        get { rawValue & 0x80 != 0 }
        set { rawValue = newValue ? rawValue | 0x80 : rawValue & ~0x80 }
    }

    /// A delivery receipt or an intermediate notification, whose text has the form of Appendix B.
    public var isReceipt: Bool { messageType == .deliveryReceipt || messageType == .intermediateNotification }
}
