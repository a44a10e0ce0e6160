// SPDX-License-Identifier: Apache-2.0
// Who calls whom, as SIP writes it. Only digits of a message get into a header.

internal import Messaging

struct SIPParties: Equatable {
    /// The Request-URI.
    var target: String
    /// From's URI.
    var from: String
    /// From's display name.
    var display: String?
    /// Contact's user.
    var user: String
    /// Further headers, each with CRLF.
    var headers: String

    /// Nil where the recipient is not a number. A sender that is not a number either, such as a word, is no caller.
    init?(sender: String, recipient: String, _ options: SIPOptions) {
        guard Self.isNumber(recipient) else { return nil }
        let plus = options.writesPlus ? "+" : ""
        let domain = options.domain == nil || options.domain == options.host ? options.trunk : options.realm
        target = "sip:\(plus)\(recipient)@\(domain)"
        user = options.username ?? "parley"
        guard let caller = Self.isNumber(sender) ? sender : options.caller else {
            // RFC 3323 §4.1.1.3; the trunk still knows who we are.
            from = "sip:anonymous@anonymous.invalid"
            display = "Anonymous"
            headers = "Privacy: id\r\n"
            return
        }
        from = "sip:\(plus)\(caller)@\(options.realm)"
        // RFC 3325 §9.1.
        headers = options.assertsIdentity ? "P-Asserted-Identity: <\(from)>\r\n" : ""
    }

    static func isNumber(_ text: String) -> Bool {
        (1...20).contains(text.utf8.count)
            && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
