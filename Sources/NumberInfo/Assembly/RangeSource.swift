// SPDX-License-Identifier: Apache-2.0
// The number plan as a source of facts: to whom a number's range was given, and where it is. It knows nothing of
// portability, so it never says which network serves a number now.

public import PhoneNumbers

/// A source in this process, which costs nothing and is asked even where the others have said everything.
public protocol LocalNumberSource: NumberSource {}

public struct RangeSource: LocalNumberSource {
    public static let sourceName = "ranges"

    public let name = sourceName

    public init() {}

    public func look(up number: PhoneNumber, for question: NumberQuestion) async -> SourceOutcome {
        var holder = NetworkFacts(holderOf: NumberRange.find(number))
        // A mobile number's range does not tell one radio technology from another.
        switch number.lineType {
        case .fixedLine: holder.technology = "Fixed"
        case .pager: holder.technology = "Pager"
        default: break
        }
        guard !holder.isEmpty else { return .nothing }
        var facts = NumberFacts()
        facts.rangeHolder = holder
        return .answer(facts, validFor: nil)
    }
}
