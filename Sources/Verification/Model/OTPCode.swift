// SPDX-License-Identifier: Apache-2.0
// Makes codes and keeps them secret. Two things are stored of a code: a keyed mark by which a check recognises it without
// anybody reading it, and the code itself, sealed, for as long as it can be sent again. Both are bound to their one-time
// password and worth nothing without the master key.

internal import Accounts
internal import Wire

enum OTPCode {
    static let digits = Array("0123456789")
    /// Digits and lower-case letters.
    static let alphanumerics = digits + Array("abcdefghijklmnopqrstuvwxyz")

    /// Characters that are each as likely as any other, from the system's cryptographic source.
    static func generate(length: Int, alphanumeric: Bool) -> String {
        var system = SystemRandomNumberGenerator()
        return generate(length: length, alphanumeric: alphanumeric, using: &system)
    }

    /// `Int.random(in:)` draws again where a remainder would favour some characters.
    static func generate(length: Int, alphanumeric: Bool, using generator: inout some RandomNumberGenerator) -> String {
        let alphabet = alphanumeric ? alphanumerics : digits
        return String((0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
    }

    /// The code as a voice says it: `1, 2, 3, 4`.
    static func spelled(_ code: String) -> String { code.map(String.init).joined(separator: ", ") }
}

/// What a one-time password keeps from everybody.
struct OTPSecret: Sendable {
    let code: String
    /// The text that its request brought, which may hold the code.
    let text: String?

    init(code: String, text: String?) {
        self.code = code
        self.text = text
    }

    /// The mark of the code.
    func mark(for otp: OneTimePassword, with secrets: SecretBox) -> [UInt8] {
        secrets.authenticationCode(of: code, purpose: Self.purpose(otp))
    }

    /// Whether a code is the one of this record. The time that it takes says nothing about the code.
    static func matches(_ code: String, _ record: OTPRecord, with secrets: SecretBox) -> Bool {
        guard let mark = record.mark else { return false }
        return secrets.isAuthenticationCode(mark, of: code, purpose: purpose(record.otp))
    }

    func sealed(for otp: OneTimePassword, with secrets: SecretBox) throws -> String {
        var writer = JSONWriter(capacity: 64)
        writer.object { writer in
            writer.member("code", code)
            if let text { writer.member("text", text) }
        }
        return try secrets.seal(writer.text, purpose: Self.purpose(otp))
    }

    /// Nil when it was sealed with another master key, or for another one-time password.
    init?(sealed: String, of otp: OneTimePassword, with secrets: SecretBox) {
        guard let json = try? secrets.open(sealed, purpose: Self.purpose(otp)),
            let value = try? JSONValue(parsing: json.utf8), let code = value["code"]?.string
        else { return nil }
        self.init(code: code, text: value["text"]?.string)
    }

    private static func purpose(_ otp: OneTimePassword) -> String { "otp \(otp.companyID) \(otp.id)" }
}
