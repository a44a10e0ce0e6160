// SPDX-License-Identifier: Apache-2.0
// `parley graph`: the simulated WhatsApp Cloud API on its own, for tests of whatever speaks to WhatsApp. It lives on when
// the server under test is killed, and its journal tells what that server has sent.

import ArgumentParser
import Foundation
import Logging
import NIOPosix
import Simulators
import Synchronization
import Wire

struct GraphCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Run a simulated WhatsApp Cloud API: messages, media and signed webhooks, with faults on demand.",
        discussion: """
            The last three digits of the recipient choose the outcome: 002 undeliverable, 003 expired, 004 rejected by \
            status, 005 refused in the answer, 006 throttled three times and then read, 007 no status ever, 008 statuses \
            before the answer, 009 connection cut once before the answer, 010 delivered and never read, 011 statuses \
            late, 012 every status twice, 013 statuses in reverse order; anything else is sent, delivered and read.

            It prints LISTENING and its port. A connector of kind whatsapp reaches it with the option baseURL and a \
            password that holds the access token and the app secret; its webhooks go to --callback, which is \
            http://<server>/connectors/<connector's name>, and are repeated until they are answered 200.
            """)

    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 takes a free one.") var port = 8090
    @Option(help: "The URL that webhooks go to; without it there are none.") var callback: String?
    @Option(name: .customLong("access-token"), help: "The bearer token that requests must carry.")
    var accessToken = GraphSimulator.Configuration().accessToken
    @Option(name: .customLong("app-secret"), help: "The secret that signs webhooks.")
    var appSecret = GraphSimulator.Configuration().appSecret
    @Option(help: "The number that messages are sent from, as digits.") var number = GraphSimulator.PhoneNumber().number
    @Option(name: .customLong("phone-number-id"), help: "That number's id.")
    var phoneNumberID = GraphSimulator.PhoneNumber().id
    @Option(name: .customLong("sent-delay"), help: "Milliseconds from the answer to the status sent.") var sentDelay = 0
    @Option(name: .customLong("delivered-delay"), help: "Milliseconds from there to delivered.") var deliveredDelay = 0
    @Option(name: .customLong("read-delay"), help: "Milliseconds from there to read.") var readDelay = 0
    @Flag(name: .customLong("open-window"), help: "Take free text even from whom no customer has written to in a day.")
    var opensWindow = false
    @Option(help: "Messages a second above which code 130429 is answered.") var throughput: Int?
    @Option(name: .customLong("retry-delay"), help: "Milliseconds before a webhook is repeated; doubled each time.")
    var retryDelay = 1000
    @Option(name: .customLong("retry-limit"), help: "The longest of these pauses, in milliseconds.")
    var retryLimit = 60_000
    @Option(help: "A file to which a line of JSON is written for everything that comes in and goes out.")
    var journal: String?
    @OptionGroup(title: "Faults, each a chance from 0 to 1 for a message") var faults: ProviderFaults

    func validate() throws {
        guard [sentDelay, deliveredDelay, readDelay, retryDelay, retryLimit].allSatisfy({ $0 >= 0 }) else {
            throw ValidationError("A time cannot be negative.")
        }
    }

    func run() async throws {
        let configuration = try simulated()
        let simulator = GraphSimulator(
            configuration: configuration, group: MultiThreadedEventLoopGroup.singleton,
            logger: CommandSupport.logger(Configuration.Logs()))
        let port = try await simulator.start()
        Terminal.say("LISTENING \(port)")
        await TerminationSignal.wait()
        await simulator.shutdown()
    }

    private func simulated() throws -> GraphSimulator.Configuration {
        var configuration = GraphSimulator.Configuration()
        configuration.host = host
        configuration.port = port
        configuration.callbackURL = callback
        configuration.accessToken = accessToken
        configuration.appSecret = appSecret
        let phoneNumber = GraphSimulator.PhoneNumber(id: phoneNumberID, number: number)
        configuration.accounts = [GraphSimulator.Account(numbers: [phoneNumber])]
        configuration.sentDelay = .milliseconds(sentDelay)
        configuration.deliveredDelay = .milliseconds(deliveredDelay)
        configuration.readDelay = .milliseconds(readDelay)
        configuration.enforcesWindow = !opensWindow
        configuration.messagesPerSecond = throughput
        configuration.retries.first = .milliseconds(retryDelay)
        configuration.retries.longest = .milliseconds(max(retryDelay, retryLimit))
        configuration.faults = faults.chances
        configuration.seed = faults.seed
        if let journal {
            let file = try GraphJournal(path: journal)
            configuration.observer = { file.write($0) }
        }
        return configuration
    }
}

/// The faults of a simulated provider that speaks HTTP.
struct ProviderFaults: ParsableArguments {
    @Option(name: .customLong("server-error"), help: "It is answered 500 and not taken.") var serverError = 0.0
    @Option(name: .customLong("rate-limited"), help: "It is refused because the number sends too much.")
    var rateLimited = 0.0
    @Option(name: .customLong("pair-limited"), help: "It is refused because its recipient gets too much.")
    var pairLimited = 0.0
    @Option(name: .customLong("cut-untaken"), help: "The connection is cut, and it is not taken.")
    var cutUntaken = 0.0
    @Option(name: .customLong("cut-taken"), help: "The connection is cut, and it is taken.") var cutTaken = 0.0
    @Option(help: "Its answer is late.") var slow = 0.0
    @Option(help: "By so many milliseconds.") var slowness = 2000
    @Option(help: "Seed of the faults.") var seed: UInt64 = 1

    var chances: HTTPFaultChances {
        var chances = HTTPFaultChances()
        chances.serverError = serverError
        chances.rateLimited = rateLimited
        chances.pairLimited = pairLimited
        chances.cutUntaken = cutUntaken
        chances.cutTaken = cutTaken
        chances.slow = slow
        chances.slowness = .milliseconds(slowness)
        return chances
    }

    func validate() throws {
        let all = [serverError, rateLimited, pairLimited, cutUntaken, cutTaken, slow]
        guard all.allSatisfy({ (0...1).contains($0) }), slowness >= 0 else {
            throw ValidationError("A chance is from 0 to 1, and no time is negative.")
        }
    }
}

/// Writes what a simulated Graph API records, in the order in which it happens, each as one line:
///
///     {"at":1767225600000,"kind":"message","id":"wamid.…","recipient":"49…","detail":"","body":{…}}
private final class GraphJournal: Sendable {
    private let file: Mutex<FileHandle>

    /// Continues a file that is there.
    init(path: String) throws {
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw ValidationError("\(path) cannot be written.")
        }
        try handle.seekToEnd()
        file = Mutex(handle)
    }

    func write(_ record: GraphSimulator.Record) {
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.member("at", number: "\(record.at)")
            writer.member("kind", record.kind.rawValue)
            writer.member("id", record.id)
            writer.member("recipient", record.recipient)
            writer.member("detail", record.detail)
            writer.member("body", value: record.json)
        }
        let line = Data(writer.bytes + [UInt8(ascii: "\n")])
        // What cannot be written is missing in the journal; the provider goes on.
        file.withLock { try? $0.write(contentsOf: line) }
    }
}
