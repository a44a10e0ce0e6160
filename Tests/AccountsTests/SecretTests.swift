// SPDX-License-Identifier: Apache-2.0
// Secrets at rest, and keys that are kept as hashes.

import Accounts
import Testing
import Wire

struct SecretTests {
    private func box(_ byte: UInt8) throws -> SecretBox {
        try #require(SecretBox(masterKey: Array(repeating: byte, count: 32)))
    }

    @Test(arguments: ["", "password", "pä$$wörd 😀", String(repeating: "x", count: 10_000)])
    func `a secret is sealed and opened`(_ secret: String) throws {
        let sealed = try box(1).seal(secret, purpose: "p")
        #expect(try box(1).open(sealed, purpose: "p") == secret)
        #expect(secret.isEmpty || !sealed.contains(secret))
        #expect(!sealed.contains(" "))
        #expect(try box(1).seal(secret, purpose: "p") != sealed, "each sealing has its own nonce")
    }

    @Test
    func `another key, another purpose or a changed byte opens nothing`() throws {
        let sealed = try box(1).seal("secret", purpose: "p")
        #expect(throws: SecretBoxError.wrongKey) { try box(2).open(sealed, purpose: "p") }
        #expect(throws: SecretBoxError.wrongKey) { try box(1).open(sealed, purpose: "q") }
        var changed = Array(sealed.utf8)
        changed[20] = changed[20] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        let text = String(decoding: changed, as: UTF8.self)
        #expect(throws: SecretBoxError.wrongKey) { try box(1).open(text, purpose: "p") }
        for text in ["", "AAAA", "not base64!", String(sealed.dropLast(8))] {
            #expect(throws: SecretBoxError.self) { try box(1).open(text, purpose: "p") }
        }
    }

    @Test(arguments: [0, 16, 31, 33])
    func `a master key has thirty-two bytes`(_ count: Int) {
        #expect(SecretBox(masterKey: Array(repeating: 1, count: count)) == nil)
        #expect(SecretBox.generateMasterKey().count == 32)
        #expect(SecretBox.generateMasterKey() != SecretBox.generateMasterKey())
    }

    @Test
    func `a key is known by its SHA-256 and new ones are all different`() {
        // FIPS 180-2, the one-block example.
        #expect(
            Hex.encode(APIKey.hash(of: "abc"))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let keys = (0..<100).map { _ in APIKey.generate() }
        #expect(Set(keys).count == 100)
        #expect(keys.allSatisfy { $0.hasPrefix("pk_") && $0.count == 67 })
    }
}
