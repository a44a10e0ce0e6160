// SPDX-License-Identifier: Apache-2.0
// The SMSC of the probe: takes every message, reports it delivered when asked to, and echoes `MO:` texts as a handset.

import NIOCore
import SMPP
import Synchronization

final class ProbeSMSC: SMPPServerDelegate {
    private let lastID = Mutex(0)

    func smppServer(_ server: SMPPServer, authenticate request: BindRequest) async -> BindDecision {
        guard request.bind.systemID == "esme" else { return .reject(.invalidSystemID) }
        return request.bind.password == "secret" ? .accept(account: "esme") : .reject(.invalidPassword)
    }

    func smppServer(_ server: SMPPServer, received request: ServerRequest) {
        switch request.operation {
        case .submit(let submit): accept(submit, request, server)
        case .submitMulti, .data: request.respond(.ok, messageID: nextID())
        case .query(let query):
            let state = MessageState.delivered.rawValue
            request.respond(
                QuerySMResponse(messageID: query.messageID, finalDate: "260101120000000+", messageState: state))
        case .cancel: request.respond(.cancelFailed)
        case .replace: request.respond(.replaceFailed)
        }
    }

    private func accept(_ submit: SubmitSM, _ request: ServerRequest, _ server: SMPPServer) {
        let id = nextID()
        request.respond(.ok, messageID: id)
        let account = request.session.account ?? ""
        if submit.registeredDelivery & 3 == 1 {
            server.deliver(.deliver(receipt(id, submit)), to: account) { _ in }
        }
        if submit.shortMessage.starts(with: Array("MO:".utf8)) {
            let echo = DeliverSM(
                source: submit.destination, destination: submit.source, dataCoding: submit.dataCoding,
                shortMessage: Array(submit.shortMessage.dropFirst(3)))
            server.deliver(.deliver(echo), to: account) { _ in }
        }
    }

    private func receipt(_ id: String, _ submit: SubmitSM) -> DeliverSM {
        var receipt = DeliveryReceipt()
        receipt.textID = id
        receipt.messageState = .delivered
        receipt.submitDate = CivilTime(year: 2026, month: 1, day: 1, hour: 12, minute: 0)
        receipt.doneDate = CivilTime(year: 2026, month: 1, day: 1, hour: 12, minute: 1)
        receipt.text = String(decoding: submit.shortMessage, as: UTF8.self)
        return receipt.deliverSM(source: submit.destination, destination: submit.source)
    }

    private func nextID() -> String {
        let number = lastID.withLock { last in
            last += 1
            return last
        }
        return "P" + String(repeating: "0", count: max(0, 8 - "\(number)".count)) + "\(number)"
    }
}
