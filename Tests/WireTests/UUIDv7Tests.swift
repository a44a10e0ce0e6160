// SPDX-License-Identifier: Apache-2.0
// Ids: in order, never twice, and the same in every form.

import Testing
import Wire

struct UUIDv7Tests {
    @Test
    func `ids rise, whatever the clock does`() {
        let now: Int64 = 1_768_478_400_000
        var last = UUIDv7.next(now: now)
        for index in 0..<20_000 {
            // The clock stands still, steps back and jumps.
            let next = UUIDv7.next(now: now + [0, 0, -5000, 1][index % 4])
            #expect(last < next)
            last = next
        }
    }

    @Test
    func `ids made side by side are all different`() async {
        let ids = await withTaskGroup(of: [UUIDv7].self) { group in
            for _ in 0..<8 { group.addTask { (0..<2000).map { _ in UUIDv7.next(now: Timestamp.now()) } } }
            return await group.reduce(into: [UUIDv7]()) { $0 += $1 }
        }
        #expect(Set(ids).count == 16_000)
        #expect(Set(ids.map(\.description)).count == 16_000)
    }

    @Test
    func `an id has the version, the variant and three forms`() {
        for _ in 0..<200 {
            let id = UUIDv7.next(now: Timestamp.now())
            let text = id.description
            #expect(text.count == 36)
            #expect(Array(text)[14] == "7")
            #expect("89ab".contains(Array(text)[19]))
            #expect(UUIDv7(text) == id)
            #expect(UUIDv7(text.uppercased()) == id)
            #expect(UUIDv7(bytes: id.bytes) == id)
            #expect(Hex.encode(id.bytes) == text.filter { $0 != "-" })
        }
    }

    @Test(arguments: [
        "", "019bc186", "019bc186-de00-70ef-bfb1-22e228b6d6a", "019bc186-de00-70ef-bfb1-22e228b6d6aee",
        "019bc186de0070efbfb122e228b6d6ae", "019bc186-de00-70ef-bfb1-22e228b6d6ag",
        "{019bc186-de00-70ef-bfb1-22e228b6d6",
        "019bc186-de00-70ef-bfb122e228b6d6ae0", "019bc186-de00-70ef-bfb1-22e228b6d6ae\n",
        "-----------------------------------",
        "019bc186-de00-70ef-bfb1-22e228b6d6é",
    ])
    func `what is no id is refused`(_ text: String) {
        #expect(UUIDv7(text) == nil)
    }

    @Test(arguments: [0, 15, 17])
    func `an id has sixteen bytes`(_ count: Int) {
        #expect(UUIDv7(bytes: Array(repeating: 1, count: count)) == nil)
    }

    @Test
    func `text order, byte order and order are one`() {
        var generator = SeededGenerator(seed: 4)
        let ids = (0..<500).map { _ in UUIDv7(high: generator.next(), low: generator.next()) }
        #expect(ids.sorted().map(\.description) == ids.map(\.description).sorted())
    }
}
