// SPDX-License-Identifier: Apache-2.0
// The Prometheus text exposition format 0.0.4, written by appending bytes: whatever a label or a help text holds, a
// line stays one line.

/// What a metric is, for its `TYPE` line.
public enum MetricKind: String, Sendable {
    case counter, gauge, histogram
}

/// One label of a sample.
struct Label: Sendable, Hashable {
    let name: String
    let value: String
}

/// One exposition as it grows.
struct ExpositionText {
    private(set) var bytes: [UInt8] = []

    mutating func header(_ name: String, _ kind: MetricKind, help: String) {
        append("# HELP \(name) ")
        escape(help, quotes: false)
        append("\n# TYPE \(name) \(kind.rawValue)\n")
    }

    mutating func sample(_ name: String, _ labels: [Label], value: Double) {
        append(name)
        if !labels.isEmpty {
            var separator = "{"
            for label in labels {
                append("\(separator)\(label.name)=\"")
                escape(label.value, quotes: true)
                append("\"")
                separator = ","
            }
            append("}")
        }
        append(" \(Self.number(value))\n")
    }

    /// As Go's `strconv.ParseFloat` reads it; whole numbers without a fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: value), abs(whole) < 1 << 53 { return String(whole) }
        return "\(value)"
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\"") where quotes: append("\\\"")
            default: bytes.append(byte)
            }
        }
    }
}
