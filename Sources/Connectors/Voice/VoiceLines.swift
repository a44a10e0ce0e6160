// SPDX-License-Identifier: Apache-2.0
// How many calls a SIP connector has room for, and whether its trunk can be expected to take them:
//
//     stopped ── start ──▶ opening ── bound ──▶ open ── registered ──▶ up
//                             ▲                  ▲─── registration lost ──┘
//                             └── no socket, again in a while
//
// A line is taken from the moment it is set aside until its call is over and its outcome is on disk.

internal import Messaging

struct VoiceLines {
    enum Phase: Equatable { case stopped, opening, open, up }

    let size: Int
    /// Whether the trunk wants us registered.
    let registers: Bool
    private(set) var phase = Phase.stopped
    /// Set aside or in a call.
    private(set) var taken = 0
    /// Set aside or handed over, and their outcome not on disk yet.
    private(set) var unsettled = 0
    /// Why the trunk does not take us or our calls; nil while it does.
    private(set) var problem: String?

    init(size: Int, registers: Bool) {
        self.size = size
        self.registers = registers
    }

    var isUp: Bool { phase == .up }
    var isRunning: Bool { phase != .stopped }

    mutating func start() { phase = .opening }

    mutating func stop() { phase = .stopped }

    /// The socket is bound.
    mutating func opened() {
        guard phase == .opening else { return }
        phase = registers ? .open : .up
        problem = nil
    }

    /// A registration went through, or did not for `problem`.
    mutating func registered(_ problem: String?) {
        guard registers, phase == .open || phase == .up else { return }
        phase = problem == nil ? .up : .open
        self.problem = problem
    }

    mutating func failed(_ reason: String) { problem = reason }

    /// The trunk has taken a call.
    mutating func succeeded() { problem = nil }

    mutating func reserve(_ count: Int) -> Int {
        guard isUp else { return 0 }
        let room = max(0, min(count, size - max(taken, unsettled)))
        taken += room
        unsettled += room
        return room
    }

    mutating func release(_ count: Int) {
        taken -= count
        unsettled -= count
    }

    mutating func settled(_ count: Int) { unsettled -= count }

    mutating func hungUp() { taken -= 1 }

    var linkState: LinkState {
        let link: LinkState.Phase =
            switch phase {
            case .stopped: .stopped
            case .opening: .connecting
            case .open: problem == nil ? .binding : .waiting
            case .up: .bound
            }
        return LinkState(
            phases: [link], windowUsed: max(taken, unsettled), windowSize: size, problem: problem)
    }
}
