// SPDX-License-Identifier: Apache-2.0
// The settings of an SMPP connector: every one has its effect, and a wrong one is refused by its name. And a carrier's
// refusals in our words.

import Messaging
import SMPP
import SMSText
import Testing
import Wire

@testable import Connectors

struct OptionTests {
    @Test
    func `the settings that a connector cannot do without are enough`() throws {
        let client = try smppOptions().client
        #expect(client.host == "127.0.0.1")
        #expect(client.port == 2775)
        #expect(client.systemID == "parley")
        #expect(client.password == "secret")
        #expect(client.bindMode == .transceiver)
        #expect(client.binds == 1)
        #expect(client.window == 10)
        #expect(client.messagesPerSecond == nil)
        #expect(client.tls == nil)
        #expect(client.inactivityTimeout == nil)
    }

    @Test
    func `every setting of the link reaches the client`() throws {
        let options = try smppOptions([
            "port": .integer(2776), "systemType": .string("VMA"), "bind": .string("separate"), "binds": .integer(3),
            "window": .integer(20), "throughput": .number(12.5),
            "tls": .object(["serverName": .string("smsc.example")]),
            "responseTimeout": .integer(5), "enquireLink": .number(0.5), "inactivityTimeout": .integer(60),
            "reconnectMinimum": .number(0.2), "reconnectMaximum": .integer(9),
        ])
        let client = options.client
        #expect(client.port == 2776)
        #expect(client.systemType == "VMA")
        #expect(client.bindMode == .separate)
        #expect(client.binds == 3)
        #expect(client.window == 20)
        #expect(client.messagesPerSecond == 12.5)
        #expect(client.tls?.serverName == "smsc.example")
        #expect(client.tls?.verifiesCertificate == true)
        #expect(client.responseTimeout == .seconds(5))
        #expect(client.enquireLinkInterval == .milliseconds(500))
        #expect(client.inactivityTimeout == .seconds(60))
        #expect(client.reconnectMinimum == .milliseconds(200))
        #expect(client.reconnectMaximum == .seconds(9))
        #expect(options.totalWindow == 60)
    }

    @Test(arguments: [
        ("transceiver", SMPPClient.BindLayout.transceiver), ("transmitter", .transmitter), ("receiver", .receiver),
        ("separate", .separate),
    ])
    func `the kind of bind is chosen by name`(_ name: String, _ layout: SMPPClient.BindLayout) throws {
        #expect(try smppOptions(["bind": .string(name)]).client.bindMode == layout)
    }

    @Test(
        arguments: [
            (JSONValue.bool(false), nil), (.null, nil), (.bool(true), true), (.object(["verify": .bool(false)]), false),
        ] as [(JSONValue, Bool?)])
    func `tls is off, on, or on without a check of the certificate`(_ value: JSONValue, _ verifies: Bool?) throws {
        #expect(try smppOptions(["tls": value]).client.tls?.verifiesCertificate == verifies)
    }

    @Test
    func `a number where text is wanted is its digits`() throws {
        #expect(try smppOptions(["systemId": .integer(12345)]).client.systemID == "12345")
        #expect(try smppOptions(["errorCodes": .object(["99": .integer(1005)])]).errorCodes == ["99": "1005"])
    }

    @Test
    func `how texts are cut is read from the same settings`() throws {
        let settings = smppSettings([
            "alphabet": .string("gsm7Packed"), "concatenation": .string("sar"), "reference": .integer(16),
            "nationalTables": .array([.string("turkish"), .string("spanish-locking")]),
        ])
        _ = try SMPPConnectorOptions(settings)
        #expect(settings.segmentation.defaultAlphabet == .gsm7Packed)
        #expect(settings.segmentation.concatenation == .sar)
        #expect(settings.segmentation.referenceWidth == .sixteen)
        #expect(settings.segmentation.permittedTables == [.singleShift(.turkish), .lockingShift(.spanish)])
    }

    /// What is wrong, and the option that the complaint names.
    static let wrong: [([String: JSONValue], String)] = [
        (["windw": .integer(5)], "windw"), (["host": .null], "host"), (["host": .string("")], "host"),
        (["systemId": .string("")], "systemId"), (["host": .bool(true)], "host"),
        (["systemId": .string("sixteen-octets-x")], "systemId"), (["systemId": .string("ééééééééé")], "systemId"),
        (["systemType": .string("thirteen-oct.")], "systemType"),
        (["port": .integer(0)], "port"), (["port": .integer(65_536)], "port"), (["port": .string("2775")], "port"),
        (["bind": .string("both")], "bind"), (["binds": .integer(0)], "binds"), (["window": .integer(1001)], "window"),
        (["window": .number(1.5)], "window"), (["throughput": .integer(0)], "throughput"),
        (["throughput": .string("fast")], "throughput"), (["throughput": .integer(-1)], "throughput"),
        (["responseTimeout": .number(1e300)], "responseTimeout"), (["enquireLink": .bool(true)], "enquireLink"),
        (["inactivityTimeout": .integer(.max)], "inactivityTimeout"),
        (["reconnectMinimum": .integer(0)], "reconnectMinimum"),
        (["reconnectMaximum": .integer(0)], "reconnectMaximum"),
        (["alphabet": .string("ebcdic")], "alphabet"), (["validity": .string("soon")], "validity"),
        (["errors": .string("octal")], "errors"), (["concatenation": .string("glue")], "concatenation"),
        (["uncertain": .string("shrug")], "uncertain"), (["reference": .integer(12)], "reference"),
        (["reference": .string("long")], "reference"),
        (["nationalTables": .array([.string("klingon")])], "nationalTables"),
        (["nationalTables": .string("turkish")], "nationalTables"),
        (["errorCodes": .object(["99": .string("1b")])], "errorCodes.99"),
        (["errorCodes": .object(["99": .string("xxxx")])], "errorCodes.99"),
        (["errorCodes": .object(["99": .bool(true)])], "errorCodes.99"), (["errorCodes": .integer(5)], "errorCodes"),
        (["tls": .string("yes")], "tls"), (["tls": .object(["verify": .string("false")])], "tls.verify"),
        (["tls": .object(["cert": .string("x")])], "tls.cert"),
        (["tls": .object(["ca": .string("/no/file")])], "tls.ca"),
        (["addresses": .array([])], "addresses"), (["addresses": .object(["ton": .integer(1)])], "addresses.ton"),
        (["addresses": .object(["international": .string("1")])], "addresses.international"),
        (["addresses": .object(["international": .string("1/x/1")])], "addresses.international"),
        (["addresses": .object(["alphanumeric": .string("5/256")])], "addresses.alphanumeric"),
        (["addresses": .object(["shortCodeDigits": .integer(16)])], "addresses.shortCodeDigits"),
        (["addresses": .object(["keepPlus": .string("yes")])], "addresses.keepPlus"),
    ]

    @Test(arguments: wrong)
    func `a wrong setting is refused by its name`(_ members: [String: JSONValue], _ option: String) {
        let error = #expect(throws: ConnectorOptionError.self) { try smppOptions(members) }
        #expect(error?.option == option)
        #expect(error?.reason.isEmpty == false)
    }

    @Test
    func `a password that SMPP has no room for is refused without being told`() {
        let error = #expect(throws: ConnectorOptionError.self) {
            try SMPPConnectorOptions(smppSettings(secret: "hunter2hunter2"))
        }
        #expect(error?.option == "password")
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test
    func `the registry knows kinds and their options`() {
        #expect(ConnectorRegistry.optionNames(ofKind: "smpp") == SMPPConnectorOptions.names)
        #expect(ConnectorRegistry.optionNames(ofKind: "pigeon") == nil)
        let settings = ConnectorSettings(
            id: 1, name: "x", kind: "pigeon", options: .object([:]), secret: "", isEnabled: true, receiptIDForm: nil)
        let error = #expect(throws: ConnectorOptionError.self) { try ConnectorRegistry.check(settings) }
        #expect(error?.option == "kind")
    }
}

struct CommandStatusTests {
    /// The status, the try, and the outcome: a code for a refusal, a delay for another try.
    static let rows: [(SMPP.CommandStatus, Int, String?, Milliseconds?)] = [
        (.throttled, 1, nil, 1000), (.throttled, 500, nil, 1000), (.messageQueueFull, 1, nil, 1000),
        (.systemError, 1, nil, 5000), (.systemError, 4, nil, 5000), (.systemError, 5, "0022", nil),
        (.temporaryReceiverError, 1, nil, 5000), (.temporaryReceiverError, 5, "0020", nil),
        (.invalidDestinationAddress, 1, "0001", nil), (.invalidDestinationTON, 1, "0001", nil),
        (.invalidSourceAddress, 1, "0024", nil), (.invalidMessageLength, 1, "0024", nil),
        (.missingOptionalParameter, 1, "0023", nil), (.prohibited, 1, "000d", nil),
        (.invalidServiceType, 1, "0015", nil), (.submitFailed, 1, "0020", nil),
        (SMPP.CommandStatus(rawValue: 0x0000_0400), 1, "0020", nil),
    ]

    @Test(arguments: rows)
    func `a refusal is told in the words of the error list`(
        _ status: SMPP.CommandStatus, _ attempt: Int, _ code: String?, _ delay: Milliseconds?
    ) {
        switch status.outcome(attempt: attempt) {
        case .rejected(let given, let reason):
            #expect(given == code)
            #expect(delay == nil)
            #expect(!reason.isEmpty)
        case .retry(let given, _):
            #expect(given == delay)
            #expect(code == nil)
        case .submitted, .uncertain: Issue.record("\(status) is a refusal")
        }
    }

    @Test
    func `a status without a name is told by its number`() {
        #expect(
            SMPP.CommandStatus(rawValue: 0x412).outcome(attempt: 1)
                == .rejected(code: "0020", reason: "command_status 0x412"))
    }
}
