// SPDX-License-Identifier: Apache-2.0
// How connectors, customers' sessions and endpoints are doing, in the words of the Admin API.

import API
import Connectors
import CustomerSMPP
import Messaging
import SMPP
import Webhooks

extension ConnectorLiveState {
    init(_ connector: any Connector) {
        self.init(isUp: connector.isUp)
        guard let state = (connector as? SMPPConnector)?.clientState else { return }
        binds = state.binds.map { bind in
            Bind(
                index: bind.index, mode: "\(bind.mode)", phase: "\(bind.phase)", outstanding: bind.outstanding,
                window: state.window, peerSystemID: bind.peerSystemID, lastError: bind.lastError)
        }
        messagesPerSecond = Double(state.submitsInLastMinute) / 60
        rate = state.currentRate
        isPaused = state.isPaused
        windowUsed = state.outstanding
        windowSize = state.windowSize
    }
}

extension API.SMPPSessionState {
    init(_ session: CustomerSMPP.SMPPSessionState) {
        self.init(
            id: session.id, mode: session.mode, address: session.address, boundAt: session.boundAt,
            outstanding: session.outstanding)
    }
}

extension EndpointLiveState {
    init(_ endpoint: EndpointState) {
        let isPaused = endpoint.pausedUntil != nil
        let state: State =
            switch endpoint.health.phase {
            case .healthy: isPaused ? .paused : .healthy
            case .failing: .failing
            case .stopped: .stopped
            }
        self.init(
            companyID: endpoint.companyID, url: endpoint.url, state: state, pausedUntil: endpoint.pausedUntil,
            lastSuccessAt: endpoint.health.lastSuccessAt, lastFailureAt: endpoint.health.lastFailureAt)
    }
}
