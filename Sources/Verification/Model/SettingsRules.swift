// SPDX-License-Identifier: Apache-2.0
// What the settings of applications and the parameters of requests may be. The numbers are the API's (pin length, expiry)
// or ours, and are documented with the API.

internal import SMSText

enum SettingsRules {
    static let reservedName = "default"
    static let pinLengths = 4...10
    /// Seconds.
    static let expirations = 30...7200
    static let attempts = 1...10
    static let nameLengths = 1...100
    static let textLengths = 1...1000

    static func checked(_ settings: ApplicationSettings, isDefault: Bool) throws(VerificationError)
        -> ApplicationSettings
    {
        var settings = settings
        try checkName(settings.name, isDefault: isDefault)
        try checkPinLength(settings.pinLength)
        guard expirations.contains(settings.expire) else {
            throw .invalid(.expiration, field: "expire", message: "expiration should be between 30 and 7200")
        }
        guard attempts.contains(settings.attempts) else {
            throw .invalid(.attempts, field: "attempts", message: "attempts should be between 1 and 10")
        }
        settings.sender = try sender(settings.sender)
        settings.caller = try settings.caller.map { value throws(VerificationError) in try caller(value) }
        return settings
    }

    private static func checkName(_ name: String, isDefault: Bool) throws(VerificationError) {
        if isDefault {
            guard name == reservedName else {
                throw .invalid(.name, field: "name", message: "the default application cannot be renamed")
            }
            return
        }
        guard name.lowercased() != reservedName else {
            throw .invalid(.reservedName, field: "name", message: "cannot create application with name 'default'")
        }
        guard nameLengths.contains(name.unicodeScalars.count), isPrintable(name) else {
            throw .invalid(.name, field: "name", message: "name should have 1 to 100 printable characters")
        }
    }

    static func checkPinLength(_ length: Int) throws(VerificationError) {
        guard pinLengths.contains(length) else {
            throw .invalid(.pinLength, field: "pinLength", message: "PIN length should be between 4 to 10 digits")
        }
    }

    /// A sender as messages carry it: the digits of a number (a `+` or `00` before them is left out), or a name.
    static func sender(_ text: String) throws(VerificationError) -> String {
        if let digits = digits(of: text), (3...15).contains(digits.utf8.count) { return digits }
        let scalars = text.unicodeScalars
        // A text of nothing but what numbers are written with is no name.
        let isName =
            (1...11).contains(scalars.count) && scalars.contains { !numberCharacters.contains($0) }
            && scalars.allSatisfy { $0.value >= 0x20 && GSM7Alphabet.standard.code(for: $0) != nil }
        guard isName else {
            throw .invalid(
                .sender, field: "sender",
                message: "sender should be a number of 3 to 15 digits or a name of 1 to 11 characters")
        }
        return text
    }

    private static let numberCharacters = Set("+0123456789 -./()".unicodeScalars)

    /// The digits of the number that calls come from.
    static func caller(_ text: String) throws(VerificationError) -> String {
        guard let digits = digits(of: text), (3...15).contains(digits.utf8.count) else {
            throw .invalid(.caller, field: "caller", message: "caller should be a number of 3 to 15 digits")
        }
        return digits
    }

    /// ISO 639-1, in lower case.
    static func language(_ text: String) throws(VerificationError) -> String {
        let code = text.lowercased()
        guard Languages.all.contains(code) else {
            throw .invalid(.language, field: "language", message: "language should be an ISO 639-1 code")
        }
        return code
    }

    static func template(_ text: String) throws(VerificationError) -> String {
        guard isText(text), OTPText.hasCode(text) else {
            throw .invalid(
                .template, field: "text", message: "text should have up to 1000 characters, with {{OTP}} at least once")
        }
        return text
    }

    /// Digits alone, without the international prefix, behind which no country begins with 0; nil for any other text.
    private static func digits(of text: String) -> String? {
        var digits = text[...]
        if let prefix = ["+", "00"].first(where: { digits.hasPrefix($0) }) {
            digits = digits.dropFirst(prefix.count)
            if digits.hasPrefix("0") { return nil }
        }
        return !digits.isEmpty && digits.utf8.allSatisfy(isDigit) ? String(digits) : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    static func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// Whether it can be what a message says.
    static func isText(_ text: String) -> Bool {
        textLengths.contains(text.unicodeScalars.count)
            && text.unicodeScalars.allSatisfy {
                $0.properties.generalCategory != .control || $0 == "\n" || $0 == "\r"
            }
    }
}

enum RequestRules {
    static let codeLengths = 1...64
    static let referenceLengths = 1...255

    /// The request with its values as they are used.
    static func checked(_ request: OTPRequest) throws(VerificationError) -> OTPRequest {
        var request = request
        request.language = try request.language.map { value throws(VerificationError) in
            try SettingsRules.language(value)
        }
        request.sender = try request.sender.map { value throws(VerificationError) in try SettingsRules.sender(value) }
        request.caller = try request.caller.map { value throws(VerificationError) in try SettingsRules.caller(value) }
        if let length = request.pinLength { try SettingsRules.checkPinLength(length) }
        try checkCode(request.code)
        try checkText(request)
        if let reference = request.referenceID,
            !referenceLengths.contains(reference.unicodeScalars.count) || !SettingsRules.isPrintable(reference)
        {
            throw .invalid(
                .referenceID, field: "referenceId", message: "referenceId should have 1 to 255 printable characters")
        }
        return request
    }

    private static func checkCode(_ code: String?) throws(VerificationError) {
        guard let code else { return }
        guard codeLengths.contains(code.utf8.count), code.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalid(
                .code, field: "otpCode", message: "otpCode should have 1 to 64 ASCII characters without spaces")
        }
    }

    private static func checkText(_ request: OTPRequest) throws(VerificationError) {
        guard let text = request.text else { return }
        guard SettingsRules.isText(text) else {
            throw .invalid(.text, field: "text", message: "text should have 1 to 1000 printable characters")
        }
        guard request.code != nil || OTPText.hasCode(text) else {
            throw .invalid(.text, field: "text", message: "text should hold {{OTP}} unless otpCode is specified")
        }
    }
}
