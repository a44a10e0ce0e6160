// SPDX-License-Identifier: Apache-2.0

// Sorts the errors of the HTTP, TLS and socket layers into the few kinds an integrator can act on. Messages name the
// error only; they hold neither headers nor body.

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

enum FailureKind {
    /// The kind of an error that ended an exchange before the answer's head; `requestSent` once a connection stood.
    static func of(_ error: (any Error)?, requestSent: Bool) -> (WebhookFailure, message: String) {
        switch error {
        case nil: (.protocolViolation, "no answer")
        case is CancellationError: (.cancelled, "cancelled")
        case let refusal as AddressRefusal: (.refusedByGuard, refusal.description)
        case let failure as ExchangeFailure: of(failure)
        case is RequestBytes.ForbiddenHeader: (.protocolViolation, "a header holds characters that none may hold")
        case ChannelError.connectTimeout?: (.connect, "no connection in time")
        case is PinnedClient.WrongAddress: (.refusedByGuard, "the connection led to an address that was not checked")
        case let error as HTTPClientError: of(error)
        case NIOSSLError.uncleanShutdown?: (.protocolViolation, "the connection was closed without an answer")
        case let error? where error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError:
            (.tls, bounded("\(error)"))
        case let error as NIOConnectionError:
            (.connect, bounded(error.connectionErrors.first.map { "\($0.error)" } ?? "\(error)"))
        case let error? where !requestSent && (error is IOError || error is ChannelError):
            (.connect, bounded("\(error)"))
        case let error as HTTPParserError: (.protocolViolation, bounded("not HTTP: \(error)"))
        case let error?: (.protocolViolation, bounded("\(error)"))
        }
    }

    private static func of(_ failure: ExchangeFailure) -> (WebhookFailure, message: String) {
        switch failure {
        case .timedOut: (.timeout, "no answer in time")
        case .handshakeTimedOut: (.tls, "the TLS handshake took too long")
        case .cancelled: (.cancelled, "cancelled")
        case .closedWithoutAnswer: (.protocolViolation, "the connection was closed without an answer")
        }
    }

    private static func of(_ error: HTTPClientError) -> (WebhookFailure, message: String) {
        switch error {
        case .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout:
            (.timeout, "no answer in time")
        case .connectTimeout: (.connect, "no connection in time")
        case .tlsHandshakeTimeout: (.tls, "the TLS handshake took too long")
        case .cancelled, .alreadyShutdown: (.cancelled, "cancelled")
        case .remoteConnectionClosed: (.protocolViolation, "the connection was closed without an answer")
        default: (.protocolViolation, error.shortDescription)
        }
    }

    /// At most 200 characters: what a peer sends may end up in an error's text.
    private static func bounded(_ text: String) -> String { String(text.prefix(200)) }
}
