// SPDX-License-Identifier: Apache-2.0
// Inbound user data: headers, alphabets, packed septets, and the joining of parts.

@testable import SMSText

enum InboundTarget {
    @Sendable static func run(_ input: [UInt8]) {
        var reader = InputReader(input)
        let alphabet = reader.choice(DefaultAlphabet.allCases)
        let total = Int(reader.octet())
        var parts: [Reassembly.Part] = []
        while !reader.isEmpty {
            let sequence = Int(reader.octet())
            let dataCoding = reader.octet()
            let length = Int(reader.octet())
            let octets = reader.octets(length & 0x7F)
            // The top bit of the length is UDHI.
            let split = length & 0x80 == 0 ? nil : UserDataHeader.split(octets)
            if let header = split?.header { check(header) }
            let userData = split?.userData ?? octets
            check(userData, dataCoding, alphabet, split?.header)
            parts.append(
                Reassembly.Part(
                    sequence: sequence, content: .octets(userData, dataCoding: dataCoding, header: split?.header)))
        }
        checkReassembly(parts, total, alphabet)
    }

    private static func check(_ header: UserDataHeader) {
        let octets = header.octets
        expect(octets.count <= 256, "a header of \(octets.count) octets")
        guard let again = UserDataHeader.split(octets + [0])?.header else { return expect(false, "no header") }
        expect(again == header, "another header comes back: \(header)")
        if let concatenation = header.concatenation {
            expect((1...concatenation.total).contains(concatenation.sequence), "\(concatenation)")
        }
    }

    private static func check(
        _ octets: [UInt8], _ dataCoding: UInt8, _ alphabet: DefaultAlphabet, _ header: UserDataHeader?
    ) {
        let decoded = InboundText.decode(
            octets: octets, dataCoding: dataCoding, defaultAlphabet: alphabet, header: header)
        if case .text(let text) = decoded {
            expect(text.unicodeScalars.count <= octets.count * 2 + 1, "\(octets.count) octets grow")
        }
        checkSeptets(octets, fillBits: SeptetPacking.fillBits(headerOctets: header?.octets.count ?? 0))
        checkAlphabets(octets, alphabet, header)
    }

    private static func checkSeptets(_ octets: [UInt8], fillBits: Int) {
        let septets = SeptetPacking.unpacked(octets, fillBits: fillBits)
        let packed = SeptetPacking.packed(septets, fillBits: fillBits)
        expect(packed.count <= octets.count, "septets grow")
        expect(SeptetPacking.unpacked(packed, fillBits: fillBits, count: septets.count) == septets, "other septets")
        let loose = SeptetPacking.packed(octets, fillBits: fillBits)
        expect(
            SeptetPacking.unpacked(loose, fillBits: fillBits, count: octets.count) == octets.map { $0 & 0x7F },
            "other octets")
    }

    /// Whatever a text was decoded to can be written, if at all, only as octets that decode to the same.
    private static func checkAlphabets(_ octets: [UInt8], _ form: DefaultAlphabet, _ header: UserDataHeader?) {
        let alphabet = GSM7Alphabet(locking: header?.lockingShift, single: header?.singleShift)
        let text = alphabet.decode(octets)
        if let septets = alphabet.septets(for: text) {
            expect(alphabet.decode(septets) == text, "\(text.debugDescription) under \(alphabet)")
        }
        let length = header?.octets.count ?? 0
        let read = form.decode(octets, alphabet: alphabet, headerOctets: length)
        guard let written = form.octets(for: read, alphabet: alphabet, headerOctets: length) else { return }
        let again = form.decode(written, alphabet: alphabet, headerOctets: length)
        // Packed septets lose a CR that ends on an octet boundary.
        expect(
            again == read || form == .gsm7Packed && read.unicodeScalars.last == "\r",
            "\(read.debugDescription), \(form)")
    }

    private static func checkReassembly(_ parts: [Reassembly.Part], _ total: Int, _ alphabet: DefaultAlphabet) {
        let text = Reassembly.text(of: parts, total: total, defaultAlphabet: alphabet)
        let firsts = Dictionary(parts.map { ($0.sequence, $0) }) { first, _ in first }
        let backwards = firsts.values.sorted { $0.sequence > $1.sequence }
        expect(Reassembly.text(of: backwards, total: total, defaultAlphabet: alphabet) == text, "the order counts")
        let missing = Reassembly.missing(received: firsts.keys, total: total)
        expect(missing.allSatisfy { firsts[$0] == nil && (1...total).contains($0) }, "\(missing) are missing")
    }
}
