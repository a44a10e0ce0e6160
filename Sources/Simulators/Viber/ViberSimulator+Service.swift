// SPDX-License-Identifier: Apache-2.0
// Business messages: sending as a service, writing and reading as its customers.

internal import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import Wire

extension ViberSimulator {
    /// Messages that a service may send before the customer has to write again.
    private static let sessionLimit = 10
    private static let sessionLength: Milliseconds = 24 * 3_600_000

    func sendAsService(_ request: LoopbackRequest, _ respond: @escaping Respond) {
        let json = request.json ?? .null
        let sequence = json["seq"]?.int64 ?? 0
        func refuse(_ code: Int, _ line: String, recipient: String = "", after delay: TimeAmount = .zero) {
            let answer = JSONValue.members(["seq": .integer(sequence), "status": .integer(Int64(code))])
            self.refuse(answer, code: code, line, recipient: recipient, json: json, after: delay, respond)
        }
        guard json.object != nil else { return refuse(ViberRefusal.badData.code, "") }
        guard let id = json["service_id"]?.int64, let service = configuration.services.first(where: { $0.id == id })
        else { return refuse(2, "") }
        let line = String(id)
        guard service.token == nil || request.headers.first(name: "X-Viber-Auth-Token") == service.token else {
            return refuse(401, line)
        }
        let (delay, isCut): (TimeAmount, Bool)
        let unauthorized = LoopbackResponse.json(
            .members(["seq": .integer(sequence), "status": .integer(401)]))
        switch weather(limited: LoopbackResponse(.tooManyRequests), unauthorized: unauthorized) {
        case .instead(let reply):
            record(.refusal, sender: line, json: json, detail: "fault")
            return respond(reply)
        case .usual(let after, let cut): (delay, isCut) = (after, cut)
        }
        do throws(ViberRefusal) {
            let message = try ViberServiceCheck(json: json).message()
            try admit(message, service)
            let outcome = configuration.outcomeRule(message.phone)
            switch suffering(outcome, message.phone) {
            case .refused: return refuse(9, line, recipient: message.phone, after: delay)
            case .throttled:
                record(.refusal, sender: line, recipient: message.phone, json: json, detail: "429")
                return respond(.respond(LoopbackResponse(.tooManyRequests), after: delay))
            case .dropped: return respond(.cut)
            case nil: break
            }
            let sent = Sent(token: nextToken(), line: .service(service), recipient: message.phone)
            sendsInSession(message, service)
            let answer = JSONValue.members([
                "seq": .integer(sequence), "status": .integer(0), "message_token": .string(String(sent.token)),
                "session_id": message.isSession ? .string("\(id)\(message.phone)") : nil,
            ])
            take(sent, outcome, json, answer, after: delay, isCut: isCut, respond)
        } catch {
            refuse(error.code, line, recipient: json["dest"]?.string ?? "", after: delay)
        }
    }

    private func admit(_ message: ViberServiceMessage, _ service: Service) throws(ViberRefusal) {
        guard message.isSession else { return }
        guard service.isTwoWay else { throw ViberRefusal(4) }
        guard configuration.enforcesSessions else { return }
        let talk = state.withLock { $0.talks["\(service.id)/\(message.phone)"] ?? Talk() }
        guard Timestamp.now() - talk.writtenAt < Self.sessionLength, talk.answers < Self.sessionLimit else {
            throw ViberRefusal(21)
        }
    }

    private func sendsInSession(_ message: ViberServiceMessage, _ service: Service) {
        state.withLock { state in
            let key = "\(service.id)/\(message.phone)"
            if message.isSession { state.talks[key, default: Talk()].answers += 1 }
            if !message.trackingData.isEmpty { state.talks[key, default: Talk()].trackingData = message.trackingData }
        }
    }

    // MARK: Customers

    /// Why a customer cannot do that.
    public enum CustomerError: Error, Hashable, Sendable, CustomStringConvertible {
        /// No service or bot has that id, or the service is one-way.
        case unknownLine
        /// Its callback URL is not set.
        case noCallbackURL
        /// No message has that token, or it is too long ago.
        case unknownMessage

        public var description: String {
            switch self {
            case .unknownLine: "no service that can be answered and no bot has that id"
            case .noCallbackURL: "no callback URL is set"
            case .unknownMessage: "no message has that token"
            }
        }
    }

    /// What has become of a customer's doing by the time the call returns.
    public struct CustomerDelivery: Hashable, Sendable {
        public var messageToken: String
        /// Whether the callback was answered 200 at the first try; if not, it is tried again.
        public var isAcknowledged: Bool
    }

    /// Writes to a service, the first one when none is named. Returns after the first try of the callback.
    @discardableResult
    public func customerWrites(
        from phone: String, serviceID: Int64? = nil, _ message: CustomerMessage, trackingData: String? = nil
    ) async throws -> CustomerDelivery {
        let services = configuration.services
        guard let service = serviceID == nil ? services.first : services.first(where: { $0.id == serviceID }),
            service.isTwoWay
        else { throw CustomerError.unknownLine }
        let now = Timestamp.now()
        let token = nextToken()
        let tracking = state.withLock { state in
            let key = "\(service.id)/\(phone)"
            let known = state.talks[key]?.trackingData
            state.talks[key] = Talk(writtenAt: now, trackingData: known)
            return trackingData ?? known
        }
        let json = JSONValue.members([
            "message_token": .string(String(token)), "time": .integer(now), "phone_number": .string(phone),
            "service_id": .integer(service.id), "message": message.json(forBot: false, trackingData: tracking),
        ])
        return try await deliver(json, token: token, .service(service), phone)
    }

    /// Sees a message that a service or a bot has sent.
    @discardableResult
    public func customerSees(messageToken: String) async throws -> CustomerDelivery {
        guard let sent = state.withLock({ $0.sent[messageToken] }) else { throw CustomerError.unknownMessage }
        guard let callback = step(.seen, of: sent, after: .zero).make() else { throw CustomerError.noCallbackURL }
        return CustomerDelivery(messageToken: messageToken, isAcknowledged: await sender.deliver(callback))
    }

    func deliver(
        _ json: JSONValue, token: Int64, _ line: Line, _ customer: String
    ) async throws -> CustomerDelivery {
        guard let callback = step(after: .zero, id: String(token), line, customer, { json }).make() else {
            throw CustomerError.noCallbackURL
        }
        return CustomerDelivery(messageToken: String(token), isAcknowledged: await sender.deliver(callback))
    }
}
