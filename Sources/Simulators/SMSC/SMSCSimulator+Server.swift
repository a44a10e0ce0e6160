// SPDX-License-Identifier: Apache-2.0
// What a simulated SMSC does as the delegate of its SMPP server: authenticates, and hands requests to the core.

internal import SMPP

extension SMSCSimulator {
    /// The SMPP server's delegate, so that nothing of it shows in the simulator's own interface.
    final class ServerDelegate: SMPPServerDelegate {
        private let simulator: SMSCSimulator

        init(_ simulator: SMSCSimulator) {
            self.simulator = simulator
        }

        func smppServer(_ server: SMPPServer, authenticate request: BindRequest) async -> BindDecision {
            let accounts = simulator.configuration.accounts
            guard let account = accounts.first(where: { $0.systemID == request.bind.systemID }) else {
                return .reject(.invalidSystemID)
            }
            // The field has at most 8 octets, whatever was configured.
            guard account.password.prefix(8) == request.bind.password.prefix(8) else {
                return .reject(.invalidPassword)
            }
            return .accept(account: account.systemID)
        }

        func smppServer(_ server: SMPPServer, bound session: SMPPServerSession) {
            guard session.mode?.canReceive == true, let account = session.account else { return }
            simulator.run { $0.core.receiverBound(account, now: .now) }
        }

        func smppServer(_ server: SMPPServer, closed session: SMPPServerSession) {
            simulator.run { state in
                state.unanswered[session.id] = nil
                guard session.mode?.canReceive == true, let account = session.account else { return }
                state.core.receiverGone(account)
            }
        }

        func smppServer(_ server: SMPPServer, received request: ServerRequest) {
            guard let account = request.session.account else { return request.respond(.incorrectBindStatus) }
            switch request.operation {
            case .submit(let body):
                let submittal = Submittal(body, account: account)
                simulator.run { $0.core.submit(submittal, request: request, now: .now) }
            case .data(let body):
                let submittal = Submittal(body, account: account)
                simulator.run { $0.core.submit(submittal, request: request, now: .now) }
            case .submitMulti(let body):
                simulator.run { $0.core.submitMulti(body, account: account, request: request, now: .now) }
            case .query(let body):
                let (response, status) = simulator.run { $0.core.query(body, account: account) }
                request.respond(response, status: status)
            case .cancel(let body):
                let status = simulator.run { $0.core.cancel(body, account: account, now: .now) }
                request.respond(status)
            case .replace(let body):
                let status = simulator.run { $0.core.replace(body, account: account, now: .now) }
                request.respond(status)
            }
        }
    }
}

extension SMSCSimulator.Configuration {
    /// What of it concerns the SMPP server.
    var server: SMPPServer.Configuration {
        var server = SMPPServer.Configuration()
        server.host = host
        server.port = port
        server.systemID = String(name.prefix(15))
        server.tls = tls
        server.window = window
        server.inboundWindow = inboundWindow
        server.responseTimeout = responseTimeout
        server.enquireLinkInterval = enquireLinkInterval
        return server
    }
}

extension ServerRequest {
    func respond(_ answer: SMSCCore<ServerRequest>.Answer) {
        guard case .submitMulti = operation else { return respond(answer.status, messageID: answer.messageID) }
        respond(
            SubmitMultiResponse(messageID: answer.messageID, unsuccessful: answer.unsuccessful), status: answer.status)
    }
}
