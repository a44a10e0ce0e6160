// SPDX-License-Identifier: Apache-2.0
// How large a POSIX extended regular expression becomes in the C library's matcher, which writes repetitions out and
// whose time grows with the square of what is optional. What this reads otherwise than the matcher does, it refuses.

/// The size of an expression, or of a part of one.
struct ExpressionCost: Equatable {
    static let mostNodes = 2000
    static let mostChoices = 256
    static let mostGroups = 9
    private static let mostRepetitions = 255

    /// Characters to be matched, repetitions written out.
    private(set) var nodes = 0
    /// Places where there is more than one way on.
    private(set) var choices = 0

    private var isBearable: Bool { nodes <= Self.mostNodes && choices <= Self.mostChoices }

    /// Nil for what is too large, has references to its own groups, or is no expression.
    init?(_ expression: [UInt8]) {
        var open = [OpenGroup()]
        var groups = 0
        var rest = expression[...]
        while let byte = rest.popFirst() {
            let top = open.count - 1
            switch byte {
            case UInt8(ascii: "("):
                groups += 1
                guard groups <= Self.mostGroups else { return nil }
                open.append(OpenGroup())
            case UInt8(ascii: ")"):
                guard top > 0 else { return nil }
                open[top - 1].add(open.removeLast().cost)
            case UInt8(ascii: "|"): open[top].addChoice()
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "+"), UInt8(ascii: "{"):
                let times = byte == UInt8(ascii: "{") ? Self.count(&rest) : byte == UInt8(ascii: "+") ? 2 : 1
                guard let last = open[top].last, let times else { return nil }
                open[top].last = last.repeated(times)
            case UInt8(ascii: "["):
                guard Self.skipBrackets(&rest) else { return nil }
                open[top].add(.one)
            case UInt8(ascii: "\\"):
                guard let next = rest.popFirst(), !(0x31...0x39).contains(next) else { return nil }
                open[top].add(.one)
            default: open[top].add(.one)
            }
            guard open[open.count - 1].cost.isBearable else { return nil }
        }
        guard open.count == 1 else { return nil }
        self = open[0].cost
    }

    private init(nodes: Int = 0, choices: Int = 0) {
        self.nodes = nodes
        self.choices = choices
    }

    fileprivate static let nothing = ExpressionCost()
    private static let one = ExpressionCost(nodes: 1)

    /// With another way on.
    fileprivate var orElse: ExpressionCost { ExpressionCost(nodes: nodes, choices: choices + 1) }

    fileprivate static func + (left: ExpressionCost, right: ExpressionCost) -> ExpressionCost {
        ExpressionCost(nodes: left.nodes + right.nodes, choices: left.choices + right.choices)
    }

    private func repeated(_ times: Int) -> ExpressionCost {
        ExpressionCost(nodes: max(1, nodes) * times, choices: (choices + 1) * times)
    }

    /// The larger number of `{2,5}`, of `{2,}` one more; behind the brace. Nil for what is no count.
    private static func count(_ rest: inout ArraySlice<UInt8>) -> Int? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let parts = rest[..<end].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        rest = rest[(end + 1)...]
        let numbers = parts.map { part in
            part.allSatisfy { (0x30...0x39).contains($0) } ? Int(String(decoding: part, as: UTF8.self)) : nil
        }
        guard (1...2).contains(parts.count), let least = numbers[0], least < mostRepetitions else { return nil }
        if parts.count == 1 { return max(1, least) }
        if parts[1].isEmpty { return least + 1 }
        guard let most = numbers[1], (max(1, least)...mostRepetitions).contains(most) else { return nil }
        return most
    }

    /// To behind the bracket that closes; false where none does, and for collating symbols.
    private static func skipBrackets(_ rest: inout ArraySlice<UInt8>) -> Bool {
        if rest.first == UInt8(ascii: "^") { rest.removeFirst() }
        if rest.first == UInt8(ascii: "]") { rest.removeFirst() }
        while let byte = rest.popFirst() {
            switch (byte, rest.first) {
            case (UInt8(ascii: "]"), _): return true
            case (UInt8(ascii: "["), UInt8(ascii: ".")), (UInt8(ascii: "["), UInt8(ascii: "=")): return false
            case (UInt8(ascii: "["), UInt8(ascii: ":")):
                // A class such as [:digit:].
                rest = rest.dropFirst().drop { (0x61...0x7A).contains($0) }
                guard rest.popFirst() == UInt8(ascii: ":"), rest.popFirst() == UInt8(ascii: "]") else { return false }
            default: break
            }
        }
        return false
    }
}

/// What was read of a group so far.
private struct OpenGroup {
    var sum = ExpressionCost.nothing
    /// Its last part, which a repetition repeats; nil where nothing stands yet.
    var last: ExpressionCost?

    var cost: ExpressionCost { sum + (last ?? .nothing) }

    mutating func add(_ part: ExpressionCost?) {
        sum = cost
        last = part
    }

    mutating func addChoice() {
        add(nil)
        sum = sum.orElse
    }
}
