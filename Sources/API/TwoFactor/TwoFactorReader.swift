// SPDX-License-Identifier: Apache-2.0
// Takes the parameters of the 2FA API out of a request: out of its query, and where there is one out of a body of JSON or
// form fields; the query wins. What the values may be is the business of `Verification`; here they become what they mean.

internal import Hummingbird
internal import PhoneNumbers
internal import Verification
internal import Wire

struct TwoFactorReader {
    private let values: [String: JSONValue]
    private var reader: ParameterReader

    /// The parameters in the query alone.
    init(queryOf request: Request) throws { self.init(Self.named(try RequestParameters.inQuery(of: request))) }

    /// The parameters in the query and in the body.
    init(of request: Request) async throws {
        let query = Self.named(try RequestParameters.inQuery(of: request))
        let all = Self.named(try await RequestParameters.inQueryAndBody(of: request))
        self.init(all.merging(query) { _, fromQuery in fromQuery })
    }

    private init(_ values: [String: JSONValue]) {
        self.values = values
        reader = ParameterReader(values)
    }

    /// `alphaNumeric` is written in two ways in the API's own document, and in any case by its clients.
    private static func named(_ values: [String: JSONValue]) -> [String: JSONValue] {
        var named = values
        for name in values.keys where name.lowercased() == "alphanumeric" && name != "alphanumeric" {
            named["alphanumeric"] = named["alphanumeric"] ?? values[name]
        }
        return named
    }

    /// Throws when something cannot be read.
    func check() throws(TwoFactorError) {
        guard reader.violations.isEmpty else { throw TwoFactorError(reader.violations) }
    }

    // MARK: Kinds of values

    private mutating func text(_ name: String) -> String? {
        isExact(name) ? reader.storedText(name, maximumLength: .max) : nil
    }

    /// A text that must be there; the empty one, which is as good as none, after a violation.
    private mutating func required(_ name: String) -> String {
        guard isExact(name), let value = reader.requiredText(name) else { return "" }
        if value.utf8.contains(0) { reader.refuse(name, "must not contain the character U+0000") }
        return value
    }

    /// Whether the value is no number that many clients cannot write exactly (RFC 8259 §6): a code would be another one.
    private mutating func isExact(_ name: String) -> Bool {
        guard let number = values[name]?.double, abs(number) > 9_007_199_254_740_991 else { return true }
        reader.refuse(name, "must be a string where it has so many digits")
        return false
    }

    private mutating func wholeNumber(_ name: String) -> Int? {
        guard isGiven(name) else { return nil }
        guard let value = reader.text(name) else { return nil }
        if let number = Int(value) { return number }
        reader.refuse(name, "must be a whole number")
        return nil
    }

    private mutating func flag(_ name: String) -> Bool? {
        isGiven(name) ? reader.flag(name, default: false) : nil
    }

    /// Null and the empty text are the same as no value.
    private func isGiven(_ name: String) -> Bool {
        switch values[name] {
        case nil, .null?, .string("")?: false
        default: true
        }
    }

    // MARK: Applications

    /// The settings of a new application.
    mutating func settings() -> ApplicationSettings {
        var settings = ApplicationSettings(name: text("name") ?? "")
        settings.pinLength = wholeNumber("pinLength") ?? settings.pinLength
        settings.isAlphanumeric = flag("alphanumeric") ?? settings.isAlphanumeric
        settings.attempts = wholeNumber("attempts") ?? settings.attempts
        settings.expire = wholeNumber("expire") ?? settings.expire
        settings.sender = text("sender") ?? settings.sender
        settings.caller = text("caller")
        return settings
    }

    /// What is to change of an application.
    mutating func change() -> ApplicationChange {
        var change = ApplicationChange()
        change.name = text("name")
        change.pinLength = wholeNumber("pinLength")
        change.isAlphanumeric = flag("alphanumeric")
        change.attempts = wholeNumber("attempts")
        change.expire = wholeNumber("expire")
        change.sender = text("sender")
        change.caller = text("caller")
        change.removesCaller = flag("deleteCaller") ?? false
        return change
    }

    mutating func template() -> (key: TemplateKey, text: String) { (templateKey(), required("text")) }

    mutating func templateKey() -> TemplateKey {
        let language = required("language")
        let channel: OTPChannel? = reader.choice("channel", ["SMS": .sms, "VOICE": .voice], default: nil)
        return TemplateKey(language: language, channel: channel)
    }

    // MARK: One-time passwords

    /// A request for a code; nil where its number cannot be read. `clientIp` is an extension: where the person sits who
    /// asked the customer for the code.
    mutating func otpRequest() -> OTPRequest? {
        let number = number(region: text("country"))
        let applicationID = applicationID()
        let delivery = delivery()
        let language = text("language")
        let message = text("text")
        let referenceID = text("referenceId")
        let code = text("otpCode")
        let pinLength = wholeNumber("pinLength")
        guard let number else { return nil }
        var request = OTPRequest(number: number)
        request.applicationID = applicationID
        request.via = delivery.via
        request.language = language
        request.text = message
        request.referenceID = referenceID
        request.code = code
        request.sender = delivery.sender
        request.caller = delivery.caller
        request.pinLength = pinLength
        request.clientAddress = delivery.clientAddress
        return request
    }

    /// How a code is to reach its recipient.
    struct Delivery {
        var via: Via
        var sender: String?
        var caller: String?
        var clientAddress: IPAddress?
    }

    mutating func delivery() -> Delivery {
        let via = reader.choice("via", ["AUTO": Via.auto, "SMS": .sms, "VOICE": .voice], default: .auto)
        return Delivery(via: via, sender: text("sender"), caller: text("caller"), clientAddress: clientAddress())
    }

    private mutating func clientAddress() -> IPAddress? {
        guard let text = text("clientIp") else { return nil }
        if let address = IPAddress(text) { return address.unmapped }
        reader.refuse("clientIp", "must be an IPv4 or IPv6 address")
        return nil
    }

    /// Nil for the default application.
    private mutating func applicationID() -> ApplicationID? {
        guard let text = text("applicationId"), text != ApplicationReference.defaultName else { return nil }
        if let id = ApplicationID(text) { return id }
        reader.refuse("applicationId", "must be the UUID of an application, or default")
        return nil
    }

    /// The code that somebody typed.
    mutating func typedCode() -> String { required("otpCode") }

    /// The digits of the number that is asked about; none after a violation.
    mutating func numberDigits() -> String { number(region: nil)?.digits ?? "" }

    private mutating func number(region: String?) -> PhoneNumber? {
        guard var text = reader.requiredText("number") else { return nil }
        // A plus sign that nobody escaped comes out of a query as a space.
        if text.hasPrefix(" ") { text = "+" + text.drop { $0 == " " } }
        do throws(PhoneNumberError) {
            let number = try PhoneNumber(parsing: text, region: region)
            if number.digits.utf8.count < SMSAddress.numberLengths.lowerBound { throw .tooShort }
            if number.digits.utf8.count > SMSAddress.numberLengths.upperBound { throw .tooLong }
            return number
        } catch {
            switch error {
            case .unknownRegion: reader.refuse("country", "must be an ISO 3166-1 alpha-2 code")
            case .regionMismatch: reader.refuse("country", "is not the country of the number")
            case .unknownCountryCode: reader.refuse("number", "begins with no known country code")
            case .tooShort: reader.refuse("number", "is too short for a phone number")
            case .tooLong: reader.refuse("number", "is too long for a phone number")
            case .notANumber: reader.refuse("number", "must be a phone number in international format")
            }
            return nil
        }
    }
}

/// How an application is named in an address or a parameter.
enum ApplicationReference {
    static let defaultName = "default"

    /// The id that the address of a request names; nil for the default application. Throws 404 for what is no id.
    static func id(in context: APIRequestContext) throws(TwoFactorError) -> ApplicationID? {
        let text = context.parameters.get("applicationId") ?? ""
        if text == defaultName { return nil }
        guard let id = ApplicationID(text) else { throw .unknownApplication }
        return id
    }
}
