// SPDX-License-Identifier: Apache-2.0
// The header `Idempotency-Key`, and what became of a request in the form of an answer; the same for every surface.

internal import Accounts
internal import Hummingbird
internal import Messaging

enum IdempotencyKey {
    static let maximumLength = 255

    /// The key that a request names; nil without one. Throws 400 for one that cannot be used.
    static func read(from request: Request) throws(Problem) -> String? {
        guard let key = request.headers.value(.idempotencyKey) else { return nil }
        guard (1...maximumLength).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .violations([
                Violation(field: "Idempotency-Key", message: "must be 1 to \(maximumLength) visible ASCII characters")
            ])
        }
        return key
    }
}

extension AcceptResult {
    /// The bytes to answer with: `answer`, or those of the first time. Throws the problem of a message that was not
    /// accepted.
    func bytes(_ answer: [UInt8]) throws(Problem) -> [UInt8] {
        switch self {
        case .accepted: return answer
        case .repeated(let stored): return stored
        case .keyReused: throw .idempotencyKeyReused
        case .insufficientBalance: throw .insufficientBalance
        case .unavailable: throw .unavailable
        case .unknown: throw .unknownFate
        }
    }
}
