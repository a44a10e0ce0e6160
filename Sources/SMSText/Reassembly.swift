// SPDX-License-Identifier: Apache-2.0
// Joining the received parts of one message. Adjacent parts are joined before they are decoded, so that a surrogate
// pair, an escape pair or a UTF-8 sequence that the sender cut in two comes out whole.

/// Joining of received parts.
public enum Reassembly {
    /// What stands for a part that did not arrive.
    public static let missingMark = "<...>"

    /// One received part.
    public struct Part: Sendable, Hashable {
        /// What the part holds.
        public enum Content: Sendable, Hashable {
            /// User data without its header, as it arrived.
            case octets([UInt8], dataCoding: UInt8, header: UserDataHeader?)
            /// Already decoded.
            case text(String)
        }

        /// From 1.
        public let sequence: Int
        public let content: Content

        public init(sequence: Int, content: Content) {
            self.sequence = sequence
            self.content = content
        }
    }

    /// The text of a message of `total` parts, in order, with `<...>` for each part that is missing. Of two parts with
    /// one sequence the first counts; a sequence outside 1…`total` is ignored. Binary parts are read as missing.
    public static func text(
        of parts: [Part], total: Int, defaultAlphabet: DefaultAlphabet = .gsm7
    ) -> String {
        guard total > 0 else { return "" }
        let bySequence = Dictionary(parts.map { ($0.sequence, $0.content) }) { first, _ in first }
        var text = ""
        var run = Run()
        for sequence in 1...min(total, 255) {
            switch bySequence[sequence] {
            case .octets(let octets, let dataCoding, let header):
                let key = Run.Key(dataCoding: dataCoding, header: header)
                let piece = Run.Piece(octets: octets, headerOctets: header?.octets.count ?? 0)
                if run.key != key { text += run.finished(defaultAlphabet) }
                run.key = key
                run.pieces.append(piece)
                // Half a unit at the end of a part must not shift the units of the next.
                let isHalved = !octets.count.isMultiple(of: 2) && InboundCoding(dataCoding: dataCoding) == .ucs2
                if isHalved { text += run.finished(defaultAlphabet) }
            case .text(let decoded):
                text += run.finished(defaultAlphabet) + decoded
            case nil:
                text += run.finished(defaultAlphabet) + missingMark
            }
        }
        return text + run.finished(defaultAlphabet)
    }

    /// Sequences of 1…`total` that are not among `received`.
    public static func missing(received: some Sequence<Int>, total: Int) -> [Int] {
        guard total > 0 else { return [] }
        let received = Set(received)
        return (1...min(total, 255)).filter { !received.contains($0) }
    }
}

/// Adjacent parts that are coded alike.
private struct Run {
    struct Key: Equatable {
        let dataCoding: UInt8
        let locking: NationalLanguage?
        let single: NationalLanguage?

        init(dataCoding: UInt8, header: UserDataHeader?) {
            self.dataCoding = dataCoding
            locking = header?.lockingShift
            single = header?.singleShift
        }
    }

    struct Piece {
        let octets: [UInt8]
        let headerOctets: Int
    }

    var key: Key?
    var pieces: [Piece] = []

    /// The text of the run, which is empty afterwards.
    mutating func finished(_ defaultAlphabet: DefaultAlphabet) -> String {
        defer { self = Run() }
        guard let key, !pieces.isEmpty else { return "" }
        let isDefault = InboundCoding(dataCoding: key.dataCoding) == .defaultAlphabet
        let alphabet = GSM7Alphabet(locking: key.locking, single: key.single)
        if isDefault, defaultAlphabet == .gsm7Packed {
            return alphabet.decode(
                pieces.flatMap {
                    SeptetPacking.unpackedWithPadding(
                        $0.octets, fillBits: SeptetPacking.fillBits(headerOctets: $0.headerOctets))
                })
        }
        var header = UserDataHeader()
        header.elements = alphabet.headerElements
        let decoded = InboundText.decode(
            octets: pieces.flatMap(\.octets), dataCoding: key.dataCoding, defaultAlphabet: defaultAlphabet,
            header: header.elements.isEmpty ? nil : header)
        switch decoded {
        case .text(let text): return text
        case .binary: return String(repeating: Reassembly.missingMark, count: pieces.count)
        }
    }
}
