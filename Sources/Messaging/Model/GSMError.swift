// SPDX-License-Identifier: Apache-2.0
// The error list that the SMS and NIS APIs report: the MAP user errors of 3GPP TS 29.002 §17.6.6, by number and name, and
// whether a carrier that gives one may be asked again.

/// One error of the list.
public struct GSMError: Sendable, Equatable {
    public let number: UInt16
    public let name: String
    /// Whether it may pass.
    public let isTemporary: Bool

    /// Four lower-case hexadecimal digits, as the SMS API shows it.
    public var code: String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private init(_ number: UInt16, _ name: String, temporary: Bool = false) {
        self.number = number
        self.name = name
        isTemporary = temporary
    }

    public static let unknownSubscriber = GSMError(0x01, "unknownSubscriber")
    public static let callBarred = GSMError(0x0d, "callBarred", temporary: true)
    public static let absentSubscriber = GSMError(0x1b, "absentSubscriber", temporary: true)
    public static let deliveryFailure = GSMError(0x20, "sm-DeliveryFailure", temporary: true)
    public static let queueFull = GSMError(0x21, "messageWaitingListFull", temporary: true)
    public static let systemFailure = GSMError(0x22, "systemFailure", temporary: true)
    public static let dataMissing = GSMError(0x23, "dataMissing")
    public static let unexpectedValue = GSMError(0x24, "unexpectedDataValue")
    public static let facilityNotSupported = GSMError(0x15, "facilityNotSupported")

    /// The whole list, by number; 0 is "no error".
    public static let all: [UInt16: GSMError] = Dictionary(
        uniqueKeysWithValues: [
            GSMError(0x00, "noError"), unknownSubscriber, GSMError(0x02, "unknownBaseStation"),
            GSMError(0x03, "unknownMSC"), GSMError(0x05, "unidentifiedSubscriber", temporary: true),
            GSMError(0x06, "absentsubscriberSM", temporary: true), GSMError(0x07, "unknownEquipment"),
            GSMError(0x08, "roamingNotAllowed", temporary: true), GSMError(0x09, "illegalSubscriber"),
            GSMError(0x0a, "bearerServiceNotProvisioned", temporary: true),
            GSMError(0x0b, "teleserviceNotProvisioned"), GSMError(0x0c, "illegalEquipment"), callBarred,
            GSMError(0x0e, "forwardingViolation"), GSMError(0x0f, "cug-Reject"),
            GSMError(0x10, "illegalSS-Operation"), GSMError(0x11, "ss-ErrorStatus"),
            GSMError(0x12, "ss-NotAvailable"), GSMError(0x13, "ss-SubscriptionViolation"),
            GSMError(0x14, "ss-Incompatibility"), facilityNotSupported, absentSubscriber,
            GSMError(0x1c, "incompatibleTerminal"), GSMError(0x1d, "shortTermDenial", temporary: true),
            GSMError(0x1e, "longTermDenial"), GSMError(0x1f, "subscriberBusyForMT-SMS", temporary: true),
            deliveryFailure, queueFull, systemFailure, dataMissing, unexpectedValue, GSMError(0x2c, "numberChanged"),
            GSMError(0x2d, "busySubscriber", temporary: true), GSMError(0x2e, "noSubscriberReply", temporary: true),
            GSMError(0x2f, "forwardingFailed"),
        ].map { ($0.number, $0) })

    /// The name of a code of the list, for people.
    public static func name(ofCode code: String) -> String? {
        UInt16(code, radix: 16).flatMap { all[$0]?.name }
    }
}
