// SPDX-License-Identifier: Apache-2.0
// Takes submits in: composed on the session's event loop, handed to the engine, and answered only when what they ask for
// is on disk.

internal import Logging
internal import Messaging
internal import NIOCore
internal import SMPP
internal import Synchronization

final class SubmitHandler: Sendable {
    private let engine: MessagingEngine
    private let sessions: BoundSessions
    /// The next number for the parts of a long message; starts anywhere: a restart must not repeat the last ones.
    private let reference = Atomic<UInt16>(UInt16.random(in: .min ... .max))

    init(engine: MessagingEngine, sessions: BoundSessions) {
        self.engine = engine
        self.sessions = sessions
    }

    func submit(_ pdu: SubmitSM, _ request: ServerRequest) {
        single(ClientMessage(pdu), to: pdu.destination, request)
    }

    func submit(_ pdu: DataSM, _ request: ServerRequest) {
        single(ClientMessage(pdu), to: pdu.destination, request)
    }

    private func single(_ submit: ClientMessage, to destination: Address, _ request: ServerRequest) {
        guard let account = admit(request, messages: 1) else { return }
        let message: Message
        do {
            message = try composer(for: account).message(submit, to: destination)
        } catch {
            return refuse(request, error)
        }
        let form = account.settings.messageIDs
        engine.acceptor.accept(
            Acceptor.Submission(message) { [self] result in
                sessions.answered(request.session)
                request.respond(result.status, messageID: result == .accepted ? form.text(of: message.id) : "")
            })
    }

    /// Every destination is a message of its own; the response has the id of the first one that was taken, and so have
    /// the receipts of all.
    func submit(_ pdu: SubmitMulti, _ request: ServerRequest) {
        guard !pdu.destinations.isEmpty else { return request.respond(.invalidNumberOfDestinations) }
        guard let account = admit(request, messages: pdu.destinations.count) else { return }
        let submit = ClientMessage(pdu)
        let composer = composer(for: account)
        var messages: [(message: Message, address: Address)] = []
        var refused: [UnsuccessfulDestination] = []
        for destination in pdu.destinations {
            switch destination {
            case .distributionList(let name):
                refused.append(
                    UnsuccessfulDestination(address: Address(value: name), status: .invalidDistributionListName))
            case .address(let address):
                do {
                    messages.append((try composer.message(submit, to: address), address))
                } catch {
                    // What is wrong with one address is wrong with that address alone.
                    refused.append(UnsuccessfulDestination(address: address, status: error.status))
                }
            }
        }
        Task { [messages, refused] in
            await accept(messages, refused: refused, account: account, request)
        }
    }

    private func accept(
        _ messages: [(message: Message, address: Address)], refused: [UnsuccessfulDestination], account: SMPPAccount,
        _ request: ServerRequest
    ) async {
        var refused = refused
        var first: MessageID?
        for (message, address) in messages {
            var message = message
            if let first, var origin = SubmitOrigin(message.reporting) {
                origin.responseID = first
                message.reporting = origin.reporting
            }
            let status = await engine.acceptor.accept(message).status
            if status == .ok {
                first = first ?? message.id
            } else {
                refused.append(UnsuccessfulDestination(address: address, status: status))
            }
        }
        sessions.answered(request.session)
        let id = first.map { account.settings.messageIDs.text(of: $0) } ?? ""
        request.respond(
            SubmitMultiResponse(messageID: id, unsuccessful: refused), status: first == nil ? .submitFailed : .ok)
    }

    /// The account, or nil when the request was answered here.
    private func admit(_ request: ServerRequest, messages: Int) -> SMPPAccount? {
        switch sessions.admit(request.session, messages: messages, now: NIODeadline.now().uptimeNanoseconds) {
        case .go(let account): return account
        case .throttled: request.respond(.throttled)
        case .gone: request.respond(.incorrectBindStatus)
        }
        return nil
    }

    private func composer(for account: SMPPAccount) -> SubmitComposer {
        SubmitComposer(
            directory: engine.context.directory.current, account: account, now: engine.context.clock(),
            concatenationReference: reference.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    private func refuse(_ request: ServerRequest, _ refusal: SubmitRefusal) {
        engine.context.logger.debug(
            "submit refused",
            metadata: ["system_id": "\(request.session.systemID)", "reason": "\(refusal.reason)"])
        sessions.answered(request.session)
        request.respond(refusal.status)
    }
}

extension AcceptResult {
    /// The command_status of the response. A balance that does not cover a message is a permanent "no" to clients, which
    /// would try again for ever after ESME_RSYSERR.
    var status: CommandStatus {
        switch self {
        case .accepted, .repeated: .ok
        case .insufficientBalance: .submitFailed
        case .unavailable: .messageQueueFull
        case .keyReused, .unknown: .systemError
        }
    }
}
