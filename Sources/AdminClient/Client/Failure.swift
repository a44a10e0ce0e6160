// SPDX-License-Identifier: Apache-2.0
// Why a command could not do what it was asked, as the lines that a person sees and the status that a script tests.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Wire

struct Failure: Error, Equatable {
    /// What the process ends with (`sysexits.h` where it has a word for it).
    enum Status: Int32 {
        /// The server understood and refused.
        case refused = 1
        /// EX_USAGE: what was typed makes no sense, or does not say enough.
        case usage = 64
        /// EX_UNAVAILABLE: the server cannot be reached, or cannot answer now.
        case unavailable = 69
        /// EX_NOPERM: the key is unknown or may not do this.
        case notPermitted = 77
    }

    let lines: [String]
    let status: Status
    /// The response's status, when there was a response.
    var code: Int?

    init(_ line: String, _ status: Status = .refused) {
        lines = [line]
        self.status = status
    }

    /// A response that is not a success. A problem document (RFC 7807) becomes a line for each field that it names.
    init(status code: Int, body: some Collection<UInt8>, from server: String) {
        self.code = code
        status =
            switch code {
            case 401, 403: .notPermitted
            case 502, 503, 504: .unavailable
            default: .refused
            }
        let problem = try? JSONValue(parsing: body)
        let violations = (problem?["violations"]?.array ?? []).compactMap { violation -> String? in
            guard let message = violation["message"]?.string else { return nil }
            let field = violation["field"]?.string ?? ""
            return Cell.printable(field.isEmpty ? message : "\(field): \(message)")
        }
        let detail = (problem?["detail"]?.string ?? problem?["title"]?.string ?? "").split(whereSeparator: \.isNewline)
            .map { Cell.printable(String($0)) }
        lines =
            if code == 401 {
                ["\(server) does not accept the key" + (detail.first.map { ": \($0)" } ?? "")]
            } else if !violations.isEmpty {
                violations
            } else if !detail.isEmpty {
                detail
            } else {
                ["\(server) answered \(code), without saying why"]
            }
    }

    /// A request that got no answer.
    init(noAnswerFrom server: String, because error: any Error) {
        self.init("cannot reach \(server): \(Self.reason(error))", .unavailable)
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let inner = error.connectionErrors.first?.error { return reason(inner) }
            return "no address is known for \(error.host)"
        case let error as IOError: return systemReason(error.errnoCode)
        case let error as HTTPClientError: return clientReason(error)
        case HTTPParserError.invalidEOFState: return "it closed the connection"
        case is HTTPParserError: return "what it answers is not HTTP"
        case is SocketAddressError: return "its name cannot be resolved"
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "its certificate is for another name"
        case is NIOSSLError, is BoringSSLError:
            return "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
                ? "its certificate is not trusted; --ca names a private authority's" : "there is no TLS to be had"
        case is CancellationError: return "interrupted"
        default: return "\(error)"
        }
    }

    private static func systemReason(_ code: CInt) -> String {
        switch code {
        case ECONNREFUSED: "nothing listens there (connection refused)"
        case ECONNRESET, EPIPE: "it closed the connection"
        case ETIMEDOUT: "no answer in time"
        default: String(cString: strerror(code))
        }
    }

    private static func clientReason(_ error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout, .deadlineExceeded, .readTimeout, .writeTimeout: "no answer in time"
        case .remoteConnectionClosed: "it closed the connection"
        default: "\(error.shortDescription)"
        }
    }
}
