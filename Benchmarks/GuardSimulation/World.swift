// SPDX-License-Identifier: Apache-2.0
// The world of the simulation: countries with their operators, how many people ask for codes there, how many of them
// type one and how fast. Everything follows from the seed.

/// One mobile network.
struct Operator {
    let country: Int
    /// What its numbers begin with; a subscriber's digits follow.
    let ranges: [String]
    let numberLength: Int
    /// Its part of all honest codes, relative to the others'.
    let weight: Double
    /// The part of honest codes that is typed.
    let share: Double
    /// The median time until a code is typed, in seconds.
    let delay: Double
    /// Micros for each code.
    let price: Int64
}

struct Country {
    let callingCode: String
    /// In hours.
    let timeZone: Double
    let operators: [Int]
}

struct World {
    private(set) var countries: [Country] = []
    private(set) var operators: [Operator] = []

    init(_ random: inout Random) {
        let codes = Self.callingCodes
        // A few countries have most of the customers, and most have a few; which ones is chance.
        let ranks = (0..<codes.count).shuffled(using: &random.source)
        for (index, code) in codes.enumerated() {
            let weight = 1 / Double(ranks[index] + 1)
            let share = random.between(0.5, 0.88)
            let price = Int64(random.logarithmic(6_000, 160_000))
            var own: [Int] = []
            for (position, range) in Self.ranges(random.whole(1, 6), &random).enumerated() {
                // One network in twenty delivers badly, one in ten slowly.
                let ownShare = random.chance(0.05) ? random.between(0.3, 0.45) : share + random.between(-0.08, 0.08)
                operators.append(
                    Operator(
                        country: index, ranges: range.map { code + $0 },
                        numberLength: code.count + (code.count == 3 ? 8 : 10), weight: weight / Double(position + 1),
                        share: ownShare, delay: random.chance(0.1) ? random.between(35, 60) : random.between(10, 25),
                        price: Int64(Double(price) * random.between(0.8, 1.3))))
                own.append(operators.count - 1)
            }
            countries.append(Country(callingCode: code, timeZone: random.between(-11, 12), operators: own))
        }
    }

    /// Two or three digits for each network, and for each some that are nobody else's in the country.
    private static func ranges(_ count: Int, _ random: inout Random) -> [[String]] {
        var free = (10...99).shuffled(using: &random.source).map(String.init)
        return (0..<count).map { _ in (0..<random.whole(1, 5)).compactMap { _ in free.popLast() } }
    }

    /// Calling codes (ITU-T E.164): about as many as there are countries.
    private static let callingCodes = """
        1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 \
        82 84 86 90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 \
        234 235 236 237 238 239 240 241 242 243 244 245 246 248 249 250 251 252 253 254 255 256 257 258 260 261 \
        262 263 264 265 266 267 268 269 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 \
        373 374 375 376 377 378 380 381 382 383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 \
        509 590 591 592 593 594 595 596 597 598 599 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 \
        687 688 689 690 691 692 850 852 853 855 856 880 886 960 961 962 963 964 965 966 967 968 970 971 972 973 \
        974 975 976 977 992 993 994 995 996 998
        """.split(separator: " ").map(String.init)
}

extension Operator {
    /// One of its numbers, within `block` (digits behind a range) where one is given.
    func number(in block: String? = nil, _ random: inout Random) -> String {
        var digits = block ?? ranges[random.whole(0, ranges.count - 1)]
        while digits.utf8.count < numberLength { digits.append(String(random.whole(0, 9))) }
        return digits
    }
}
