// SPDX-License-Identifier: Apache-2.0
// The numbers that stand for ids in protocols without room for a UUID.

import Testing
import Wire

struct UUIDv7NumberTests {
    private static let now: Int64 = 1_768_478_400_000

    @Test
    func `ids of one process have different numbers, in the order of the ids`() {
        let ids = (0..<20_000).map { UUIDv7.next(now: Self.now + Int64($0 / 5000)) }
        let numbers = ids.map(\.number)
        #expect(numbers == numbers.sorted())
        #expect(Set(numbers).count == numbers.count)
    }

    @Test
    func `a number leads back to the neighbourhood of its id`() throws {
        for offset in 0..<2000 {
            let id = UUIDv7.next(now: Self.now + Int64(offset) * 86_400_000)
            let range = try #require(UUIDv7.range(ofNumber: id.number))
            #expect(range.contains(id))
            #expect(range.lowerBound.number == id.number && range.upperBound.number == id.number)
            #expect(id.number <= 0x7FFF_FFFF_FFFF_FFFF)
        }
    }

    @Test
    func `neighbouring numbers share no id`() throws {
        let number = UUIDv7.next(now: Self.now).number
        let range = try #require(UUIDv7.range(ofNumber: number))
        let next = try #require(UUIDv7.range(ofNumber: number + 1))
        #expect(range.upperBound < next.lowerBound)
    }

    @Test
    func `a number with the highest bit stands for nothing`() {
        #expect(UUIDv7.range(ofNumber: 0x8000_0000_0000_0000) == nil)
        #expect(UUIDv7.range(ofNumber: .max) == nil)
        #expect(UUIDv7.range(ofNumber: 0) != nil)
    }
}
