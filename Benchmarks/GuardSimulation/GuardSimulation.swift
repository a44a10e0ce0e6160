// SPDX-License-Identifier: Apache-2.0
// `GuardSimulation [first seed] [count]`: how much of pumped spend the guard stops, and how many honest codes it refuses.
// The settings were chosen on the seeds 1 to 20; what is reported are the seeds 101 to 120.

import Verification

@main
struct GuardSimulation {
    static func main() {
        let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
        let first = numbers.first ?? 101
        let count = numbers.count > 1 ? max(1, numbers[1]) : 20
        let scores = (first..<first + count).map { seed in
            var run = Run(seed: seed, settings: GuardSettings())
            run.perform()
            let score = run.score
            print(
                "seed \(seed): stopped \(percent(score.recall)), honest refused \(percent(score.falseBlocks, 4))",
                "(\(score.honestRefused) of \(score.honest), beside attacks \(score.besideAttack)),",
                "outage \(score.outageRefused) of \(score.outage), decisions \(score.events)")
            return score
        }
        report(scores)
    }

    private static func report(_ scores: [Score]) {
        let recalls = scores.map(\.recall)
        let refused = scores.map(\.falseBlocks)
        print("\n\(pad("", 28)) mean       worst")
        print(pad("pumped spend stopped", 28), pad(percent(mean(recalls)), 10), percent(recalls.min() ?? 0))
        for attack in Attack.allCases {
            let own = scores.compactMap { $0.pumped[attack]?.stopped }
            print(pad("  " + attack.rawValue, 28), pad(percent(mean(own)), 10), percent(own.min() ?? 0))
        }
        print(pad("honest codes refused", 28), pad(percent(mean(refused), 4), 10), percent(refused.max() ?? 0, 4))
        let outage = scores.map { Double($0.outageRefused) / Double(max(1, $0.outage)) }
        print(pad("refused during an outage", 28), pad(percent(mean(outage)), 10), percent(outage.max() ?? 0))
        print(pad("honest codes", 28), scores.reduce(0) { $0 + $1.honest })
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }

    private static func percent(_ value: Double, _ places: Int = 2) -> String {
        let scale = places == 4 ? 1_000_000.0 : 10_000.0
        let digits = String(Int((value * scale).rounded()))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return padded.dropLast(places) + "." + padded.suffix(places) + " %"
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
