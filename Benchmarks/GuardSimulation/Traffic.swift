// SPDX-License-Identifier: Apache-2.0
// Who asks for codes during the simulated days: honest people by the hour of their day, a launch, a rush and an outage,
// and six kinds of attackers. Requests are made before the run; what they lead to depends on the guard.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

enum Attack: String, CaseIterable {
    case burst, ramp
    case spread = "spread over an operator"
    case countries = "several countries"
    case verifying = "verifies some"
    case inside = "inside an honest operator"
}

enum Source: Equatable {
    case honest
    case attack(Attack)
}

/// Somebody asks for a code.
struct Ask {
    let time: Double
    let source: Source
    let `operator`: Int
    let number: String
    /// The chance that this one is typed when it arrives.
    let share: Double
    /// How often the same person has asked already.
    var tries = 0
}

struct Traffic {
    static let days = 3.0
    static let day = 86_400.0
    /// Honest codes of an average day.
    static let codesPerDay = 60_000.0

    /// A carrier that delivers nothing for an hour.
    struct Outage {
        let `operator`: Int
        let from: Double
        var to: Double { from + 3600 }

        func hits(_ `operator`: Int, _ time: Double) -> Bool {
            self.operator == `operator` && time >= from && time < to
        }
    }

    let world: World
    let outage: Outage
    private(set) var asks: [Ask] = []
    private var random: Random
    private var customers: [[String]]
    private let cumulative: [Double]

    init(seed: UInt64) {
        random = Random(seed: seed)
        let world = World(&random)
        self.world = world
        var sum = 0.0
        cumulative = world.operators.map {
            sum += $0.weight
            return sum
        }
        customers = Array(repeating: [], count: world.operators.count)
        // One of the twenty largest.
        let largest = world.operators.indices.sorted { world.operators[$0].weight > world.operators[$1].weight }
        outage = Outage(operator: largest[random.whole(0, 19)], from: random.between(1.2, 2.6) * Self.day)
        addHonest()
        addLaunch()
        addRush(among: Array(largest.prefix(30)))
        for attack in Attack.allCases { add(attack, largest) }
        asks.sort { $0.time < $1.time }
    }

    // MARK: Honest

    /// A number of an honest person: half of them have been here before.
    private mutating func honest(_ index: Int, at time: Double) {
        let network = world.operators[index]
        let number: String
        if !customers[index].isEmpty, random.chance(0.5) {
            number = customers[index][random.whole(0, customers[index].count - 1)]
        } else {
            number = network.number(&random)
            customers[index].append(number)
        }
        asks.append(Ask(time: time, source: .honest, operator: index, number: number, share: network.share))
    }

    private mutating func addHonest() {
        var time = 0.0
        // Thinning: requests at the busiest hour's rate, of which each country's hour takes some away.
        while true {
            time += random.interval(rate: Self.codesPerDay * 1.8 / Self.day)
            guard time < Self.days * Self.day else { return }
            let index = random.index(cumulative)
            let zone = world.countries[world.operators[index].country].timeZone
            let curve = 1 + 0.8 * sin(2 * .pi * (time / Self.day + zone / 24 - 0.375))
            if random.chance(curve / 1.8) { honest(index, at: time) }
        }
    }

    /// A product starts in a country where hardly anybody asked for a code before: from nothing to one each second.
    private mutating func addLaunch() {
        let country = world.countries.indices.min { weight($0) < weight($1) } ?? 0
        let start = random.between(0.6, 1.8) * Self.day
        var time = start
        while time < start + 6 * 3600 {
            let age = time - start
            let rate = min(1, age / 120) * (age < 7200 ? 1 : exp(-(age - 7200) / 3600))
            time += random.interval(rate: max(rate, 0.02))
            let own = world.countries[country].operators
            honest(own[random.whole(0, own.count - 1)], at: time)
        }
    }

    /// Twenty minutes of advertising in a country that is known: two each second.
    private mutating func addRush(among largest: [Int]) {
        let index = largest[random.whole(0, largest.count - 1)]
        let start = random.between(0.6, 2.6) * Self.day
        var time = start
        while time < start + 1200 {
            time += random.interval(rate: 2)
            honest(index, at: time)
        }
    }

    private func weight(_ country: Int) -> Double {
        world.countries[country].operators.reduce(0) { $0 + world.operators[$1].weight }
    }

    // MARK: Attackers

    private mutating func add(_ attack: Attack, _ largest: [Int]) {
        let small = Array(largest.suffix(largest.count / 2)).shuffled(using: &random.source)
        let start = random.between(0.8, 2.4) * Self.day
        let total = random.logarithmic(2_000, 8_000)
        switch attack {
        case .burst:
            pump(attack, small[0], blocks: 1, digits: 2, from: start, seconds: random.between(180, 900), total)
        case .ramp:
            pump(attack, small[0], blocks: 1, digits: 2, from: start, seconds: 43_200, total, growing: true)
        case .spread:
            pump(attack, small[0], blocks: 100, digits: 2, from: start, seconds: random.between(7_200, 18_000), total)
        case .countries:
            for index in small.prefix(random.whole(4, 8)) {
                let later = start + random.between(0, 3600)
                pump(attack, index, blocks: 3, digits: 2, from: later, seconds: 10_800, total / 5)
            }
        case .verifying:
            pump(attack, small[0], blocks: 3, digits: 2, from: start, seconds: 10_800, total, share: 0.05)
        case .inside:
            // Ten thousand numbers in each of two blocks of one of the twenty largest.
            let index = largest[random.whole(0, 19)]
            pump(attack, index, blocks: 2, digits: nil, from: start, seconds: 10_800, total)
        }
    }

    /// `blocks` ranges of an operator, each `digits` longer than its own, or ten thousand numbers each when nil.
    private mutating func pump(
        _ attack: Attack, _ index: Int, blocks: Int, digits: Int?, from start: Double, seconds: Double, _ total: Double,
        share: Double = 0, growing: Bool = false
    ) {
        let network = world.operators[index]
        let own = (0..<blocks).map { _ in
            let range = network.ranges[random.whole(0, network.ranges.count - 1)]
            let length = digits.map { range.utf8.count + $0 } ?? network.numberLength - 4
            return String(network.number(in: range, &random).prefix(length))
        }
        // Numbers are used again, each a few times.
        let pool = (0..<max(50, Int(total / 3))).map { _ in
            network.number(in: own[random.whole(0, own.count - 1)], &random)
        }
        for _ in 0..<Int(total) {
            let place = random.between(0, 1)
            // A growing attack is four times as far at twice its age.
            let time = start + seconds * (growing ? place.squareRoot() : place)
            guard time < Self.days * Self.day else { continue }
            asks.append(
                Ask(
                    time: time, source: .attack(attack), operator: index,
                    number: pool[random.whole(0, pool.count - 1)], share: share))
        }
    }
}
