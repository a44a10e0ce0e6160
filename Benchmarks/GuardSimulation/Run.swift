// SPDX-License-Identifier: Apache-2.0
// One seed's run: every request goes through the guard in the order of time, admitted codes are typed or not, people who
// got none ask again. Counted are what was pumped and stopped, and which honest codes were refused.

import Verification

struct Score {
    struct Spend {
        var asked = 0.0
        var passed = 0.0
        var stopped: Double { asked > 0 ? 1 - passed / asked : 1 }
    }

    var pumped: [Attack: Spend] = [:]
    var honest = 0
    var honestRefused = 0
    /// Of those, codes to networks that were under attack at any time.
    var besideAttack = 0
    /// During the carrier's outage, when no code would have arrived: not among the above.
    var outage = 0
    var outageRefused = 0
    var events = 0

    var recall: Double {
        var all = Spend()
        for spend in pumped.values {
            all.asked += spend.asked
            all.passed += spend.passed
        }
        return all.stopped
    }
    var falseBlocks: Double { Double(honestRefused) / Double(max(1, honest)) }
}

struct Run {
    private struct Typed {
        let time: Double
        let number: String
    }

    private let traffic: Traffic
    private let pumpingGuard: PumpingGuard
    private var random: Random
    private var watches: [String: PrefixWatch] = [:]
    private var known: [String: Int] = [:]
    private var open: [String: [(sentAt: Int64, counted: Bool)]] = [:]
    private var asks = Heap<Ask> { $0.time < $1.time }
    private var typed = Heap<Typed> { $0.time < $1.time }
    private var attacked: Set<Int> = []
    private(set) var score = Score()

    init(seed: UInt64, settings: GuardSettings) {
        traffic = Traffic(seed: seed)
        random = Random(seed: seed &+ 7_919)
        pumpingGuard = PumpingGuard(settings)
    }

    mutating func perform() {
        attacked = Set(traffic.asks.filter { $0.source != .honest }.map(\.operator))
        var next = traffic.asks.startIndex
        while true {
            let planned = next < traffic.asks.endIndex ? traffic.asks[next] : nil
            let again = asks.first
            let ask = [planned, again].compactMap { $0 }.min { $0.time < $1.time }
            if let entry = typed.first, entry.time <= ask?.time ?? .infinity {
                _ = typed.popFirst()
                enter(entry)
            } else if let ask {
                if let again, again.time == ask.time, again.number == ask.number {
                    _ = asks.popFirst()
                } else {
                    next += 1
                }
                send(ask)
            } else {
                return
            }
        }
    }

    private mutating func send(_ ask: Ask) {
        let now = Int64(ask.time * 1000)
        let network = traffic.world.operators[ask.operator]
        let isKnown = known[ask.number].map { $0 < pumpingGuard.settings.knownNumberCredit } ?? false
        let earliest = now - pumpingGuard.settings.repetition
        let isRepeated = open[ask.number]?.contains { $0.sentAt > earliest } ?? false
        let prefixes = NumberPrefixes(ask.number)
        var chain = prefixes.all.map { watches[$0] ?? PrefixWatch(prefix: $0, now: now) }
        let (verdict, events) = pumpingGuard.admit(
            prefixes, price: network.price, isKnown: isKnown, isRepeated: isRepeated, chain: &chain, now: now)
        for watch in chain { watches[watch.prefix] = watch }
        score.events += events.count
        let isAdmitted = verdict == .admitted
        count(ask, network, isAdmitted: isAdmitted)
        if isAdmitted {
            if let unproven = known[ask.number] { known[ask.number] = unproven + 1 }
            open[ask.number, default: []].append((now, !isKnown && !isRepeated))
            arrive(ask, network, now)
        } else if ask.source == .honest, ask.tries < 2, random.chance(0.5) {
            askAgain(ask, after: 60)
        }
    }

    private mutating func count(_ ask: Ask, _ network: Operator, isAdmitted: Bool) {
        switch ask.source {
        case .attack(let attack):
            score.pumped[attack, default: Score.Spend()].asked += Double(network.price)
            if isAdmitted { score.pumped[attack, default: Score.Spend()].passed += Double(network.price) }
        case .honest where traffic.outage.hits(ask.operator, ask.time):
            score.outage += 1
            if !isAdmitted { score.outageRefused += 1 }
        case .honest:
            score.honest += 1
            if !isAdmitted {
                score.honestRefused += 1
                if attacked.contains(ask.operator) { score.besideAttack += 1 }
            }
        }
    }

    /// What becomes of a code that was sent.
    private mutating func arrive(_ ask: Ask, _ network: Operator, _ now: Int64) {
        let share = traffic.outage.hits(ask.operator, ask.time) ? 0.01 : ask.share
        let delay = random.delay(median: ask.source == .honest ? network.delay : 15)
        if random.chance(share), delay < 300 {
            typed.insert(Typed(time: ask.time + delay, number: ask.number))
            // Some do not want to wait.
            if delay > 45, ask.tries < 2, random.chance(0.3) { askAgain(ask, after: 40) }
        } else if ask.source == .honest, ask.tries < 2, random.chance(0.35) {
            askAgain(ask, after: random.between(40, 120))
        }
    }

    private mutating func askAgain(_ ask: Ask, after seconds: Double) {
        asks.insert(
            Ask(
                time: ask.time + seconds, source: ask.source, operator: ask.operator, number: ask.number,
                share: ask.share, tries: ask.tries + 1))
    }

    /// A typed code speaks for every open one of its number within the last hour, as in the store.
    private mutating func enter(_ entry: Typed) {
        let now = Int64(entry.time * 1000)
        known[entry.number] = 0
        let prefixes = NumberPrefixes(entry.number)
        var chain = prefixes.all.map { watches[$0] ?? PrefixWatch(prefix: $0, now: now) }
        for code in open.removeValue(forKey: entry.number) ?? [] where now - code.sentAt < 3_600_000 {
            let events = pumpingGuard.verified(sentAt: code.sentAt, counted: code.counted, chain: &chain, now: now)
            score.events += events.count
        }
        for watch in chain { watches[watch.prefix] = watch }
    }
}

/// A binary heap.
struct Heap<Element> {
    private var elements: [Element] = []
    private let precedes: (Element, Element) -> Bool

    init(_ precedes: @escaping (Element, Element) -> Bool) { self.precedes = precedes }

    var first: Element? { elements.first }

    mutating func insert(_ element: Element) {
        elements.append(element)
        var index = elements.count - 1
        while index > 0, precedes(elements[index], elements[(index - 1) / 2]) {
            elements.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func popFirst() -> Element? {
        guard let first = elements.first else { return nil }
        elements.swapAt(0, elements.count - 1)
        elements.removeLast()
        var index = 0
        while true {
            let children = [2 * index + 1, 2 * index + 2].filter { $0 < elements.count }
            guard let child = children.min(by: { precedes(elements[$0], elements[$1]) }),
                precedes(elements[child], elements[index])
            else { return first }
            elements.swapAt(child, index)
            index = child
        }
    }
}
