// SPDX-License-Identifier: Apache-2.0

import SMSText
import Testing

@Suite struct UserDataHeaderTests {
    private typealias Element = UserDataHeader.Element

    private static let known: [([UInt8], [Element])] = [
        ([0x05, 0x00, 0x03, 0x2A, 0x02, 0x01], [.concatenation8(reference: 42, total: 2, sequence: 1)]),
        ([0x06, 0x08, 0x04, 0x12, 0x34, 0x03, 0x02], [.concatenation16(reference: 0x1234, total: 3, sequence: 2)]),
        ([0x04, 0x04, 0x02, 0xF0, 0xF1], [.ports8(destination: 0xF0, originator: 0xF1)]),
        ([0x06, 0x05, 0x04, 0x15, 0x81, 0x00, 0x50], [.ports16(destination: 0x1581, originator: 0x50)]),
        ([0x03, 0x24, 0x01, 0x01], [.singleShift(identifier: 1)]),
        ([0x03, 0x25, 0x01, 0x0D], [.lockingShift(identifier: 13)]),
        ([0x04, 0x70, 0x02, 0xAB, 0xCD], [.other(identifier: 0x70, data: [0xAB, 0xCD])]),
        ([0x02, 0x00, 0x00], [.other(identifier: 0, data: [])]),
        (
            [0x08, 0x00, 0x03, 0x07, 0x02, 0x02, 0x24, 0x01, 0x03],
            [.concatenation8(reference: 7, total: 2, sequence: 2), .singleShift(identifier: 3)]
        ),
        ([0x00], []),
    ]

    @Test(arguments: known)
    func `octets are parsed into elements and built again`(octets: [UInt8], elements: [UserDataHeader.Element]) throws {
        let split = try #require(UserDataHeader.split(octets + [0x41, 0x42]))
        #expect(split.header.elements == elements)
        #expect(split.userData == [0x41, 0x42])
        #expect(UserDataHeader(elements: elements).octets == octets)
    }

    @Test(arguments: [[], [0x05], [0x05, 0x00, 0x03, 0x01, 0x02], [0xFF, 0x00]] as [[UInt8]])
    func `a length that reaches past the end is no header`(octets: [UInt8]) {
        #expect(UserDataHeader.split(octets) == nil)
    }

    @Test func `an element cut off by the end of the header is dropped and the rest kept`() throws {
        let split = try #require(UserDataHeader.split([0x06, 0x24, 0x01, 0x01, 0x00, 0x03, 0x2A, 0x58]))
        #expect(split.header.elements == [.singleShift(identifier: 1)])
        #expect(split.userData == [0x58])
    }

    @Test(arguments: [(0, 0), (0, 1), (2, 0), (2, 3)] as [(UInt8, UInt8)])
    func `an impossible part number is no concatenation`(total: UInt8, sequence: UInt8) {
        let header = UserDataHeader(elements: [.concatenation8(reference: 1, total: total, sequence: sequence)])
        #expect(header.concatenation == nil)
    }

    @Test func `the last valid language counts`() {
        let header = UserDataHeader(elements: [
            .singleShift(identifier: 1), .singleShift(identifier: 3), .singleShift(identifier: 99),
            .lockingShift(identifier: 13), .lockingShift(identifier: 2),
        ])
        #expect(header.singleShift == .portuguese)
        #expect(header.lockingShift == .urdu)
    }

    @Test func `a header never grows past 255 octets`() {
        let big = Element.other(identifier: 0x70, data: Array(repeating: 1, count: 200))
        let tooBig = Element.other(identifier: 0x71, data: Array(repeating: 1, count: 300))
        let octets = UserDataHeader(elements: [big, big, tooBig, .singleShift(identifier: 1)]).octets
        #expect(octets.count == 1 + 202 + 3)
        #expect(octets.first == 205)
    }

    @Test func `any octets are survived and what is parsed is built again`() throws {
        var generator = SeededGenerator(seed: 11)
        for round in 0..<20_000 {
            let seed = Self.known[round % Self.known.count].0
            let octets = round.isMultiple(of: 3) ? generator.octets(upTo: 40) : generator.mutated(seed + seed)
            guard let split = UserDataHeader.split(octets) else { continue }
            let again = try #require(UserDataHeader.split(split.header.octets))
            #expect(again.header == split.header)
            #expect(again.userData.isEmpty)
            _ = (split.header.concatenation, split.header.singleShift, split.header.lockingShift)
        }
    }
}
