// SPDX-License-Identifier: Apache-2.0
// A receiver for the demo's own callbacks, so that the first delivery report can be seen without writing a server: it keeps
// the last ones and says whether their signature was right.

import Hummingbird
import NIOHTTP1
import Synchronization
import Webhooks
import Wire

final class DemoReceiver: Sendable {
    static let path = "/simulator/receiver"
    private static let limit = 50

    private struct Received {
        let at: Milliseconds
        let method: String
        let query: String?
        let body: String
        let isSigned: Bool
    }

    private let secret: WebhookSecret?
    private let received = Mutex<[Received]>([])

    init(secret: String) { self.secret = WebhookSecret(secret) }

    func receive(method: String, query: String?, headers: HTTPHeaders, body: [UInt8]) {
        let now = Timestamp.now()
        let item = Received(
            at: now, method: method, query: query, body: String(decoding: body, as: UTF8.self),
            isSigned: isSigned(headers, body, now: now))
        received.withLock { items in
            items.append(item)
            if items.count > Self.limit { items.removeFirst() }
        }
    }

    private func isSigned(_ headers: HTTPHeaders, _ body: [UInt8], now: Milliseconds) -> Bool {
        guard let secret else { return false }
        do {
            try StandardWebhooks.verify(headers: headers, body: body, secrets: [secret], now: now / 1000)
            return true
        } catch {
            return false
        }
    }

    /// The last callbacks, newest first, as JSON.
    func list() -> [UInt8] {
        let items = received.withLock { $0 }
        var writer = JSONWriter()
        writer.array { writer in
            for item in items.reversed() {
                writer.object { writer in
                    writer.member("receivedAt", Timestamp.rfc3339(item.at, milliseconds: true))
                    writer.member("method", item.method)
                    writer.member("query", item.query)
                    writer.member("signatureVerified", item.isSigned)
                    if (try? JSONValue(parsing: item.body.utf8)) != nil {
                        writer.member("body", number: item.body)
                    } else {
                        writer.member("body", item.body)
                    }
                }
            }
        }
        return writer.bytes
    }
}
