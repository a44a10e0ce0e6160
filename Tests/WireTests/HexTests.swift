// SPDX-License-Identifier: Apache-2.0
// Hexadecimal text.

import Testing
import Wire

struct HexTests {
    @Test
    func `every byte is two lower-case digits and comes back`() {
        let bytes = (0...255).map { UInt8($0) }
        let text = Hex.encode(bytes)
        #expect(text.hasPrefix("000102030405060708090a0b"))
        #expect(text.count == 512)
        #expect(Hex.decode(text) == bytes)
        #expect(Hex.decode(text.uppercased()) == bytes)
    }

    @Test(arguments: ["0", "abc", "0g", " 00", "00 ", "é0", "0x00"])
    func `text that is no hexadecimal has no bytes`(_ text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test
    func `empty text is no bytes at all`() {
        #expect(Hex.decode("") == [])
        #expect(Hex.encode([]) == "")
    }
}
