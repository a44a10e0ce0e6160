// SPDX-License-Identifier: Apache-2.0
// A protocol data unit: header fields and one body out of the closed set of SMPP 3.4 §4.

/// One PDU. The command_id follows from the body; the length is computed when it is encoded.
public struct PDU: Hashable, Sendable {
    /// 0 (`ok`) in requests.
    public var status: CommandStatus
    /// 1 to 0x7FFFFFFF; 0 only in a generic_nack to something that could not be read.
    public var sequence: UInt32
    public var body: Body

    public init(_ body: Body, sequence: UInt32, status: CommandStatus = .ok) {
        self.body = body
        self.sequence = sequence
        self.status = status
    }

    public var commandID: CommandID { body.commandID }

    /// What a PDU carries. Responses that have no mandatory fields keep optional parameters, where 5.0 puts
    /// congestion_state.
    public enum Body: Hashable, Sendable {
        case bind(Bind)
        case bindResponse(BindResponse)
        case outbind(Outbind)
        case unbind
        case unbindResponse
        case submit(SubmitSM)
        case submitResponse(SubmitSMResponse)
        case submitMulti(SubmitMulti)
        case submitMultiResponse(SubmitMultiResponse)
        case deliver(DeliverSM)
        case deliverResponse(DeliverSMResponse)
        case data(DataSM)
        case dataResponse(DataSMResponse)
        case query(QuerySM)
        case queryResponse(QuerySMResponse)
        case cancel(CancelSM)
        case cancelResponse(TLVs = [])
        case replace(ReplaceSM)
        case replaceResponse(TLVs = [])
        case enquireLink
        case enquireLinkResponse(TLVs = [])
        case alertNotification(AlertNotification)
        case genericNack
    }
}

extension PDU.Body {
    public var commandID: CommandID {
        switch self {
        case .bind(let bind): bind.mode.commandID
        case .bindResponse(let response): CommandID(rawValue: response.mode.commandID.rawValue | 0x8000_0000)
        case .outbind: .outbind
        case .unbind: .unbind
        case .unbindResponse: CommandID(rawValue: 0x8000_0006)
        case .submit: .submitSM
        case .submitResponse: CommandID(rawValue: 0x8000_0004)
        case .submitMulti: .submitMulti
        case .submitMultiResponse: CommandID(rawValue: 0x8000_0021)
        case .deliver: .deliverSM
        case .deliverResponse: CommandID(rawValue: 0x8000_0005)
        case .data: .dataSM
        case .dataResponse: CommandID(rawValue: 0x8000_0103)
        case .query: .querySM
        case .queryResponse: CommandID(rawValue: 0x8000_0003)
        case .cancel: .cancelSM
        case .cancelResponse: CommandID(rawValue: 0x8000_0008)
        case .replace: .replaceSM
        case .replaceResponse: CommandID(rawValue: 0x8000_0007)
        case .enquireLink: .enquireLink
        case .enquireLinkResponse: CommandID(rawValue: 0x8000_0015)
        case .alertNotification: .alertNotification
        case .genericNack: .genericNack
        }
    }

    /// The optional parameters, for the bodies that have any.
    public var tlvs: TLVs {
        switch self {
        case .bindResponse(let body): body.tlvs
        case .submit(let body): body.tlvs
        case .submitResponse(let body): body.tlvs
        case .submitMulti(let body): body.tlvs
        case .submitMultiResponse(let body): body.tlvs
        case .deliver(let body): body.tlvs
        case .deliverResponse(let body): body.tlvs
        case .data(let body): body.tlvs
        case .dataResponse(let body): body.tlvs
        case .queryResponse(let body): body.tlvs
        case .cancelResponse(let tlvs), .replaceResponse(let tlvs), .enquireLinkResponse(let tlvs): tlvs
        case .alertNotification(let body): body.tlvs
        case .bind, .outbind, .unbind, .unbindResponse, .query, .cancel, .replace, .enquireLink, .genericNack: []
        }
    }

    var isBind: Bool { if case .bind = self { true } else { false } }

    /// The response that says only its status: every mandatory field empty. Nil for commands without a response.
    static func emptyResponse(to command: CommandID) -> PDU.Body? {
        switch command {
        case .bindReceiver: .bindResponse(BindResponse(mode: .receiver))
        case .bindTransmitter: .bindResponse(BindResponse(mode: .transmitter))
        case .bindTransceiver: .bindResponse(BindResponse(mode: .transceiver))
        case .unbind: .unbindResponse
        case .submitSM: .submitResponse(SubmitSMResponse())
        case .submitMulti: .submitMultiResponse(SubmitMultiResponse())
        case .deliverSM: .deliverResponse(DeliverSMResponse())
        case .dataSM: .dataResponse(DataSMResponse())
        case .querySM: .queryResponse(QuerySMResponse())
        case .cancelSM: .cancelResponse()
        case .replaceSM: .replaceResponse()
        case .enquireLink: .enquireLinkResponse()
        default: nil
        }
    }
}
