// SPDX-License-Identifier: Apache-2.0
// query_sm, cancel_sm and replace_sm: about messages of the same account, named by the id that their response gave and the
// sender that they had.

internal import Logging
internal import Messaging
internal import SMPP
internal import SQL
internal import Wire

struct MessageOperations: Sendable {
    let engine: MessagingEngine

    /// Where a message stands.
    func query(_ pdu: QuerySM, account: SMPPAccount, _ request: ServerRequest) async {
        await answer(request, otherwise: .queryFailed) {
            guard let found = try await find(pdu.messageID, source: pdu.source, account: account) else {
                return request.respond(.invalidMessageID)
            }
            let state = found.status.messageState
            let code = found.errorCode.flatMap { UInt16($0, radix: 16) } ?? 0
            let finalDate = found.doneAt.map { SMPPTime.absolute(unixMilliseconds: $0, quarterHours: 0).text }
            request.respond(
                QuerySMResponse(
                    messageID: pdu.messageID, finalDate: finalDate ?? "", messageState: state.rawValue,
                    errorCode: UInt8(truncatingIfNeeded: code)))
        }
    }

    /// Withdraws a message of which nothing has left. Without an id there is nothing to name it by.
    func cancel(_ pdu: CancelSM, account: SMPPAccount, _ request: ServerRequest) async {
        guard !pdu.messageID.isEmpty else { return request.respond(.cancelFailed) }
        await answer(request, otherwise: .cancelFailed) {
            guard let found = try await find(pdu.messageID, source: pdu.source, account: account) else {
                return request.respond(.invalidMessageID)
            }
            let isCancelled = try await engine.cancel(found.key, reason: "cancelled by its sender")
            request.respond(isCancelled ? .ok : .cancelFailed)
        }
    }

    private func answer(
        _ request: ServerRequest, otherwise failure: CommandStatus, _ body: () async throws -> Void
    ) async {
        do {
            try await body()
        } catch {
            engine.context.logger.error("operation of a client failed", metadata: ["error": "\(error)"])
            request.respond(failure)
        }
    }

    private func find(_ text: String, source: Address, account: SMPPAccount) async throws -> Message? {
        guard let name = NamedMessage(text, form: account.settings.messageIDs) else { return nil }
        let companyID = account.companyID
        let found = try await engine.context.database.read { transaction -> [Message] in
            switch name {
            case .number(let number): try MessageLookup(transaction).find(number: number, companyID: companyID)
            case .id(let id):
                [try MessageStore(transaction).find(MessageKey(companyID: companyID, id: id))?.0].compactMap(\.self)
            }
        }
        return found.first { message in
            SubmitOrigin(message.reporting)?.accountID == account.id
                && (source.value.isEmpty || ClientAddress.sender(source) == message.sender)
        }
    }
}

extension MessageStatus {
    /// In SMPP's words (3.4 §5.2.28).
    var messageState: MessageState {
        switch self {
        case .accepted, .scheduled, .dispatched, .sent: .enroute
        case .delivered, .seen: .delivered
        case .expired: .expired
        case .undeliverable, .failed: .undeliverable
        case .rejected: .rejected
        case .deleted: .deleted
        }
    }
}
