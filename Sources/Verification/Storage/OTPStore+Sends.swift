// SPDX-License-Identifier: Apache-2.0
// The sendings and the events of one-time passwords in the database.

internal import Accounts
internal import SQL
internal import Wire

extension OTPStore {
    func insert(_ send: OTPSend) throws {
        try transaction.execute(
            """
            INSERT INTO otp_sends (company_id, otp_id, number, message_id, channel, at, price)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            Self.key(send.otpID, send.companyID) + [
                SQLValue(send.number), .bytes(send.messageID.bytes), .text(send.channel.rawValue), .integer(send.at),
                SQLValue(send.price?.micros),
            ])
    }

    /// In their order.
    func sends(of otp: OneTimePassword) throws -> [OTPSend] {
        try transaction.query(
            """
            SELECT company_id, otp_id, number, message_id, channel, at, price FROM otp_sends
            WHERE company_id = $1 AND otp_id = $2 ORDER BY number
            """, Self.key(otp.id, otp.companyID)
        ).map(Self.send(from:))
    }

    /// The last sending as the gate was asked about it.
    func lastAttempt(of record: OTPRecord) throws -> SendAttempt? {
        let otp = record.otp
        guard let send = try sends(of: otp).last else { return nil }
        return SendAttempt(
            companyID: otp.companyID, otpID: otp.id, number: otp.number, channel: send.channel,
            clientAddress: record.clientAddress, price: send.price, isResend: send.number > 1)
    }

    /// Takes back a sending that did not take place. Its number is used again, unless another resend has come since.
    func removeSend(_ number: Int, of otp: OneTimePassword) throws {
        let values = Self.key(otp.id, otp.companyID) + [SQLValue(number)]
        try transaction.execute(
            "DELETE FROM otp_sends WHERE company_id = $1 AND otp_id = $2 AND number = $3", values)
        try transaction.execute(
            "DELETE FROM otp_events WHERE company_id = $1 AND otp_id = $2 AND send = $3", values)
        try transaction.execute(
            "UPDATE otps SET sends = sends - 1 WHERE company_id = $1 AND id = $2 AND sends = $3", values)
    }

    /// - Parameter send: the sending that the events are about
    func append(_ events: [OTPEvent], to otp: OneTimePassword, send: Int? = nil) throws {
        try transaction.executeBatch(
            "INSERT INTO otp_events (company_id, otp_id, type, status, at, send) VALUES ($1, $2, $3, $4, $5, $6)",
            events.map { event in
                Self.key(otp.id, otp.companyID) + [
                    .text(event.type.rawValue), SQLValue(event.status?.rawValue), .integer(event.at), SQLValue(send),
                ]
            })
    }

    /// What was noted, in order.
    func events(of otp: OneTimePassword) throws -> [OTPEvent] {
        try transaction.query(
            "SELECT type, status, at FROM otp_events WHERE company_id = $1 AND otp_id = $2 ORDER BY id",
            Self.key(otp.id, otp.companyID)
        ).compactMap { row in
            guard let type = OTPEventType(rawValue: try row.text("type")) else { return nil }
            let status = try row.textOrNil("status").flatMap(OTPOutcome.init(rawValue:))
            return OTPEvent(type, status: status, at: try row.int64("at"))
        }
    }

    private static func send(from row: Row) throws -> OTPSend {
        guard let otpID = UUIDv7(bytes: try row.bytes("otp_id")),
            let messageID = UUIDv7(bytes: try row.bytes("message_id")),
            let channel = OTPChannel(rawValue: try row.text("channel"))
        else { throw DatabaseError.decoding("otp_sends") }
        return OTPSend(
            companyID: try row.int64("company_id"), otpID: otpID, number: try row.int("number"), messageID: messageID,
            channel: channel, at: try row.int64("at"), price: try row.int64OrNil("price").map(Money.init(micros:)))
    }
}
