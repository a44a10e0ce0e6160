// SPDX-License-Identifier: Apache-2.0
// Outbound text: cut and transcoded under every option, and read back as a handset would.

@testable import SMSText

enum TextTarget {
    @Sendable static func run(_ input: [UInt8]) {
        var reader = InputReader(input)
        let options = options(&reader)
        let text = String(decoding: reader.remaining(), as: UTF8.self)
        checkSegments(text, options.segmentation)
        checkTranscoding(text, options)
    }

    private static func options(_ reader: inout InputReader) -> TranscodingOptions {
        var segmentation = SegmentationOptions()
        let form = Int(reader.octet())
        segmentation.encoding = [.auto, .gsm7, .unicode][form % 3]
        segmentation.referenceWidth = [.eight, .sixteen][form / 3 % 2]
        segmentation.concatenation = [.userDataHeader, .sar, .messagePayload][form / 6 % 3]
        segmentation.defaultAlphabet = DefaultAlphabet.allCases[form / 18 % DefaultAlphabet.allCases.count]
        segmentation.permittedTables = tables(reader.octet(), reader.octet())
        let means = reader.octet()
        let shares = [0, 0.05, 0.3, 1]
        return TranscodingOptions(
            segmentation: segmentation, trate: shares[Int(means & 3)], mrate: shares[Int(means >> 2 & 3)],
            upperCased: means & 16 != 0, keepEmojis: means & 32 != 0, partLimit: [1, 4, 10, 255][Int(means >> 6)])
    }

    /// One language's tables, or the next one's as well; 14 and 15 stand for all of them.
    private static func tables(_ single: UInt8, _ locking: UInt8) -> Set<NationalTable> {
        let languages = NationalLanguage.allCases
        func chosen(_ octet: UInt8) -> [NationalLanguage] {
            octet & 15 > 13 ? languages : octet & 15 == 0 ? [] : [languages[Int(octet & 15) - 1]]
        }
        return Set(chosen(single).map(NationalTable.singleShift) + chosen(locking).map(NationalTable.lockingShift))
    }

    private static func checkSegments(_ text: String, _ options: SegmentationOptions) {
        switch Segmenter.segment(text, options: options) {
        case .success(let segmented):
            check(segmented, of: text, options)
            guard options.encoding == .auto else { return }
            for encoding in [EncodingChoice.gsm7, .unicode] {
                var single = options
                single.encoding = encoding
                guard case .success(let other) = Segmenter.segment(text, options: single) else { continue }
                expect(segmented.messageCount <= other.messageCount, "\(encoding) takes fewer parts")
            }
        case .failure(.notRepresentable(_, let offset)):
            expect(options.encoding == .gsm7, "only GSM-7 can be out of reach")
            expect(offset <= text.count, "there is no character \(offset)")
        case .failure(.tooManyParts(let count, let limit)):
            expect(count > limit && limit == 255, "\(count) parts are too many")
        }
    }

    private static func checkTranscoding(_ text: String, _ options: TranscodingOptions) {
        switch Transcoder.plan(text, options: options) {
        case .success(let planned):
            check(planned.segmented, of: planned.text, options.segmentation)
            expect(planned.segmented.messageCount <= options.partLimit, "more parts than allowed")
            if planned.changes.total == 0 { expect(same(planned.text, text), "changed without saying so") }
            let isUntouchable = options.trate == 0 && options.mrate == 0 && !options.upperCased && options.keepEmojis
            expect(!isUntouchable || planned.changes.total == 0, "changed without leave: \(planned.changes)")
            guard options.keepEmojis, case .success(let plain) = Segmenter.segment(text, options: options.segmentation)
            else { return }
            expect(planned.segmented.messageCount <= plain.messageCount, "more parts than without the transcoder")
        case .failure(.notRepresentable(_, let offset)):
            expect(options.segmentation.encoding == .gsm7, "only GSM-7 can be out of reach")
            expect(offset <= text.count, "there is no character \(offset)")
        case .failure(.tooManyParts(let count, let limit)):
            expect(count > limit, "\(count) parts are not too many for \(limit)")
        }
    }

    /// The parts together are the text, each fits a short message, and a receiver reads what was sent.
    private static func check(_ segmented: SegmentedText, of text: String, _ options: SegmentationOptions) {
        expect(same(segmented.parts.map(\.text).joined(), text), "the parts are another text")
        let isWhole = options.concatenation == .messagePayload
        expect(segmented.parts.count == (isWhole ? 1 : segmented.messageCount), "\(segmented.parts.count) parts")
        expect((1...255).contains(segmented.messageCount), "\(segmented.messageCount) messages")
        for index in segmented.parts.indices where !isWhole {
            let octets = octetsOnAir(segmented, index)
            expect(octets <= 140, "part \(index) takes \(octets) octets")
        }
        guard !startsWithByteOrder(text) else { return }
        let parts = segmented.parts.indices.map { index in
            Reassembly.Part(
                sequence: index + 1,
                content: .octets(
                    segmented.parts[index].userData, dataCoding: segmented.dataCoding,
                    header: segmented.header(forPart: index, reference: 0x1234)))
        }
        // Packed septets lose a CR that ends a part on an octet boundary.
        guard options.defaultAlphabet != .gsm7Packed || !text.unicodeScalars.contains("\r") else { return }
        let read = Reassembly.text(of: parts, total: parts.count, defaultAlphabet: options.defaultAlphabet)
        expect(read == text, "\(text.debugDescription) is read as \(read.debugDescription)")
    }

    private static func octetsOnAir(_ segmented: SegmentedText, _ index: Int) -> Int {
        let header = segmented.header(forPart: index, reference: 1)?.octets.count ?? 0
        guard case .gsm7 = segmented.encoding else { return header + segmented.parts[index].userData.count }
        return (header * 8 + SeptetPacking.fillBits(headerOctets: header) + segmented.parts[index].units * 7 + 7) / 8
    }

    private static func startsWithByteOrder(_ text: String) -> Bool {
        text.unicodeScalars.first == "\u{FEFF}" || text.unicodeScalars.first == "\u{FFFE}"
    }

    private static func same(_ left: String, _ right: String) -> Bool { Array(left.utf8) == Array(right.utf8) }
}
