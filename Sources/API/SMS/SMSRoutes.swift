// SPDX-License-Identifier: Apache-2.0
// The SMS API v1.0: its addresses and the handlers behind them.

internal import Hummingbird
internal import Messaging

struct SMSRoutes {
    let engine: MessagingEngine
    let options: APIOptions

    func add(to router: Router<APIRequestContext>, authentication: APIKeyAuthentication) {
        let send = SendSMS(engine: engine, options: options)
        let get = GetMessage(database: engine.context.database, options: options)
        let report = ReportConversion(database: engine.context.database, clock: engine.context.clock)
        router.group("messaging/v1").add(middleware: authentication)
            .post("sms", use: send.post)
            .get("sms", use: send.get)
            .get("messages/:requestId", use: get.handle)
            .post("conversion", use: report.handle)
    }
}
