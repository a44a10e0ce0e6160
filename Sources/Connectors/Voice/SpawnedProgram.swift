// SPDX-License-Identifier: Apache-2.0
// Runs another program to its end: bytes in, bytes out, with a limit on both time and output. It inherits no file
// descriptor but its standard ones and no environment but the path. Blocks its thread.

internal import CSIP
internal import Glibc

enum SpawnError: Error, Equatable, CustomStringConvertible {
    case cannotStart(String)
    case timedOut
    case tooMuch
    case failed(status: Int32)

    var description: String {
        switch self {
        case .cannotStart(let reason): reason
        case .timedOut: "takes too long"
        case .tooMuch: "says too much"
        case .failed(let status): "failed with status \(status)"
        }
    }
}

enum SpawnedProgram {
    /// Returns what the program wrote to its standard output. `input` is at most what a socket's buffer takes.
    static func run(
        _ path: String, _ arguments: [String], input: [UInt8], outputLimit: Int, timeout: Duration
    ) throws(SpawnError) -> [UInt8] {
        // Sockets instead of pipes: writing to a program that has ended is then an error and not a signal.
        let (inside, itsInput) = try pair()
        let (outside, itsOutput): (Int32, Int32)
        do throws(SpawnError) {
            (outside, itsOutput) = try pair()
        } catch {
            for descriptor in [inside, itsInput] { close(descriptor) }
            throw error
        }
        defer { for descriptor in [inside, outside] { close(descriptor) } }
        var process: pid_t = 0
        let error = withCStrings([path] + arguments + [nil]) { arguments in
            withCStrings(["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", nil]) { environment in
                cspawn_start(&process, path, arguments, environment, itsInput, itsOutput)
            }
        }
        for descriptor in [itsInput, itsOutput] { close(descriptor) }
        guard error == 0 else { throw .cannotStart(reason(error)) }
        _ = input.withUnsafeBytes { send(inside, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        shutdown(inside, Int32(SHUT_WR))
        do throws(SpawnError) {
            let output = try read(outside, limit: outputLimit, until: .now + timeout)
            try end(of: process, until: .now + timeout)
            return output
        } catch {
            kill(process, SIGKILL)
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            throw error
        }
    }

    private static func reason(_ error: Int32) -> String { "cannot be started: \(String(cString: strerror(error)))" }

    private static func pair() throws(SpawnError) -> (Int32, Int32) {
        var pair: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else { throw .cannotStart(reason(errno)) }
        return (pair[0], pair[1])
    }

    private static func read(
        _ descriptor: Int32, limit: Int, until deadline: ContinuousClock.Instant
    ) throws(SpawnError) -> [UInt8] {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = (deadline - .now) / .milliseconds(1)
            guard left > 0 else { throw .timedOut }
            let ready = Glibc.poll(&poll, 1, Int32(left.rounded(.up)))
            if ready < 0 && errno != EINTR { throw .failed(status: -errno) }
            guard ready > 0 else { continue }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return output }
            guard output.count + count <= limit else { throw .tooMuch }
            output += buffer[..<count]
        }
    }

    /// Its output has ended, so that it is about to end itself.
    private static func end(of process: pid_t, until deadline: ContinuousClock.Instant) throws(SpawnError) {
        var status: Int32 = 0
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { break }
            if ended < 0 && errno != EINTR { throw .failed(status: -errno) }
            guard .now < deadline else { throw .timedOut }
            poll(nil, 0, 1)
        }
        // The low seven bits are the signal that ended it, the next eight the exit status.
        guard status == 0 else { throw .failed(status: status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)) }
    }
}
