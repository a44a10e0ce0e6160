// SPDX-License-Identifier: Apache-2.0
// A small SMSC and a small ESME on the command line, so that other implementations can be tried against the library.
//
//     SMPPProbe server --port 0              prints LISTENING <port>, runs until its standard input ends
//     SMPPProbe client --port P --count N    binds, submits, prints responses and receipts as JSON lines

import Foundation
import Logging
import NIOCore
import NIOPosix
import SMPP

@main
struct SMPPProbe {
    static func main() async throws {
        var arguments = Arguments(CommandLine.arguments.dropFirst())
        let logger = Logger(label: "smpp-probe") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        switch arguments.next() {
        case "server": try await runServer(port: arguments.number("--port") ?? 0, logger: logger)
        case "client":
            guard let port = arguments.number("--port") else { return usage() }
            let isComplete = try await runClient(port: port, arguments: arguments, logger: logger)
            if !isComplete { exit(1) }
        default: usage()
        }
    }

    private static func usage() {
        print("usage: SMPPProbe server [--port N] | SMPPProbe client --port N [--count N] [--binds N] [--window N]")
    }

    private static func runServer(port: Int, logger: Logger) async throws {
        let smsc = ProbeSMSC()
        var configuration = SMPPServer.Configuration()
        configuration.port = port
        configuration.systemID = "SMPPProbe"
        configuration.inboundWindow = 10_000
        configuration.deliveryQueueLimit = 1_000_000
        let server = SMPPServer(
            configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, delegate: smsc, logger: logger)
        try await server.start()
        Output.line("LISTENING \(server.port ?? 0)")
        try await NIOThreadPool.singleton.runIfActive { while readLine() != nil {} }
        await server.shutdown()
    }

    private static func runClient(port: Int, arguments: Arguments, logger: Logger) async throws -> Bool {
        let count = arguments.number("--count") ?? 1
        var configuration = SMPPClient.Configuration(
            host: "127.0.0.1", port: port, systemID: "esme", password: "secret")
        configuration.binds = arguments.number("--binds") ?? 1
        configuration.window = arguments.number("--window") ?? 10
        configuration.responseTimeout = .seconds(5)
        let esme = ProbeESME(count: count)
        let client = SMPPClient(
            configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, delegate: esme, logger: logger)
        client.start()
        let isComplete = await esme.finished(within: .seconds(Int64(arguments.number("--timeout") ?? 20)))
        await client.shutdown()
        return isComplete
    }
}

/// `--name value` pairs behind a first word.
struct Arguments {
    private var words: ArraySlice<String>

    init(_ words: ArraySlice<String>) {
        self.words = words
    }

    mutating func next() -> String? { words.popFirst() }

    func number(_ name: String) -> Int? {
        guard let index = words.firstIndex(of: name), index + 1 < words.endIndex else { return nil }
        return Int(words[index + 1])
    }
}
