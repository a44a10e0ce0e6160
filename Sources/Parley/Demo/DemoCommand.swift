// SPDX-License-Identifier: Apache-2.0
// `parley demo`: a node on the embedded database with a simulated carrier bound over loopback, in one process.

import ArgumentParser
import Foundation
import Logging
import NIOPosix
import Simulators

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Start everything with a simulated carrier, to try it out.",
        discussion: """
            Needs no configuration. The folder keeps the database, the key and the carrier's memory: given again, the demo
            goes on where it was. Callbacks to plain HTTP and private addresses are allowed here, and only here.
            """)

    @Option(name: .shortAndLong, help: "The port to listen on; 0 takes a free one.") var port = 8080
    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(name: .shortAndLong, help: "Where everything is kept.") var data = "./demo-data"
    @Option(name: .shortAndLong, help: "The API key; a new one is made and kept when there is none.") var key: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical.") var logLevel = "notice"

    func validate() throws {
        if let key, key.utf8.count < 8 { throw ValidationError("--key must be at least 8 characters.") }
    }

    func run() async throws {
        let logger = CommandSupport.logger(Configuration.Logs(level: logLevel))
        let folder = try DemoFolder(path: data)
        let key = try folder.apiKey(given: key)
        let secret = try folder.webhookSecret()
        let smsc = try simulator(folder, logger: logger)
        let smscPort = try await smsc.start()
        let port = try port == 0 ? FreePort.find() : port
        let providers = try await DemoProviders.start(port: port, logger: logger)
        let numbers = try await DemoNumbers.start(logger: logger)
        let configuration = folder.configuration(
            key: key, secret: secret, host: host, port: port, smscPort: smscPort, providers: providers,
            numbers: numbers)
        let page = DemoPage(key: key, port: port, folder: data, smscPort: smscPort)
        let receiver = DemoReceiver(secret: secret)
        let server = Server(
            configuration: configuration, logger: logger,
            addRoutes: { router in
                DemoRoutes(page: page, receiver: receiver, smsc: smsc, providers: providers).add(to: router)
                DemoHandsets(smsc: smsc, voice: numbers.voice).add(to: router)
            },
            onRunning: { _ in Terminal.say(page.greeting) })
        do {
            try await server.run()
        } catch {
            await smsc.shutdown()
            await providers.shutdown()
            await numbers.shutdown()
            throw error
        }
        await smsc.shutdown()
        await providers.shutdown()
        await numbers.shutdown()
    }

    private func simulator(_ folder: DemoFolder, logger: Logger) throws -> SMSCSimulator {
        var configuration = SMSCSimulator.Configuration()
        configuration.port = 0
        configuration.accounts = [SMSCSimulator.Account(systemID: DemoFolder.systemID, password: DemoFolder.password)]
        configuration.responseLatency = .milliseconds(5)
        configuration.receiptDelay = .milliseconds(500)
        configuration.journalPath = folder.journal
        var logger = logger
        logger[metadataKey: "component"] = "smsc"
        return SMSCSimulator(
            configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }
}

/// A port that was free a moment ago: the demo's own addresses have to be known before it listens.
enum FreePort {
    static func find() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw CocoaError(.fileNoSuchFile) }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isBound else { throw CocoaError(.fileNoSuchFile) }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
