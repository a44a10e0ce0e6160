// SPDX-License-Identifier: Apache-2.0
// The one thread that the SIP library runs on, and the queue of work for it. It is started by the first connector that
// needs it and lasts as long as the process, asleep while no call is made.

internal import CSIP
internal import Glibc
internal import Synchronization

final class SIPLoop: Sendable {
    static let shared = SIPLoop()

    private struct Handle: @unchecked Sendable {
        /// Used only to wake the thread, which the library allows from everywhere.
        var pointer: OpaquePointer
    }

    private struct State {
        var handle: Handle?
        var work: [@Sendable () -> Void] = []
        var thread: pthread_t?
    }

    /// Above any file descriptor that a call gets; beyond it a call is tried again later.
    private static let descriptors: Int32 = 65_536

    private let state = Mutex(State())

    private init() {}

    /// Runs `body` on the thread, after what was given before.
    func run(_ body: @escaping @Sendable () -> Void) {
        let handle: Handle? = state.withLock { state in
            let isFirst = state.work.isEmpty
            state.work.append(body)
            if state.thread == nil { state.thread = startThread() }
            return isFirst ? state.handle : nil
        }
        // One wake-up serves everything that is in the queue.
        if let handle { _ = csip_loop_wake(handle.pointer) }
    }

    /// Whether this is the thread.
    var isCurrent: Bool {
        guard let thread = state.withLock({ $0.thread }) else { return false }
        return pthread_equal(thread, pthread_self()) != 0
    }

    private func startThread() -> pthread_t? {
        var thread = pthread_t()
        let context = Unmanaged.passUnretained(self).toOpaque()
        let error = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<SIPLoop>.fromOpaque(context).takeUnretainedValue().main() }
                return nil
            }, context)
        guard error == 0 else { return nil }
        pthread_detach(thread)
        return thread
    }

    private func main() {
        var pointer: OpaquePointer?
        let error = csip_loop_open(
            &pointer, Self.descriptors,
            { context in
                if let context { Unmanaged<SIPLoop>.fromOpaque(context).takeUnretainedValue().drain() }
            }, Unmanaged.passUnretained(self).toOpaque())
        // Without a thread the next piece of work tries again.
        guard error == 0, let pointer else { return state.withLock { $0.thread = nil } }
        state.withLock { $0.handle = Handle(pointer: pointer) }
        drain()
        _ = csip_loop_run()
    }

    private func drain() {
        let work = state.withLock { state in
            defer { state.work = [] }
            return state.work
        }
        for body in work { body() }
    }

    /// An error number of the library in words.
    static func text(_ error: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard let text = csip_error_text(error, &buffer, buffer.count) else { return "error \(error)" }
        return String(cString: text)
    }
}
