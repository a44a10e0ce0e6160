// SPDX-License-Identifier: Apache-2.0
// The `OtpStatusEntity` and the `StatusEvent` of the 2FA API: instants as milliseconds since 1970 and as text, members that
// have no value as null.
//
//   {"accountId":"1","applicationId":"0197…","attemptCount":0,"created":1732190400000,"expire":1732190700000,
//    "number":"+491719876543","otpId":"0197…","otpStatus":"ACTIVE","referenceId":null,
//    "timestampCreated":"2024-11-21T12:00:00.000Z","timestampExpire":"2024-11-21T12:05:00.000Z"}
//
//   {"created":1732190401512,"status":"success","statusText":"DELIVERED",
//    "timestampCreated":"2024-11-21T12:00:01.512Z","type":"SMS_DELIVERED"}

internal import Verification
internal import Wire

struct PasswordBody {
    let password: OneTimePassword

    init(_ password: OneTimePassword) { self.password = password }

    func write(to writer: inout JSONWriter) {
        writer.member("accountId", String(password.companyID))
        writer.member("applicationId", password.applicationID.description)
        writer.member("attemptCount", password.attemptCount)
        writer.member("created", password.createdAt)
        writer.member("expire", password.expiresAt)
        writer.member("number", "+" + password.number)
        writer.member("otpId", password.id.description)
        writer.member("otpStatus", password.status.rawValue)
        writer.member("referenceId", value: password.referenceID.map(JSONValue.string) ?? .null)
        writer.member("timestampCreated", Timestamp.rfc3339(password.createdAt, milliseconds: true))
        writer.member("timestampExpire", Timestamp.rfc3339(password.expiresAt, milliseconds: true))
    }
}

struct PasswordEventBody {
    let event: OTPEvent

    func write(to writer: inout JSONWriter) {
        writer.member("created", event.at)
        writer.member("status", value: event.status.map { .string($0.rawValue) } ?? .null)
        writer.member("statusText", value: event.statusText.map(JSONValue.string) ?? .null)
        writer.member("timestampCreated", Timestamp.rfc3339(event.at, milliseconds: true))
        writer.member("type", event.type.rawValue)
    }
}
