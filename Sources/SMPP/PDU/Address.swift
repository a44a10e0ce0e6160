// SPDX-License-Identifier: Apache-2.0
// SMPP addresses, and the choice of type of number and numbering plan by the form of the text.

/// Type of number (SMPP 3.4 §5.2.5).
public struct TypeOfNumber: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral {
    public var rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public init(integerLiteral value: UInt8) {
        self.rawValue = value
    }

    public static let unknown: TypeOfNumber = 0
    public static let international: TypeOfNumber = 1
    public static let national: TypeOfNumber = 2
    public static let networkSpecific: TypeOfNumber = 3
    public static let subscriber: TypeOfNumber = 4
    public static let alphanumeric: TypeOfNumber = 5
    public static let abbreviated: TypeOfNumber = 6
}

/// Numbering plan indicator (SMPP 3.4 §5.2.6).
public struct NumberingPlan: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral {
    public var rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public init(integerLiteral value: UInt8) {
        self.rawValue = value
    }

    public static let unknown: NumberingPlan = 0
    public static let isdn: NumberingPlan = 1
    public static let data: NumberingPlan = 3
    public static let telex: NumberingPlan = 4
    public static let landMobile: NumberingPlan = 6
    public static let national: NumberingPlan = 8
    public static let `private`: NumberingPlan = 9
    public static let ermes: NumberingPlan = 10
    public static let internet: NumberingPlan = 14
    public static let wap: NumberingPlan = 18
}

/// An address with its type of number and numbering plan. At most 20 octets of value (64 in data_sm and
/// alert_notification).
public struct Address: Hashable, Sendable {
    public var ton: TypeOfNumber
    public var npi: NumberingPlan
    public var value: String

    public init(ton: TypeOfNumber = .unknown, npi: NumberingPlan = .unknown, value: String = "") {
        self.ton = ton
        self.npi = npi
        self.value = value
    }
}

/// How a connector writes addresses: which TON and NPI belong to which form of address. The defaults suit most carriers.
public struct AddressRules: Hashable, Sendable {
    /// A TON with its NPI.
    public struct Form: Hashable, Sendable {
        public var ton: TypeOfNumber
        public var npi: NumberingPlan

        public init(ton: TypeOfNumber, npi: NumberingPlan) {
            self.ton = ton
            self.npi = npi
        }
    }

    /// For `+49…` and plain digits.
    public var international = Form(ton: .international, npi: .isdn)
    /// For anything that is not a number.
    public var alphanumeric = Form(ton: .alphanumeric, npi: .unknown)
    /// For senders of only a few digits.
    public var shortCode = Form(ton: .networkSpecific, npi: .unknown)
    /// How many digits make a sender a short code.
    public var shortCodeDigits: ClosedRange<Int> = 3...8
    /// Whether the leading `+` is left out of the value; the type of number says it already.
    public var removesPlus = true

    public init() {}

    /// The address of a sender: number, short code or alphanumeric name.
    public func sender(_ text: String) -> Address {
        guard let digits = Self.digits(text) else { return address(alphanumeric, text) }
        let isShort = !text.hasPrefix("+") && shortCodeDigits.contains(digits.utf8.count)
        return isShort ? address(shortCode, digits) : address(international, removesPlus ? digits : text)
    }

    /// The address of a recipient: a number whatever its length.
    public func destination(_ text: String) -> Address {
        guard let digits = Self.digits(text) else { return address(alphanumeric, text) }
        return address(international, removesPlus ? digits : text)
    }

    private func address(_ form: Form, _ value: String) -> Address {
        Address(ton: form.ton, npi: form.npi, value: value)
    }

    private static func digits(_ text: String) -> String? {
        let digits = text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return String(digits)
    }
}
