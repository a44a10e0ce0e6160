// SPDX-License-Identifier: Apache-2.0
// The NIS API v1.0: its addresses and the handlers behind them.

internal import Hummingbird
internal import NumberInfo

struct NISRoutes {
    let desk: NumberDesk
    let options: APIOptions

    func add(to router: Router<APIRequestContext>, authentication: APIKeyAuthentication) {
        let portability = AskNumber(question: .portability, desk: desk, options: options)
        let subscriber = AskNumber(question: .subscriber, desk: desk, options: options)
        router.group("nis/v1").add(middleware: authentication)
            .get("gnp", use: portability.handle)
            .get("gnv", use: subscriber.handle)
    }
}
