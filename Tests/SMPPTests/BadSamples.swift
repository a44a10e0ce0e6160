// SPDX-License-Identifier: Apache-2.0
// Octets of every PDU, put together field by field from the tables of SMPP 3.4 §4, beside the values they stand for, and
// octets that are well framed but wrong beside the status they are answered with.

import Testing

@testable import SMPP

struct CodecSample: Sendable, CustomTestStringConvertible {
    var pdu: PDU
    var hex: String

    var testDescription: String { "\(pdu.commandID) \(hex.count / 2) octets" }
}

struct BadSample: Sendable, CustomTestStringConvertible {
    var why: String
    var hex: String
    var status: CommandStatus
    /// command_id of the answer; 0 when there is none.
    var answer: UInt32

    var testDescription: String { why }
}

let badSamples: [BadSample] = [
    BadSample(
        why: "submit_sm service_type of 6 octets",
        hex: "000000270000000400000000000000033132333435360000000000000000000000000000000000",
        status: .invalidServiceType, answer: 0x80000004),
    BadSample(
        why: "submit_sm source of 21 octets",
        hex: "00000036000000040000000000000003000000313131313131313131313131313131313131313131000000000000"
            + "0000000000000000",
        status: .invalidSourceAddress, answer: 0x80000004),
    BadSample(
        why: "submit_sm destination of 21 octets",
        hex: "00000036000000040000000000000003000000000000313131313131313131313131313131313131313131000000"
            + "0000000000000000",
        status: .invalidDestinationAddress, answer: 0x80000004),
    BadSample(
        why: "submit_sm sm_length 255",
        hex: "0000012000000004000000000000000300000000000000000000000000000000ff78787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "787878787878787878787878",
        status: .invalidMessageLength, answer: 0x80000004),
    BadSample(
        why: "submit_sm sm_length beyond the end",
        hex: "0000002300000004000000000000000300000000000000000000000000000000090102",
        status: .invalidMessageLength, answer: 0x80000004),
    BadSample(
        why: "submit_sm validity of 17 octets",
        hex: "00000032000000040000000000000003000000000000000000000031313131313131313131313131313131310000"
            + "00000000",
        status: .invalidValidityPeriod, answer: 0x80000004),
    BadSample(
        why: "submit_sm schedule of 17 octets",
        hex: "00000032000000040000000000000003000000000000000000003131313131313131313131313131313131000000"
            + "00000000",
        status: .invalidScheduledDeliveryTime, answer: 0x80000004),
    BadSample(
        why: "submit_sm one stray octet",
        hex: "00000022000000040000000000000003000000000000000000000000000000000001",
        status: .invalidOptionalPart, answer: 0x80000004),
    BadSample(
        why: "submit_sm TLV longer than the body",
        hex: "0000002600000004000000000000000300000000000000000000000000000000000424000901",
        status: .invalidOptionalPart, answer: 0x80000004),
    BadSample(
        why: "submit_sm empty body",
        hex: "00000010000000040000000000000003",
        status: .invalidCommandLength, answer: 0x80000000),
    BadSample(
        why: "deliver_sm service_type of 6 octets",
        hex: "000000270000000500000000000000033132333435360000000000000000000000000000000000",
        status: .invalidServiceType, answer: 0x80000005),
    BadSample(
        why: "deliver_sm source of 21 octets",
        hex: "00000036000000050000000000000003000000313131313131313131313131313131313131313131000000000000"
            + "0000000000000000",
        status: .invalidSourceAddress, answer: 0x80000005),
    BadSample(
        why: "deliver_sm destination of 21 octets",
        hex: "00000036000000050000000000000003000000000000313131313131313131313131313131313131313131000000"
            + "0000000000000000",
        status: .invalidDestinationAddress, answer: 0x80000005),
    BadSample(
        why: "deliver_sm sm_length 255",
        hex: "0000012000000005000000000000000300000000000000000000000000000000ff78787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "787878787878787878787878",
        status: .invalidMessageLength, answer: 0x80000005),
    BadSample(
        why: "deliver_sm sm_length beyond the end",
        hex: "0000002300000005000000000000000300000000000000000000000000000000090102",
        status: .invalidMessageLength, answer: 0x80000005),
    BadSample(
        why: "deliver_sm validity of 17 octets",
        hex: "00000032000000050000000000000003000000000000000000000031313131313131313131313131313131310000"
            + "00000000",
        status: .invalidValidityPeriod, answer: 0x80000005),
    BadSample(
        why: "deliver_sm schedule of 17 octets",
        hex: "00000032000000050000000000000003000000000000000000003131313131313131313131313131313131000000"
            + "00000000",
        status: .invalidScheduledDeliveryTime, answer: 0x80000005),
    BadSample(
        why: "deliver_sm one stray octet",
        hex: "00000022000000050000000000000003000000000000000000000000000000000001",
        status: .invalidOptionalPart, answer: 0x80000005),
    BadSample(
        why: "deliver_sm TLV longer than the body",
        hex: "0000002600000005000000000000000300000000000000000000000000000000000424000901",
        status: .invalidOptionalPart, answer: 0x80000005),
    BadSample(
        why: "deliver_sm empty body",
        hex: "00000010000000050000000000000003",
        status: .invalidCommandLength, answer: 0x80000000),
    BadSample(
        why: "submit_sm validity of 3 octets",
        hex: "000000240000000400000000000000030000000000000000000000313233000000000000",
        status: .invalidValidityPeriod, answer: 0x80000004),
    BadSample(
        why: "submit_sm schedule of 15 octets",
        hex: "00000030000000040000000000000003000000000000000000003131313131313131313131313131310000000000"
            + "0000",
        status: .invalidScheduledDeliveryTime, answer: 0x80000004),
    BadSample(
        why: "bind system_id of 16 octets",
        hex: "000000270000000900000000000000033131313131313131313131313131313100000034000000",
        status: .invalidSystemID, answer: 0x80000009),
    BadSample(
        why: "bind password of 9 octets",
        hex: "000000210000000900000000000000036500313131313131313131000034000000",
        status: .invalidPassword, answer: 0x80000009),
    BadSample(
        why: "bind system_type of 13 octets",
        hex: "00000025000000020000000000000003650000313131313131313131313131310034000000",
        status: .invalidSystemType, answer: 0x80000002),
    BadSample(
        why: "bind address_range of 41 octets",
        hex: "00000041000000010000000000000003650000003400003131313131313131313131313131313131313131313131"
            + "31313131313131313131313131313131313100",
        status: .bindFailed, answer: 0x80000001),
    BadSample(
        why: "query_sm message_id of 65 octets",
        hex: "00000055000000030000000000000003313131313131313131313131313131313131313131313131313131313131"
            + "313131313131313131313131313131313131313131313131313131313131313131313100000000",
        status: .invalidMessageID, answer: 0x80000003),
    BadSample(
        why: "cancel_sm without destination",
        hex: "00000016000000080000000000000003003100000000",
        status: .invalidCommandLength, answer: 0x80000000),
    BadSample(
        why: "replace_sm sm_length 255",
        hex: "00000119000000070000000000000003310000000000000000ff7878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
            + "7878787878",
        status: .invalidMessageLength, answer: 0x80000007),
    BadSample(
        why: "data_sm source of 65 octets",
        hex: "0000005b000001030000000000000003000000313131313131313131313131313131313131313131313131313131"
            + "313131313131313131313131313131313131313131313131313131313131313131313131313100000000000000",
        status: .invalidSourceAddress, answer: 0x80000103),
    BadSample(
        why: "submit_multi dest_flag 3",
        hex: "000000240000002100000000000000030000000001030000320000000000000000000000",
        status: .invalidDestinationFlag, answer: 0x80000021),
    BadSample(
        why: "submit_multi list name of 21 octets",
        hex: "00000036000000210000000000000003000000000102313131313131313131313131313131313131313131000000"
            + "0000000000000000",
        status: .invalidDistributionListName, answer: 0x80000021),
    BadSample(
        why: "submit_multi 255 destinations",
        hex: "0000001500000021000000000000000300000000ff",
        status: .invalidNumberOfDestinations, answer: 0x80000021),
    BadSample(
        why: "submit_multi fewer destinations than counted",
        hex: "0000001a00000021000000000000000300000000020100003100",
        status: .invalidCommandLength, answer: 0x80000000),
    BadSample(
        why: "unknown command 0x0000000C",
        hex: "000000100000000c0000000000000003",
        status: .invalidCommandID, answer: 0x80000000),
    BadSample(
        why: "unknown command broadcast_sm",
        hex: "00000013000001110000000000000003616263",
        status: .invalidCommandID, answer: 0x80000000),
    BadSample(
        why: "reserved command 0",
        hex: "00000010000000000000000000000003",
        status: .invalidCommandID, answer: 0x80000000),
    BadSample(
        why: "outbind without terminators",
        hex: "000000130000000b0000000000000003616263",
        status: .invalidCommandLength, answer: 0x00000000),
    BadSample(
        why: "alert_notification with a broken TLV",
        hex: "00000019000001020000000000000003000000000000010203",
        status: .invalidOptionalPart, answer: 0x00000000),
    BadSample(
        why: "unknown response",
        hex: "00000010800001110000000000000003",
        status: .invalidCommandID, answer: 0x00000000),
    BadSample(
        why: "outbind with the response bit",
        hex: "000000108000000b0000000000000003",
        status: .invalidCommandID, answer: 0x00000000),
    BadSample(
        why: "submit_sm_resp without NUL",
        hex: "00000013800000040000000000000003616263",
        status: .invalidCommandLength, answer: 0x00000000),
    BadSample(
        why: "submit_sm_resp message_id of 65 octets",
        hex: "00000052800000040000000000000003313131313131313131313131313131313131313131313131313131313131"
            + "313131313131313131313131313131313131313131313131313131313131313131313100",
        status: .invalidMessageID, answer: 0x00000000),
    BadSample(
        why: "query_sm_resp without a body",
        hex: "00000010800000030000000000000003",
        status: .invalidCommandLength, answer: 0x00000000),
]
