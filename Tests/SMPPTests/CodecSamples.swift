// SPDX-License-Identifier: Apache-2.0
// The well-formed half of the codec table; see BadSamples.swift. Generated octet by octet from the layouts of SMPP 3.4 §4.

@testable import SMPP

let codecSamples: [CodecSample] = bindSamples + messageSamples + operationSamples

private let bindSamples: [CodecSample] = [
    CodecSample(
        pdu: PDU(
            .bind(
                Bind(
                    mode: .receiver, systemID: "esme", password: "secret", systemType: "VMA",
                    addressRange: Address(ton: 1, npi: 1, value: "^49"))), sequence: 7),
        hex: "0000002700000001000000000000000765736d650073656372657400564d41003401015e343900"),
    CodecSample(
        pdu: PDU(.bind(Bind(mode: .receiver)), sequence: 1),
        hex: "0000001700000001000000000000000100000034000000"),
    CodecSample(
        pdu: PDU(
            .bind(
                Bind(
                    mode: .receiver, systemID: "123456789012345", password: "12345678", systemType: "123456789012",
                    interfaceVersion: 0x50, addressRange: Address(value: "9999999999999999999999999999999999999999"))),
            sequence: 2147483647),
        hex: "0000006200000001000000007fffffff313233343536373839303132333435003132333435363738003132333435"
            + "36373839303132005000003939393939393939393939393939393939393939393939393939393939393939393939"
            + "393939393900"),
    CodecSample(
        pdu: PDU(
            .bindResponse(BindResponse(mode: .receiver, systemID: "SMSC", tlvs: [TLV(.scInterfaceVersion, [0x34])])),
            sequence: 1),
        hex: "0000001a800000010000000000000001534d5343000210000134"),
    CodecSample(
        pdu: PDU(.bindResponse(BindResponse(mode: .receiver, systemID: "SMSC")), sequence: 1),
        hex: "00000015800000010000000000000001534d534300"),
    CodecSample(
        pdu: PDU(.bindResponse(BindResponse(mode: .receiver)), sequence: 1, status: .invalidPassword),
        hex: "00000011800000010000000e0000000100"),
    CodecSample(
        pdu: PDU(
            .bind(
                Bind(
                    mode: .transmitter, systemID: "esme", password: "secret", systemType: "VMA",
                    addressRange: Address(ton: 1, npi: 1, value: "^49"))), sequence: 7),
        hex: "0000002700000002000000000000000765736d650073656372657400564d41003401015e343900"),
    CodecSample(
        pdu: PDU(.bind(Bind(mode: .transmitter)), sequence: 1),
        hex: "0000001700000002000000000000000100000034000000"),
    CodecSample(
        pdu: PDU(
            .bind(
                Bind(
                    mode: .transmitter, systemID: "123456789012345", password: "12345678", systemType: "123456789012",
                    interfaceVersion: 0x50, addressRange: Address(value: "9999999999999999999999999999999999999999"))),
            sequence: 2147483647),
        hex: "0000006200000002000000007fffffff313233343536373839303132333435003132333435363738003132333435"
            + "36373839303132005000003939393939393939393939393939393939393939393939393939393939393939393939"
            + "393939393900"),
    CodecSample(
        pdu: PDU(
            .bindResponse(BindResponse(mode: .transmitter, systemID: "SMSC", tlvs: [TLV(.scInterfaceVersion, [0x34])])),
            sequence: 1),
        hex: "0000001a800000020000000000000001534d5343000210000134"),
    CodecSample(
        pdu: PDU(.bindResponse(BindResponse(mode: .transmitter, systemID: "SMSC")), sequence: 1),
        hex: "00000015800000020000000000000001534d534300"),
    CodecSample(
        pdu: PDU(.bindResponse(BindResponse(mode: .transmitter)), sequence: 1, status: .invalidPassword),
        hex: "00000011800000020000000e0000000100"),
    CodecSample(
        pdu: PDU(
            .bind(
                Bind(
                    mode: .transceiver, systemID: "esme", password: "secret", systemType: "VMA",
                    addressRange: Address(ton: 1, npi: 1, value: "^49"))), sequence: 7),
        hex: "0000002700000009000000000000000765736d650073656372657400564d41003401015e343900"),
    CodecSample(
        pdu: PDU(.bind(Bind(mode: .transceiver)), sequence: 1),
        hex: "0000001700000009000000000000000100000034000000"),
    CodecSample(
        pdu: PDU(
            .bind(
                Bind(
                    mode: .transceiver, systemID: "123456789012345", password: "12345678", systemType: "123456789012",
                    interfaceVersion: 0x50, addressRange: Address(value: "9999999999999999999999999999999999999999"))),
            sequence: 2147483647),
        hex: "0000006200000009000000007fffffff313233343536373839303132333435003132333435363738003132333435"
            + "36373839303132005000003939393939393939393939393939393939393939393939393939393939393939393939"
            + "393939393900"),
    CodecSample(
        pdu: PDU(
            .bindResponse(BindResponse(mode: .transceiver, systemID: "SMSC", tlvs: [TLV(.scInterfaceVersion, [0x34])])),
            sequence: 1),
        hex: "0000001a800000090000000000000001534d5343000210000134"),
    CodecSample(
        pdu: PDU(.bindResponse(BindResponse(mode: .transceiver, systemID: "SMSC")), sequence: 1),
        hex: "00000015800000090000000000000001534d534300"),
    CodecSample(
        pdu: PDU(.bindResponse(BindResponse(mode: .transceiver)), sequence: 1, status: .invalidPassword),
        hex: "00000011800000090000000e0000000100"),
    CodecSample(
        pdu: PDU(.outbind(Outbind(systemID: "SMSC", password: "pw")), sequence: 1),
        hex: "000000180000000b0000000000000001534d534300707700"),
    CodecSample(
        pdu: PDU(.outbind(Outbind()), sequence: 1),
        hex: "000000120000000b00000000000000010000"),
    CodecSample(
        pdu: PDU(.unbind, sequence: 9),
        hex: "00000010000000060000000000000009"),
    CodecSample(
        pdu: PDU(.unbindResponse, sequence: 9),
        hex: "00000010800000060000000000000009"),
    CodecSample(
        pdu: PDU(.unbindResponse, sequence: 1, status: .incorrectBindStatus),
        hex: "00000010800000060000000400000001"),
    CodecSample(
        pdu: PDU(.enquireLink, sequence: 66051),
        hex: "00000010000000150000000000010203"),
    CodecSample(
        pdu: PDU(.enquireLinkResponse(), sequence: 66051),
        hex: "00000010800000150000000000010203"),
    CodecSample(
        pdu: PDU(.enquireLinkResponse([TLV(.congestionState, [85])]), sequence: 1),
        hex: "000000158000001500000000000000010428000155"),
    CodecSample(
        pdu: PDU(.genericNack, sequence: 0, status: .invalidCommandLength),
        hex: "00000010800000000000000200000000"),
    CodecSample(
        pdu: PDU(.genericNack, sequence: 5, status: .invalidCommandID),
        hex: "00000010800000000000000300000005"),
]

private let messageSamples: [CodecSample] = [
    CodecSample(
        pdu: PDU(.submit(SubmitSM()), sequence: 1),
        hex: "000000210000000400000000000000010000000000000000000000000000000000"),
    CodecSample(
        pdu: PDU(
            .submit(
                SubmitSM(
                    serviceType: "CMT", source: Address(ton: 5, npi: 0, value: "Parley"),
                    destination: Address(ton: 1, npi: 1, value: "491701234567"), esmClass: 0x40, protocolID: 1,
                    priorityFlag: 2, scheduleDeliveryTime: "260101120000000+", validityPeriod: "000001000000000R",
                    registeredDelivery: 1, replaceIfPresent: 1, dataCoding: 8, defaultMessageID: 3,
                    shortMessage: [0x05, 0x00, 0x03, 0x01, 0x02, 0x01, 0x00, 0x41])), sequence: 77),
        hex: "0000005e00000004000000000000004d434d540005005061726c6579000101343931373031323334353637004001"
            + "023236303130313132303030303030302b0030303030303130303030303030303052000101080308050003010201"
            + "0041"),
    CodecSample(
        pdu: PDU(
            .submit(
                SubmitSM(
                    source: Address(ton: 3, npi: 0, value: "12345678901234567890"),
                    destination: Address(ton: 1, npi: 1, value: "4917012345678901234F"), shortMessage: [],
                    tlvs: [
                        TLV(.messagePayload, [0x48, 0x69]), TLV(.userMessageReference, [0x12, 0x34]),
                        TLV(TLVTag(rawValue: 0x1400), [1, 2, 3]), TLV(TLVTag(rawValue: 0x1400), []),
                        TLV(.alertOnMessageDelivery, []),
                    ])), sequence: 1),
        hex: "00000064000000040000000000000001000300313233343536373839303132333435363738393000010134393137"
            + "30313233343536373839303132333446000000000000000000000004240002486902040002123414000003010203"
            + "14000000130c0000"),
    CodecSample(
        pdu: PDU(.submit(SubmitSM(shortMessage: Array(repeating: 0xFF, count: 254))), sequence: 1),
        hex: "0000011f00000004000000000000000100000000000000000000000000000000feffffffffffffffffffffffffff"
            + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            + "ffffffffffffffffffffff"),
    CodecSample(
        pdu: PDU(.submit(SubmitSM(source: Address(value: "Caf\u{e9}"), shortMessage: [0])), sequence: 1),
        hex: "00000026000000040000000000000001000000436166e9000000000000000000000000000100"),
    CodecSample(
        pdu: PDU(.deliver(DeliverSM()), sequence: 1),
        hex: "000000210000000500000000000000010000000000000000000000000000000000"),
    CodecSample(
        pdu: PDU(
            .deliver(
                DeliverSM(
                    serviceType: "CMT", source: Address(ton: 5, npi: 0, value: "Parley"),
                    destination: Address(ton: 1, npi: 1, value: "491701234567"), esmClass: 0x40, protocolID: 1,
                    priorityFlag: 2, scheduleDeliveryTime: "260101120000000+", validityPeriod: "000001000000000R",
                    registeredDelivery: 1, replaceIfPresent: 1, dataCoding: 8, defaultMessageID: 3,
                    shortMessage: [0x05, 0x00, 0x03, 0x01, 0x02, 0x01, 0x00, 0x41])), sequence: 77),
        hex: "0000005e00000005000000000000004d434d540005005061726c6579000101343931373031323334353637004001"
            + "023236303130313132303030303030302b0030303030303130303030303030303052000101080308050003010201"
            + "0041"),
    CodecSample(
        pdu: PDU(
            .deliver(
                DeliverSM(
                    source: Address(ton: 3, npi: 0, value: "12345678901234567890"),
                    destination: Address(ton: 1, npi: 1, value: "4917012345678901234F"), shortMessage: [],
                    tlvs: [
                        TLV(.messagePayload, [0x48, 0x69]), TLV(.userMessageReference, [0x12, 0x34]),
                        TLV(TLVTag(rawValue: 0x1400), [1, 2, 3]), TLV(TLVTag(rawValue: 0x1400), []),
                        TLV(.alertOnMessageDelivery, []),
                    ])), sequence: 1),
        hex: "00000064000000050000000000000001000300313233343536373839303132333435363738393000010134393137"
            + "30313233343536373839303132333446000000000000000000000004240002486902040002123414000003010203"
            + "14000000130c0000"),
    CodecSample(
        pdu: PDU(.deliver(DeliverSM(shortMessage: Array(repeating: 0xFF, count: 254))), sequence: 1),
        hex: "0000011f00000005000000000000000100000000000000000000000000000000feffffffffffffffffffffffffff"
            + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            + "ffffffffffffffffffffff"),
    CodecSample(
        pdu: PDU(.deliver(DeliverSM(source: Address(value: "Caf\u{e9}"), shortMessage: [0])), sequence: 1),
        hex: "00000026000000050000000000000001000000436166e9000000000000000000000000000100"),
    CodecSample(
        pdu: PDU(
            .data(
                DataSM(
                    serviceType: "WAP",
                    source: Address(
                        ton: 1, npi: 1, value: "4444444444444444444444444444444444444444444444444444444444444444"),
                    destination: Address(ton: 1, npi: 14, value: "10.0.0.1"), esmClass: 4, registeredDelivery: 1,
                    dataCoding: 4, tlvs: [TLV(.messagePayload, [9]), TLV(.sourcePort, [0x0B, 0x84])])), sequence: 1),
        hex: "00000070000001030000000000000001574150000101343434343434343434343434343434343434343434343434"
            + "3434343434343434343434343434343434343434343434343434343434343434343434343434343400010e31302e"
            + "302e302e31000401040424000109020a00020b84"),
    CodecSample(
        pdu: PDU(.data(DataSM()), sequence: 1),
        hex: "0000001a00000103000000000000000100000000000000000000"),
    CodecSample(
        pdu: PDU(
            .submitMulti(
                SubmitMulti(
                    source: Address(ton: 5, value: "Shop"),
                    destinations: [
                        .address(Address(ton: 1, npi: 1, value: "491")), .distributionList("friends"),
                        .address(Address(value: "2")),
                    ], dataCoding: 3, shortMessage: [0x48])), sequence: 1),
        hex: "0000003900000021000000000000000100050053686f7000030101013439310002667269656e6473000100003200"
            + "0000000000000003000148"),
    CodecSample(
        pdu: PDU(.submitMulti(SubmitMulti()), sequence: 1),
        hex: "0000001f000000210000000000000001000000000000000000000000000000"),
]

private let operationSamples: [CodecSample] = [
    CodecSample(
        pdu: PDU(.submitResponse(SubmitSMResponse(messageID: "0A1B2C3D")), sequence: 77),
        hex: "0000001980000004000000000000004d304131423243334400"),
    CodecSample(
        pdu: PDU(
            .submitResponse(
                SubmitSMResponse(messageID: "1111111111111111111111111111111111111111111111111111111111111111")),
            sequence: 1),
        hex: "00000051800000040000000000000001313131313131313131313131313131313131313131313131313131313131"
            + "3131313131313131313131313131313131313131313131313131313131313131313100"),
    CodecSample(
        pdu: PDU(.submitResponse(SubmitSMResponse(messageID: "")), sequence: 1),
        hex: "0000001180000004000000000000000100"),
    CodecSample(
        pdu: PDU(.submitResponse(SubmitSMResponse()), sequence: 1, status: .throttled),
        hex: "00000010800000040000005800000001"),
    CodecSample(
        pdu: PDU(.submitResponse(SubmitSMResponse()), sequence: 1, status: CommandStatus(rawValue: 0x410)),
        hex: "00000010800000040000041000000001"),
    CodecSample(
        pdu: PDU(.submitResponse(SubmitSMResponse(messageID: "7", tlvs: [TLV(.congestionState, [91])])), sequence: 1),
        hex: "000000178000000400000000000000013700042800015b"),
    CodecSample(
        pdu: PDU(
            .submitResponse(SubmitSMResponse(messageID: "x", tlvs: [TLV(.additionalStatusInfoText, [0x6E, 0x6F, 0])])),
            sequence: 1, status: .submitFailed),
        hex: "000000198000000400000045000000017800001d00036e6f00"),
    CodecSample(
        pdu: PDU(.deliverResponse(DeliverSMResponse()), sequence: 1),
        hex: "0000001180000005000000000000000100"),
    CodecSample(
        pdu: PDU(.deliverResponse(DeliverSMResponse()), sequence: 1, status: .temporaryReceiverError),
        hex: "0000001180000005000000640000000100"),
    CodecSample(
        pdu: PDU(
            .dataResponse(
                DataSMResponse(
                    messageID: "77", tlvs: [TLV(.deliveryFailureReason, [1]), TLV(.networkErrorCode, [3, 0, 8])])),
            sequence: 1),
        hex: "0000001f800001030000000000000001373700042500010104230003030008"),
    CodecSample(
        pdu: PDU(.dataResponse(DataSMResponse()), sequence: 1, status: .deliveryFailure),
        hex: "0000001180000103000000fe0000000100"),
    CodecSample(
        pdu: PDU(
            .submitMultiResponse(
                SubmitMultiResponse(
                    messageID: "m1",
                    unsuccessful: [
                        UnsuccessfulDestination(
                            address: Address(ton: 1, npi: 1, value: "491"), status: .invalidDestinationAddress),
                        UnsuccessfulDestination(),
                    ])), sequence: 1),
        hex: "000000258000002100000000000000016d3100020101343931000000000b00000000000000"),
    CodecSample(
        pdu: PDU(.submitMultiResponse(SubmitMultiResponse(messageID: "m2")), sequence: 1),
        hex: "000000148000002100000000000000016d320000"),
    CodecSample(
        pdu: PDU(.query(QuerySM(messageID: "abc", source: Address(ton: 1, npi: 1, value: "49"))), sequence: 1),
        hex: "00000019000000030000000000000001616263000101343900"),
    CodecSample(
        pdu: PDU(
            .queryResponse(
                QuerySMResponse(messageID: "abc", finalDate: "260101120000000+", messageState: 2, errorCode: 9)),
            sequence: 1),
        hex: "00000027800000030000000000000001616263003236303130313132303030303030302b000209"),
    CodecSample(
        pdu: PDU(.queryResponse(QuerySMResponse(messageID: "abc", messageState: 1)), sequence: 1),
        hex: "0000001780000003000000000000000161626300000100"),
    CodecSample(
        pdu: PDU(.queryResponse(QuerySMResponse()), sequence: 1, status: .queryFailed),
        hex: "0000001480000003000000670000000100000000"),
    CodecSample(
        pdu: PDU(
            .cancel(
                CancelSM(
                    serviceType: "CMT", messageID: "abc", source: Address(ton: 1, npi: 1, value: "49"),
                    destination: Address(value: "5"))), sequence: 1),
        hex: "00000021000000080000000000000001434d540061626300010134390000003500"),
    CodecSample(
        pdu: PDU(.cancelResponse(), sequence: 1),
        hex: "00000010800000080000000000000001"),
    CodecSample(
        pdu: PDU(.cancelResponse(), sequence: 1, status: .cancelFailed),
        hex: "00000010800000080000001100000001"),
    CodecSample(
        pdu: PDU(
            .replace(
                ReplaceSM(
                    messageID: "abc", source: Address(value: "49"), scheduleDeliveryTime: "000000010000000R",
                    validityPeriod: "260101120000032-", registeredDelivery: 2, defaultMessageID: 4,
                    shortMessage: [1, 2])), sequence: 1),
        hex: "00000040000000070000000000000001616263000000343900303030303030303130303030303030520032363031"
            + "30313132303030303033322d000204020102"),
    CodecSample(
        pdu: PDU(.replaceResponse(), sequence: 1),
        hex: "00000010800000070000000000000001"),
    CodecSample(
        pdu: PDU(.replaceResponse([TLV(.congestionState, [3])]), sequence: 1, status: .replaceFailed),
        hex: "000000158000000700000013000000010428000103"),
    CodecSample(
        pdu: PDU(
            .alertNotification(
                AlertNotification(
                    source: Address(ton: 1, npi: 1, value: "491"), esme: Address(ton: 5, value: "esme"),
                    tlvs: [TLV(.msAvailabilityStatus, [0])])), sequence: 1),
        hex: "00000022000001020000000000000001010134393100050065736d65000422000100"),
    CodecSample(
        pdu: PDU(.alertNotification(AlertNotification()), sequence: 1),
        hex: "00000016000001020000000000000001000000000000"),
]
