// SPDX-License-Identifier: Apache-2.0
// Runs checks side by side, each within its time, and puts what they found into the order in which they were listed. A
// check that hangs in a system call is left behind: the others' results and the end of the program do not wait for it.

import Synchronization

/// A check to be made.
struct DoctorTask: Sendable {
    let name: String
    var limit = Duration.seconds(6)
    /// What to do when it does not answer in time.
    var advice = "Something does not answer; look at what the check is about."
    let run: @Sendable () async -> [DoctorCheck]

    init(_ name: String, limit: Duration = .seconds(6), run: @escaping @Sendable () async -> [DoctorCheck]) {
        self.name = name
        self.limit = limit
        self.run = run
    }
}

final class DoctorRun: Sendable {
    /// How many checks run at once.
    private static let width = 32
    private let open = Mutex<[Int: String]>([:])

    /// What is being waited for, for whoever watches.
    var waitingFor: String {
        let names = open.withLock { $0.sorted { $0.key < $1.key }.map(\.value) }
        guard let first = names.first else { return "" }
        return names.count == 1 ? first : "\(first) and \(names.count - 1) more"
    }

    func callAsFunction(_ tasks: [DoctorTask]) async -> [DoctorCheck] {
        open.withLock { $0 = Dictionary(uniqueKeysWithValues: tasks.enumerated().map { ($0, $1.name) }) }
        var results: [[DoctorCheck]] = Array(repeating: [], count: tasks.count)
        await withTaskGroup(of: (Int, [DoctorCheck]).self) { group in
            var next = 0
            func startNext() {
                guard next < tasks.count else { return }
                let (index, task) = (next, tasks[next])
                group.addTask { (index, await Self.bounded(task)) }
                next += 1
            }
            for _ in 0..<Self.width { startNext() }
            while let (index, checks) = await group.next() {
                results[index] = checks
                open.withLock { $0[index] = nil }
                startNext()
            }
        }
        return results.flatMap { $0 }
    }

    private static func bounded(_ task: DoctorTask) async -> [DoctorCheck] {
        if let checks = await Bounded.run(task.limit, task.run) { return checks }
        return [.failure(task.name, "no answer within \(task.limit.components.seconds) s", advice: task.advice)]
    }
}

/// Work that is waited for only so long; what comes later is nobody's.
enum Bounded {
    /// The result, or nil when the time is over first. The work is then cancelled, and left to itself.
    static func run<T: Sendable>(_ limit: Duration, _ work: @escaping @Sendable () async -> T) async -> T? {
        let first = FirstResult<T>()
        let running = Task { first.settle(await work()) }
        let clock = Task {
            try await Task.sleep(for: limit)
            first.settle(nil)
        }
        let result = await first.value()
        running.cancel()
        clock.cancel()
        return result
    }

    private final class FirstResult<T: Sendable>: Sendable {
        private enum State {
            case open
            case awaited(CheckedContinuation<T?, Never>)
            case settled(T?)
            case over
        }

        private let state = Mutex(State.open)

        func settle(_ result: T?) {
            let waiter = state.withLock { state -> CheckedContinuation<T?, Never>? in
                switch state {
                case .open:
                    state = .settled(result)
                    return nil
                case .awaited(let continuation):
                    state = .over
                    return continuation
                case .settled, .over: return nil
                }
            }
            waiter?.resume(returning: result)
        }

        func value() async -> T? {
            await withCheckedContinuation { continuation in
                let settled = state.withLock { state -> T?? in
                    if case .settled(let result) = state {
                        state = .over
                        return .some(result)
                    }
                    state = .awaited(continuation)
                    return nil
                }
                if let settled { continuation.resume(returning: settled) }
            }
        }
    }
}
