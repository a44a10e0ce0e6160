// SPDX-License-Identifier: Apache-2.0
// A seeded random source (SplitMix64), so that a failing run can be had again, and the random inputs made with it.

struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func octets(upTo count: Int) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    mutating func text(of characters: [Character], upTo count: Int) -> String {
        String((0..<Int.random(in: 0...count, using: &self)).map { _ in characters.randomElement(using: &self) ?? " " })
    }

    /// `octets` with a few of them changed, inserted or removed.
    mutating func mutated(_ octets: [UInt8]) -> [UInt8] {
        var octets = octets
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            let index = Int.random(in: 0...octets.count, using: &self)
            switch Int.random(in: 0...2, using: &self) {
            case 0: octets.insert(UInt8.random(in: 0...255, using: &self), at: index)
            case 1 where index < octets.count: octets.remove(at: index)
            case _ where index < octets.count: octets[index] = UInt8.random(in: 0...255, using: &self)
            default: break
            }
        }
        return octets
    }
}

/// Characters of every kind that matters to segmentation.
enum Alphabets {
    static let plain: [Character] = Array(
        "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡AZÄÖÑÜ§¿azäöñüà")
    static let extended: [Character] = Array("^{}\\[~]|€")
    static let wide: [Character] =
        Array("áç“”…–Жюяλωش中ท한あ\u{9}") + ["e\u{301}\u{323}", "नि", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "1️⃣", "😀", "\r\n"]
    static let mixed: [Character] = plain + extended + wide
}
