// SPDX-License-Identifier: Apache-2.0
// The case of an error without its message, to compare with.

import SQL

extension DatabaseError {
    enum Kind { case unavailable, full, locked, constraint, serialization, commitUnknown, invalid, decoding }

    var kind: Kind {
        switch self {
        case .unavailable: .unavailable
        case .full: .full
        case .locked: .locked
        case .constraint: .constraint
        case .serialization: .serialization
        case .commitUnknown: .commitUnknown
        case .invalid: .invalid
        case .decoding: .decoding
        }
    }
}
