// SPDX-License-Identifier: Apache-2.0
// Why an object of the configuration cannot be made, changed or removed. Whoever asked is told in their own terms: a
// line of the file, a problem document, a line on the terminal.

public import Accounts

public enum ProvisioningError: Error, Sendable, Equatable {
    /// There is no such object, or not for the one who asks.
    case notFound(ObjectKind)
    /// A value cannot be accepted.
    case invalid(field: String, reason: String)
    /// It would contradict something that is there: a name that is taken, an object that is in use.
    case conflict(String)
    /// The configuration file declares it.
    case ownedByFile(ObjectKind, name: String)
}

extension ProvisioningError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound(let kind): "there is no such \(kind.title)"
        case .invalid(let field, let reason): "\(field) \(reason)"
        case .conflict(let reason): reason
        case .ownedByFile(let kind, let name):
            "the \(kind.title) \(name) is declared in the configuration file; change it there and reload"
        }
    }
}
