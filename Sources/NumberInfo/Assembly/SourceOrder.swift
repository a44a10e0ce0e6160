// SPDX-License-Identifier: Apache-2.0
// Which source is asked after which: field by field the first that knows has the word.

/// A source that the configuration names and that does not exist.
public struct UnknownNumberSource: Error, Sendable, Equatable {
    public let name: String
}

public struct SourceOrder: Sendable {
    private let sources: [NumberQuestion: [any NumberSource]]

    /// Sources in the order of their names for each question. Where the configuration does not say, GNP asks the ported
    /// numbers, then what else there is for it, and GNV asks first what is there for GNV alone (an HLR). The number
    /// ranges come last unless they are named.
    public init(
        _ sources: [any NumberSource], named order: [NumberQuestion: [String]] = [:]
    ) throws(UnknownNumberSource) {
        var sorted: [NumberQuestion: [any NumberSource]] = [:]
        for question in NumberQuestion.allCases {
            guard let names = order[question] else {
                sorted[question] = Self.usual(sources, question)
                continue
            }
            var chosen: [any NumberSource] = []
            for name in names {
                guard let source = sources.first(where: { $0.name == name }) else {
                    throw UnknownNumberSource(name: name)
                }
                chosen.append(source)
            }
            if !names.contains(RangeSource.sourceName) {
                chosen += sources.filter { $0.name == RangeSource.sourceName }
            }
            sorted[question] = chosen.filter { $0.answers(question) }
        }
        self.sources = sorted
    }

    private static func usual(_ sources: [any NumberSource], _ question: NumberQuestion) -> [any NumberSource] {
        func rank(_ source: any NumberSource) -> Int {
            if source.name == RangeSource.sourceName { return 3 }
            if !source.answers(.portability) { return 0 }
            return source.name == PortedNumberSource.sourceName ? 1 : 2
        }
        let ranked = sources.filter { $0.answers(question) }.enumerated()
        return ranked.sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
    }

    func sources(for question: NumberQuestion) -> [any NumberSource] { sources[question] ?? [] }

    /// Every source that is asked for anything, once.
    var all: [any NumberSource] {
        var names: Set<String> = []
        return NumberQuestion.allCases.flatMap { sources(for: $0) }.filter { names.insert($0.name).inserted }
    }
}
