// SPDX-License-Identifier: Apache-2.0

// The book of connections without any: who gets which, who waits, and what is opened for them.

import NIOCore
import Testing
import Wire

@testable import Webhooks

@Suite("Webhook connections: the pool's book")
struct PoolStateTests {
    private final class Link: Sendable {}
    private final class Caller: Sendable {}
    private typealias Book = PoolState<Link, Caller>

    private static func endpoint(_ last: UInt32, port: Int = 80) -> Endpoint {
        Endpoint(scheme: .http, host: "h.example", address: .v4(0x0A00_0000 + last), port: port)
    }

    private let here = Self.endpoint(1)
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private var later: NIODeadline { now + .seconds(4) }

    private func book(connections: Int = 2, endpoints: Int = 8) -> Book {
        Book(limits: .init(connectionsPerEndpoint: connections, endpoints: endpoints))
    }

    /// The book with this many connections open and unused.
    private func book(with links: [Link], connections: Int = 2) -> Book {
        var book = book(connections: connections)
        for _ in links { _ = book.lease(here, for: Caller(), now: now) }
        for link in links { _ = book.opened(link, here, keptUntil: later) }
        for link in links { _ = book.giveBack(link, here, keptUntil: later) }
        return book
    }

    @Test func `who comes first has a connection opened, and gets it`() {
        var book = book()
        let (caller, link) = (Caller(), Link())
        #expect(book.lease(here, for: caller, now: now).lease.isOpen)
        #expect(book.opened(link, here, keptUntil: later).runs === caller)
        #expect(book.giveBack(link, here, keptUntil: later).isNothing)
        #expect(book.lease(here, for: Caller(), now: now).lease.runs === link)
    }

    @Test func `the connection used last is used next`() {
        let links = [Link(), Link()]
        var book = book(with: links)
        #expect(book.lease(here, for: Caller(), now: now).lease.runs === links[1])
        #expect(book.lease(here, for: Caller(), now: now).lease.runs === links[0])
    }

    @Test func `there are no more connections than allowed, and those who wait come in their order`() {
        let links = [Link(), Link()]
        var book = book(with: links)
        for _ in links { _ = book.lease(here, for: Caller(), now: now) }
        let waiting = [Caller(), Caller()]
        for caller in waiting { #expect(book.lease(here, for: caller, now: now).lease.isWait) }
        #expect(book.giveBack(links[1], here, keptUntil: later).runs === waiting[0])
        #expect(book.giveBack(links[0], here, keptUntil: later).runs === waiting[1])
        #expect(book.giveBack(links[0], here, keptUntil: later).isNothing)
    }

    @Test func `a lost connection is replaced for those who wait, and for nobody else`() {
        let link = Link()
        var book = book(with: [link], connections: 1)
        _ = book.lease(here, for: Caller(), now: now)
        #expect(book.lease(here, for: Caller(), now: now).lease.isWait)
        #expect(book.giveBack(link, here, keptUntil: nil).isOpen)
        #expect(book.opened(link, here, keptUntil: later).runs != nil)
        #expect(book.giveBack(link, here, keptUntil: nil).isNothing)
        #expect(book.lease(here, for: Caller(), now: now).lease.isOpen)
    }

    @Test func `a connection that cannot be opened fails one, and is tried anew for the next beyond the limit`() {
        var book = book(connections: 1)
        let callers = [Caller(), Caller()]
        #expect(book.lease(here, for: callers[0], now: now).lease.isOpen)
        #expect(book.lease(here, for: callers[1], now: now).lease.isWait)
        let first = book.openFailed(here, isUnreachable: true)
        #expect(first.failed === callers[0] && first.next.isOpen)
        let second = book.openFailed(here, isUnreachable: true)
        #expect(second.failed === callers[1] && second.next.isNothing)
    }

    @Test func `who waits no longer gets nothing, and the connection opened for him is kept`() {
        var book = book()
        let (caller, link) = (Caller(), Link())
        _ = book.lease(here, for: caller, now: now)
        book.withdraw(caller, here)
        #expect(book.opened(link, here, keptUntil: later).isNothing)
        #expect(book.lease(here, for: Caller(), now: now).lease.runs === link)
    }

    @Test func `connections unused for too long are not used, and are handed out to be closed`() {
        let links = [Link(), Link()]
        var book = book(with: links)
        let (lease, closing) = book.lease(here, for: Caller(), now: later)
        #expect(lease.isOpen)
        #expect(Set(closing.map(ObjectIdentifier.init)) == Set(links.map(ObjectIdentifier.init)))
    }

    @Test func `a connection is retired only while it is unused`() {
        let link = Link()
        var book = book(with: [link])
        _ = book.lease(here, for: Caller(), now: now)
        let whileInUse = book.retire(link, here)
        #expect(!whileInUse)
        _ = book.giveBack(link, here, keptUntil: later)
        let retired = [book.retire(link, here), book.retire(link, here)]
        #expect(retired == [true, false])
        #expect(book.lease(here, for: Caller(), now: now).lease.isOpen)
    }

    @Test func `the endpoint unused longest makes room, those in use do not`() {
        var book = book(endpoints: 2)
        let links = [Link(), Link(), Link()]
        for last: UInt32 in 1...2 {
            _ = book.lease(Self.endpoint(last), for: Caller(), now: now)
            _ = book.opened(links[Int(last)], Self.endpoint(last), keptUntil: later)
        }
        #expect(book.lease(Self.endpoint(3), for: Caller(), now: now).closing.isEmpty)
        #expect(book.count == 3)
        _ = book.giveBack(links[2], Self.endpoint(2), keptUntil: later)
        _ = book.giveBack(links[1], Self.endpoint(1), keptUntil: later)
        let closing = book.lease(Self.endpoint(4), for: Caller(), now: now).closing
        #expect(closing.count == 1 && closing.first === links[1])
        #expect(book.count == 3)
    }

    @Test func `an address that was reached is preferred, then one untried, then the first`() {
        var book = book()
        let all = (1...3).map { Self.endpoint($0) }
        #expect(book.preferred(of: all) == all[0])
        _ = book.lease(all[0], for: Caller(), now: now)
        _ = book.openFailed(all[0], isUnreachable: true)
        #expect(book.preferred(of: all) == all[1])
        _ = book.lease(all[2], for: Caller(), now: now)
        _ = book.opened(Link(), all[2], keptUntil: later)
        #expect(book.preferred(of: all) == all[2])
        #expect(book.preferred(of: [all[0]]) == all[0])
        #expect(book.preferred(of: []) == nil)
    }

    @Test func `host, scheme and port are as much a boundary as the address`() {
        var book = book()
        let link = Link()
        _ = book.lease(here, for: Caller(), now: now)
        _ = book.opened(link, here, keptUntil: later)
        _ = book.giveBack(link, here, keptUntil: later)
        var others = [here, here, here]
        others[0].host = "other.example"
        others[1].scheme = .https
        others[2].port = 81
        for other in others { #expect(book.lease(other, for: Caller(), now: now).lease.isOpen) }
    }

    @Test func `a closed pool refuses, lets go of those who wait and wants nothing back`() {
        let link = Link()
        var book = book(with: [link], connections: 1)
        _ = book.lease(here, for: Caller(), now: now)
        let waiting = Caller()
        _ = book.lease(here, for: waiting, now: now)
        let ended = book.close()
        #expect(ended.count == 1 && ended.first === waiting)
        #expect(book.lease(here, for: Caller(), now: now).lease.isRefused)
        #expect(book.giveBack(link, here, keptUntil: later).isClose)
        #expect(book.opened(Link(), here, keptUntil: later).isClose)
        #expect(book.openFailed(here, isUnreachable: true).failed == nil)
    }

    @Test func `whatever happens, nobody waits beside an unused connection and the limit holds`() {
        var random = SeededRandom(seed: 11)
        var book = book(connections: 3)
        var (inUse, opening, waiting): ([Link], Int, [Caller]) = ([], 0, [])
        func follow(_ next: Book.Next, with link: Link?) {
            switch next {
            case .run(let caller):
                waiting.removeAll { $0 === caller }
                if let link { inUse.append(link) }
            case .open: opening += 1
            case .nothing, .close: break
            }
        }
        for _ in 0..<20_000 {
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                let caller = Caller()
                switch book.lease(here, for: caller, now: now).lease {
                case .run(let link):
                    #expect(waiting.isEmpty)
                    inUse.append(link)
                case .open:
                    opening += 1
                    waiting.append(caller)
                case .wait: waiting.append(caller)
                case .refused: Issue.record("not closed")
                }
            case 2 where !inUse.isEmpty:
                let link = inUse.removeLast()
                let isKept = Bool.random(using: &random)
                follow(book.giveBack(link, here, keptUntil: isKept ? later : nil), with: link)
            case 3 where opening > 0:
                opening -= 1
                let link = Link()
                follow(book.opened(link, here, keptUntil: later), with: link)
            case 4 where opening > 0:
                opening -= 1
                let (failed, next) = book.openFailed(here, isUnreachable: true)
                waiting.removeAll { $0 === failed }
                follow(next, with: nil)
            case 5 where !waiting.isEmpty:
                book.withdraw(waiting.removeFirst(), here)
            default: break
            }
            #expect(inUse.count + opening <= 3)
            #expect(waiting.isEmpty || opening > 0 || inUse.count == 3)
        }
    }
}

extension PoolState.Lease {
    fileprivate var runs: Connection? { if case .run(let connection) = self { connection } else { nil } }
    fileprivate var isOpen: Bool { if case .open = self { true } else { false } }
    fileprivate var isWait: Bool { if case .wait = self { true } else { false } }
    fileprivate var isRefused: Bool { if case .refused = self { true } else { false } }
}

extension PoolState.Next {
    fileprivate var runs: Waiter? { if case .run(let waiter) = self { waiter } else { nil } }
    fileprivate var isOpen: Bool { if case .open = self { true } else { false } }
    fileprivate var isNothing: Bool { if case .nothing = self { true } else { false } }
    fileprivate var isClose: Bool { if case .close = self { true } else { false } }
}

/// SplitMix64: the same numbers in every run.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
