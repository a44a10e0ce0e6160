// SPDX-License-Identifier: Apache-2.0
// Phone numbers for other programs to compare with: each line of standard input is a JSON array of a text and a region
// (null for none); each line of standard output is a JSON object, either of the number or with its "error".

import Foundation
import PhoneNumbers

struct Answer: Encodable {
    var error: String?
    var digits: String?
    var countryCode: Int?
    var nationalNumber: String?
    var region: String?
    var lineType: String?
    var isValid: Bool?
    var international: String?
    var national: String?
    var operatorName: String?
}

func answer(_ line: String) -> Answer {
    guard let fields = try? JSONDecoder().decode([String?].self, from: Data(line.utf8)), fields.count == 2,
        let text = fields[0]
    else { return Answer(error: "not a text and a region") }
    do throws(PhoneNumberError) {
        let number = try PhoneNumber(parsing: text, region: fields[1])
        return Answer(
            digits: number.digits, countryCode: number.countryCode, nationalNumber: number.nationalNumber,
            region: number.region, lineType: number.lineType.rawValue, isValid: number.isValid,
            international: number.formatted(.international), national: number.formatted(.national),
            operatorName: NumberRange.find(number).operatorName)
    } catch {
        return Answer(error: "\(error)")
    }
}

let encoder = JSONEncoder()
while let line = readLine() {
    let bytes = (try? encoder.encode(answer(line))) ?? Data()
    print(String(decoding: bytes, as: UTF8.self))
}
