// SPDX-License-Identifier: Apache-2.0
// The East Asian multibyte codings, through iconv of the C library. Best effort: what iconv does not know, or a system
// without its conversion tables, gives U+FFFD and keeps the ASCII.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

enum MultibyteText {
    /// The multibyte values of data_coding.
    enum Family: Equatable {
        /// 5: JIS X 0208-1990, seen as Shift-JIS, as ISO-2022-JP and as bare two-byte codes.
        case jis
        /// 9: pictogram encoding, Shift-JIS on the wire.
        case pictogram
        /// 10: music codes, ISO-2022-JP.
        case musicCodes
        /// 13: extended Kanji, JIS X 0212-1990.
        case extendedKanji
        /// 14: KS C 5601.
        case korean
    }

    static func decode(_ octets: [UInt8], family: Family) -> String {
        switch family {
        case .jis, .pictogram:
            return decodeJapanese(octets)
        case .musicCodes:
            return convert(octets, from: "ISO-2022-JP-2")
        case .extendedKanji:
            if octets.contains(0x1B) { return convert(octets, from: "ISO-2022-JP-2") }
            if octets.contains(where: { $0 >= 0x80 }) { return convert(octets, from: "EUC-JP") }
            return convert([0x1B, 0x24, 0x28, 0x44] + octets, from: "ISO-2022-JP-2")
        case .korean:
            return convert(octets, from: "UHC")
        }
    }

    /// Escapes mean ISO-2022-JP and high octets Shift-JIS. Seven-bit octets are bare JIS codes if a fair share of the
    /// rows are those of the kana, which no Japanese text is without; else they are ASCII.
    private static func decodeJapanese(_ octets: [UInt8]) -> String {
        if octets.contains(0x1B) { return convert(octets, from: "ISO-2022-JP-2") }
        if octets.contains(where: { $0 >= 0x80 }) { return convert(octets, from: "CP932") }
        let kana = stride(from: 0, to: octets.count, by: 2).count { octets[$0] == 0x24 || octets[$0] == 0x25 }
        let isBare = octets.count.isMultiple(of: 2) && kana * 8 > octets.count && octets.allSatisfy { $0 > 0x20 }
        return isBare ? convert([0x1B, 0x24, 0x42] + octets, from: "ISO-2022-JP-2") : CharacterSets.ascii(octets)
    }

    /// The (size_t)-1 of iconv.
    private static let failure = -1

    private static func convert(_ octets: [UInt8], from charset: String) -> String {
        guard let descriptor = iconv_open("UTF-8", charset), descriptor != iconv_t(bitPattern: failure) else {
            return CharacterSets.ascii(octets)
        }
        defer { iconv_close(descriptor) }
        // No multibyte code becomes more than four octets of UTF-8 per octet read, replacement characters included.
        var output = [CChar](repeating: 0, count: octets.count * 4 + 16)
        var input = octets.map { CChar(bitPattern: $0) }
        let written = run(descriptor, input: &input, output: &output)
        return String(decoding: output[..<written].lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Converts as far as possible, writing U+FFFD for each octet that iconv rejects; the octets written.
    private static func run(_ descriptor: iconv_t, input: inout [CChar], output: inout [CChar]) -> Int {
        input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                var read = source.baseAddress
                var readLeft = source.count
                var write = target.baseAddress
                var writeLeft = target.count
                while readLeft > 0 {
                    if iconv(descriptor, &read, &readLeft, &write, &writeLeft) != failure { continue }
                    guard readLeft > 0, writeLeft >= 3 else { break }
                    for octet: UInt8 in [0xEF, 0xBF, 0xBD] {
                        write?.pointee = CChar(bitPattern: octet)
                        write = write?.advanced(by: 1)
                    }
                    writeLeft -= 3
                    read = read?.advanced(by: 1)
                    readLeft -= 1
                }
                return target.count - writeLeft
            }
        }
    }
}
