// SPDX-License-Identifier: Apache-2.0
// What happens on the sessions, handed to whose business it is.

internal import Logging
internal import Messaging
internal import NIOCore
internal import SMPP

final class ServerEvents: SMPPServerDelegate {
    private let context: EngineContext
    private let sessions: BoundSessions
    private let authority: BindAuthority
    private let dispatcher: AccountDispatcher
    private let submits: SubmitHandler
    private let operations: MessageOperations

    init(
        engine: MessagingEngine, sessions: BoundSessions, authority: BindAuthority, dispatcher: AccountDispatcher
    ) {
        context = engine.context
        self.sessions = sessions
        self.authority = authority
        self.dispatcher = dispatcher
        submits = SubmitHandler(engine: engine, sessions: sessions)
        operations = MessageOperations(engine: engine)
    }

    func smppServer(_ server: SMPPServer, allowsConnectionFrom address: SocketAddress) -> Bool {
        authority.admits(address)
    }

    func smppServer(_ server: SMPPServer, authenticate request: BindRequest) async -> BindDecision {
        let sessions = sessions
        let result = await authority.decide(request.bind, from: request.remoteAddress) {
            sessions.count(accountID: $0)
        }
        switch result {
        case .success(let account):
            let window = account.settings.window
            return .accept(account: String(account.id), window: window, inboundWindow: window)
        case .failure(let refusal): return .reject(refusal.status)
        }
    }

    func smppServer(_ server: SMPPServer, bound session: SMPPServerSession) {
        let now = context.clock()
        guard let account = context.directory.current.smppAccounts[session.systemID],
            session.account == String(account.id), sessions.add(session, account: account, now: now)
        else { return session.unbind() }
        if session.mode?.canReceive == true { dispatcher.stored(forAccounts: [account.id]) }
        Task { [context] in
            do {
                try await context.directory.noteBind(smppAccountID: account.id, now: now)
            } catch {
                context.logger.warning("bind not noted", metadata: ["error": "\(error)"])
            }
        }
    }

    func smppServer(_ server: SMPPServer, closed session: SMPPServerSession) {
        sessions.remove(session)
    }

    func smppServer(_ server: SMPPServer, received request: ServerRequest) {
        switch request.operation {
        case .submit(let pdu): submits.submit(pdu, request)
        case .submitMulti(let pdu): submits.submit(pdu, request)
        case .data(let pdu): submits.submit(pdu, request)
        case .query(let pdu):
            withAccount(request) { [operations] in await operations.query(pdu, account: $0, request) }
        case .cancel(let pdu):
            withAccount(request) { [operations] in await operations.cancel(pdu, account: $0, request) }
        // A message that was taken is sent as it was taken; whoever wants another cancels it and submits that.
        case .replace: request.respond(.replaceFailed)
        }
    }

    private func withAccount(_ request: ServerRequest, _ body: @escaping @Sendable (SMPPAccount) async -> Void) {
        guard let account = sessions.account(of: request.session) else {
            return request.respond(.incorrectBindStatus)
        }
        Task { await body(account) }
    }
}
