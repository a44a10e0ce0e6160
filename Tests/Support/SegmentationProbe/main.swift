// SPDX-License-Identifier: Apache-2.0
// Segmentation for other programs to compare with: each line of standard input is a JSON string; each line of standard
// output is the data_coding and then every part in hex, header included, with the reference 0.

import Foundation
import SMSText

func hex(_ octets: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: octets.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0x0F)]] }, as: UTF8.self)
}

func answer(_ line: String) -> String {
    guard let text = try? JSONDecoder().decode(String.self, from: Data(line.utf8)) else {
        return "error not a JSON string"
    }
    switch Segmenter.segment(text) {
    case .success(let segmented):
        let parts = segmented.parts.indices.map { hex(segmented.octets(forPart: $0, reference: 0)) }
        return ([String(segmented.dataCoding)] + parts).joined(separator: " ")
    case .failure(let failure):
        return "error \(failure)"
    }
}

while let line = readLine() {
    print(answer(line))
}
