// SPDX-License-Identifier: Apache-2.0
// A row of the table of ported numbers, and what an import can be refused for.

public import Wire

/// The network to which a number was ported: MCC with MNC, an operator's name, or all three.
public struct PortedNetwork: Sendable, Hashable {
    /// Three digits, or empty.
    public let mcc: String
    /// Two or three digits, or empty.
    public let mnc: String
    public let operatorName: String

    public init(mcc: String, mnc: String, operatorName: String) {
        self.mcc = mcc
        self.mnc = mnc
        self.operatorName = operatorName
    }
}

/// A ported number as the table has it.
public struct PortedNumber: Sendable, Equatable {
    /// E.164 digits.
    public let number: Int64
    public let network: PortedNetwork
    /// Days since 1970-01-01; nil where the table does not say.
    public let day: Int64?

    /// The day as midnight UTC.
    public var portedAt: Milliseconds? { day.map { $0 * 86_400_000 } }
}

/// A line of a table that cannot be accepted. Nothing has changed.
public struct PortedTableError: Error, Sendable, Equatable {
    /// From 1.
    public let line: Int
    /// The column's name; nil where the line as a whole is wrong.
    public let column: String?
    public let reason: String

    public init(line: Int, column: String? = nil, reason: String) {
        self.line = line
        self.column = column
        self.reason = reason
    }
}

/// Why an import could not begin or go on. Nothing has changed.
public enum PortedImportError: Error, Sendable, Equatable {
    /// Another one is running.
    case busy
    /// This node lost its lease meanwhile.
    case interrupted
}

/// What an import did.
public struct PortedImportResult: Sendable, Equatable {
    /// Numbers that the table has.
    public let imported: Int
    /// Numbers that it took away: those of the tables before it, or the lines that say `remove`.
    public let removed: Int
}

/// One import that is or was in force.
public struct PortedGeneration: Sendable, Equatable {
    public enum State: Int64, Sendable {
        case loading = 0
        case inForce = 1
        case replaced = 2
        case removed = 3
    }

    public let id: Int64
    /// Whether it stands for itself, rather than change what was there.
    public let isWhole: Bool
    public let state: State
    public let rows: Int64
    public let createdAt: Milliseconds
    public let activatedAt: Milliseconds?
}
