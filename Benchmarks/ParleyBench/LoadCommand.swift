// SPDX-License-Identifier: Apache-2.0
// `parley-bench load`: keeps one request under way on each of its connections, for a fixed time, and reports what came
// back. One thread without an HTTP library: on a machine that load and server share, what the generator takes, the
// server lacks.

import ArgumentParser
import NIOCore
import NIOPosix
import Wire

enum Dialect: String, ExpressibleByArgument, Sendable {
    /// `POST /messaging/v1/sms` with a JSON body.
    case sms
    /// `GET /cgi-bin/sendsms` of Kannel.
    case kannel
    /// Webhooks of the WhatsApp Cloud API, each with a text of a customer.
    case graph
}

struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Send messages as fast as the server takes them.")

    @Option(help: "The server's port.") var port: Int
    @Option(help: "The API key.") var key = ""
    @Option(help: "Connections, each with one request at a time.") var connections = 64
    @Option(help: "Seconds before the count begins.") var warmup = 1.0
    @Option(help: "Seconds that count.") var seconds = 5.0
    @Option(help: "End after so many messages instead; all count.") var messages: Int?
    @Option(help: "A URL for reports.") var callback: String?
    @Option(help: "What the server speaks: sms, kannel or graph.") var dialect = Dialect.sms

    func run() async throws {
        let requests = RequestBytes(dialect: dialect, port: port, key: key, callback: callback)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let start = NIODeadline.now()
        let countFrom = messages == nil ? start + .nanoseconds(Int64(warmup * 1e9)) : start
        let end = messages == nil ? countFrom + .nanoseconds(Int64(seconds * 1e9)) : .distantFuture
        let run = LoadRun(requests: requests, countFrom: countFrom, end: end, limit: messages)
        let loop = group.next()
        let port = port
        try await loop.flatSubmit { () -> EventLoopFuture<Void> in
            run.started(connections, on: loop)
            for _ in 0..<connections {
                ClientBootstrap(group: loop)
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(LoadConnection(run: run))
                        }
                    }
                    .connect(host: "127.0.0.1", port: port)
                    .whenFailure { _ in run.connectionFailed() }
            }
            return run.finished(on: loop)
        }.get()
        let result = try await loop.submit { run.result() }.get()
        print(result)
        try await group.shutdownGracefully()
    }
}

/// The requests of a run: alike but for a reference, so that no two messages are the same.
struct RequestBytes: Sendable {
    private let dialect: Dialect
    private let head: String
    private let bodyStart: String
    private let bodyEnd: String

    init(dialect: Dialect, port: Int, key: String, callback: String?) {
        self.dialect = dialect
        switch dialect {
        case .sms:
            head = """
                POST /messaging/v1/sms HTTP/1.1\r\nhost: 127.0.0.1:\(port)\r\napikey: \(key)\r\n\
                content-type: application/json\r\ncontent-length:\u{20}
                """
            bodyStart = SampleMessage.start(callback: callback)
            bodyEnd = SampleMessage.end
        case .kannel:
            head = ""
            bodyStart = """
                GET /cgi-bin/sendsms?username=bench&password=bench&from=49301234567&to=491701234100\
                &text=Your+parcel+arrives+today+between+14+and+16.+Track+it+at+https%3A%2F%2Fexample.com%2Ft%2F8a41f+
                """
            let report = callback.map { "&dlr-mask=3&dlr-url=" + $0 } ?? ""
            bodyEnd = """
                \(report) HTTP/1.1\r\nhost: 127.0.0.1:\(port)\r\n\r\n
                """
        case .graph:
            head = """
                POST \(WhatsAppSample.webhookPath) HTTP/1.1\r\nhost: 127.0.0.1:\(port)\r\n\
                content-type: application/json\r\n
                """
            // What an earlier run sent to the same server is not to come again.
            bodyStart = String(Timestamp.now())
            bodyEnd = ""
        }
    }

    func write(_ number: Int, to buffer: inout ByteBuffer) {
        if dialect == .graph { return writeWebhook(number, to: &buffer) }
        let digits = String(number)
        if dialect == .sms {
            buffer.writeString(head)
            buffer.writeString(String(bodyStart.utf8.count + digits.utf8.count + bodyEnd.utf8.count))
            buffer.writeString("\r\n\r\n")
        }
        buffer.writeString(bodyStart)
        buffer.writeString(digits)
        buffer.writeString(bodyEnd)
    }

    private func writeWebhook(_ number: Int, to buffer: inout ByteBuffer) {
        let body = WhatsAppSample.webhook(number, run: bodyStart)
        buffer.writeString(head)
        buffer.writeString("x-hub-signature-256: ")
        buffer.writeString(WhatsAppSample.signature(of: body))
        buffer.writeString("\r\ncontent-length: \(body.utf8.count)\r\n\r\n")
        buffer.writeString(body)
    }
}
