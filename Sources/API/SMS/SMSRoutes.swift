// SPDX-License-Identifier: Apache-2.0
// The SMS API v1.0: its addresses and the handlers behind them.

internal import Hummingbird
internal import Messaging
internal import NIOHTTP1

struct SMSRoutes {
    private static let root = "messaging/v1"

    private let engine: MessagingEngine
    private let options: APIOptions
    private let send: SendSMS

    init(engine: MessagingEngine, options: APIOptions) {
        self.engine = engine
        self.options = options
        send = SendSMS(engine: engine, options: options)
    }

    /// How messages are taken in when they come one by one from clients that wait for nothing else.
    func direct(frame: RequestFrame, authentication: APIKeyAuthentication) -> DirectRoute {
        DirectRoute(.POST, "/\(Self.root)/sms", send, frame: frame, authentication: authentication)
    }

    func add(to router: Router<APIRequestContext>, authentication: APIKeyAuthentication) {
        let get = GetMessage(database: engine.context.database, options: options)
        let report = ReportConversion(database: engine.context.database, clock: engine.context.clock)
        router.group(RouterPath(Self.root)).add(middleware: authentication)
            .post("sms", use: send.post)
            .get("sms", use: send.get)
            .get("messages/:requestId", use: get.handle)
            .post("conversion", use: report.handle)
    }
}
