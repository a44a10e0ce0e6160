// SPDX-License-Identifier: Apache-2.0
// What can go wrong with a request to a simulated provider, by chance or on demand. The faults of two runs with one
// seed and one order of requests are alike.

/// One thing that goes wrong with a request.
public enum HTTPFault: Hashable, Sendable {
    /// HTTP 500; the message is not taken.
    case serverError
    /// Refused because the sender sends too much.
    case rateLimited
    /// Refused because this pair of sender and recipient talks too much (WhatsApp; elsewhere as `rateLimited`).
    case pairLimited
    /// Refused because the credentials do not hold.
    case unauthorized
    /// The connection is cut after the request; whether the message is taken nevertheless is the question.
    case cut(isTaken: Bool)
    /// The answer is late by this much.
    case slow(Duration)
}

/// Chances from 0 to 1, drawn anew for each request that sends a message.
public struct HTTPFaultChances: Hashable, Sendable {
    public var serverError = 0.0
    public var rateLimited = 0.0
    public var pairLimited = 0.0
    /// The connection is cut, the message not taken.
    public var cutUntaken = 0.0
    /// The connection is cut, the message taken.
    public var cutTaken = 0.0
    public var slow = 0.0
    public var slowness: Duration = .seconds(2)

    public init() {}
}

/// Decides which fault the next request meets: first those on demand, in order, then by chance.
struct FaultPlan: Sendable {
    var chances = HTTPFaultChances()
    private var demanded: [HTTPFault] = []
    private var random: UInt64

    init(seed: UInt64) {
        random = seed
    }

    mutating func demand(_ fault: HTTPFault, times: Int) {
        demanded += Array(repeating: fault, count: max(0, times))
    }

    mutating func forget() { demanded = [] }

    mutating func next() -> HTTPFault? {
        if !demanded.isEmpty { return demanded.removeFirst() }
        guard chances != HTTPFaultChances() else { return nil }
        var draw = uniform()
        let table: [(Double, HTTPFault)] = [
            (chances.serverError, .serverError), (chances.rateLimited, .rateLimited),
            (chances.pairLimited, .pairLimited), (chances.cutUntaken, .cut(isTaken: false)),
            (chances.cutTaken, .cut(isTaken: true)), (chances.slow, .slow(chances.slowness)),
        ]
        for (chance, fault) in table {
            if draw < chance { return fault }
            draw -= chance
        }
        return nil
    }

    /// SplitMix64, from 0 up to 1.
    private mutating func uniform() -> Double {
        random &+= 0x9E37_79B9_7F4A_7C15
        var z = random
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) / Double(1 << 53)
    }
}
