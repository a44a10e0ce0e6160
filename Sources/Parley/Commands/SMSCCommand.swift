// SPDX-License-Identifier: Apache-2.0
// `parley smsc`: the simulated carrier on its own, for tests of whatever speaks SMPP.

public import ArgumentParser
import Foundation
import Logging
import NIOPosix
import SMPP
public import Simulators

extension SMSCSimulator.MessageIDForm: ExpressibleByArgument {}
extension SMSCSimulator.ReceiptIDForm.Conversion: ExpressibleByArgument {}
extension SMSCSimulator.ReceiptIDForm.Placement: ExpressibleByArgument {}

struct SMSCCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smsc", abstract: "Run a simulated carrier: an SMPP 3.4 server with faults and latency on demand.",
        discussion: """
            The last three digits of the recipient choose the outcome: 001 delivered, 002 undeliverable, 003 expired,
            004 rejected by receipt, 005 refused at submit, 006 throttled three times and then delivered, 007 no receipt
            ever, 008 receipt before the submit response, 009 link dropped once before the response; anything else is
            delivered.
            """)

    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 takes a free one.") var port = 2775
    @Option(name: .customLong("system-id"), help: "The system_id that may bind.") var systemID = "parley"
    @Option(help: "Its password.") var password = "parley"
    @Option(help: "Milliseconds before each submit response.") var latency = 0
    @Option(help: "At most so many milliseconds more, at random.") var jitter = 0
    @Option(name: .customLong("receipt-delay"), help: "Milliseconds from the response to the receipt.")
    var receiptDelay = 0
    @Option(help: "Receipts and messages that may be unanswered on each bind.") var window = 10
    @Option(help: "Submits a second above which ESME_RTHROTTLED is answered.") var throughput: Double?
    @Option(name: .customLong("id-form"), help: "How ids look in responses: decimal, hexadecimal or uuid.")
    var idForm = SMSCSimulator.MessageIDForm.decimal
    @Option(name: .customLong("receipt-id"), help: "How receipts write them: same, hexOfDecimal or decimalOfHex.")
    var receiptID = SMSCSimulator.ReceiptIDForm.Conversion.same
    @Option(name: .customLong("receipt-id-in"), help: "Where receipts carry the id: text, parameter or both.")
    var receiptIDPlacement = SMSCSimulator.ReceiptIDForm.Placement.both
    @Option(help: "A file that remembers receipts which are still due across restarts.") var journal: String?
    @Flag(name: .customLong("keep-journal"), help: "Keep in that file what is done, too.") var keepsJournal = false
    @Option(name: .customLong("drop-link"), help: "Chance (0 to 1) that the link is cut instead of an answer.")
    var dropLink = 0.0
    @Option(help: "Chance (0 to 1) that a message is refused with ESME_RSYSERR.") var refuse = 0.0
    @Option(help: "Chance (0 to 1) that a message is taken and never answered.") var silence = 0.0
    @Option(help: "Seed of the faults.") var seed: UInt64 = 1

    func validate() throws {
        guard (1...65_535).contains(window) else { throw ValidationError("--window is from 1 to 65535.") }
    }

    func run() async throws {
        var configuration = SMSCSimulator.Configuration()
        configuration.host = host
        configuration.port = port
        configuration.accounts = [SMSCSimulator.Account(systemID: systemID, password: password)]
        configuration.window = window
        configuration.responseLatency = .milliseconds(latency)
        configuration.responseJitter = .milliseconds(jitter)
        configuration.receiptDelay = .milliseconds(receiptDelay)
        configuration.messagesPerSecond = throughput
        configuration.messageIDForm = idForm
        configuration.receiptIDForm.conversion = receiptID
        configuration.receiptIDForm.placement = receiptIDPlacement
        configuration.journalPath = journal
        configuration.keepsJournal = keepsJournal
        configuration.faults.dropsLink = dropLink
        configuration.faults.refuses = refuse
        configuration.faults.keepsSilent = silence
        configuration.seed = seed
        let logger = CommandSupport.logger(Configuration.Logs())
        let simulator = SMSCSimulator(
            configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        let port = try await simulator.start()
        Terminal.say("LISTENING \(port)")
        await TerminationSignal.wait()
        await simulator.shutdown()
    }
}
