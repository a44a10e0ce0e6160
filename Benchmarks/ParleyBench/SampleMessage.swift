// SPDX-License-Identifier: Apache-2.0
// The message that every benchmark sends: a parcel service tells of a delivery. Its number makes it unlike the others.

import NIOCore

enum SampleMessage {
    /// What stands before the message's number in its JSON, and in its report's.
    static let referencePrefix = Array(#""reference":"order-"#.utf8)

    /// The JSON before the message's reference number.
    static func start(callback: String?) -> String {
        let report = callback.map { #","callbackUrl":"\#($0)""# } ?? ""
        return #"{"from":"49301234567","to":"49170"#
            + #"1234100","message":"Your parcel arrives today between 14 and 16. "#
            + #"Track it at https://example.com/t/8a41f""#
            + #"\#(report),"reference":"order-"#
    }

    static let end = "\"}"

    static func json(_ number: Int, callback: String) -> ByteBuffer {
        ByteBuffer(string: start(callback: callback) + String(number) + end)
    }
}
