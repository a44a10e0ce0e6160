// SPDX-License-Identifier: Apache-2.0
// The thread of the resolver. c-ares says which sockets it waits for and until when; poll() waits for them, and for the
// pipe by which others wake the thread.

internal import CAres
internal import NIOCore
internal import Wire

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A pipe that ends a poll() from another thread. Closed with the last reference to it.
final class WakeUp: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    /// Nil when the process has no descriptors left.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func signal() {
        var byte: UInt8 = 1
        // A full pipe wakes as well.
        _ = write(writeEnd, &byte, 1)
    }

    func clear() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(readEnd, &bytes, bytes.count) > 0 {}
    }
}

/// Confined to the thread that runs it.
final class DNSLoop {
    /// What a callback of c-ares gets along.
    private final class Ticket {
        let inquiry: DNSInquiry
        let loop: DNSLoop

        init(_ inquiry: DNSInquiry, _ loop: DNSLoop) {
            self.inquiry = inquiry
            self.loop = loop
        }
    }

    /// Questions at the servers at once: a datagram each, of which a socket's buffer holds a few hundred.
    private static let window = 100

    private static let libraryStatus = ares_library_init(ARES_LIB_INIT_ALL)
    /// Answers up to this size come over UDP (RFC 6891), without fragments on any path in use.
    private static let udpSize: Int32 = 1232
    private static let internetClass: Int32 = 1
    private static let naptrType: Int32 = 35

    private let resolver: DNSResolver
    private let wakeUp: WakeUp
    private var queue = CircularBuffer<DNSInquiry>()
    private var underWay = 0
    private var channel: ares_channel?
    private var failure: String?
    /// What c-ares waits for, by socket.
    private var interest: [ares_socket_t: Int16] = [:]

    init(_ resolver: DNSResolver, wakeUp: WakeUp) {
        self.resolver = resolver
        self.wakeUp = wakeUp
    }

    /// Works until the resolver stops.
    func run() {
        failure = open().map { "the resolver cannot be set up: \($0)" }
        while let inquiries = resolver.take() {
            queue.append(contentsOf: inquiries)
            while underWay < Self.window, let inquiry = queue.popFirst() { begin(inquiry) }
            wait()
        }
        // Ends every question under way through its callback.
        if let channel { ares_destroy(channel) }
        channel = nil
        for inquiry in queue + resolver.leftovers() { resolver.settle(inquiry, .failed("the resolver is stopped")) }
    }

    /// Why there is no channel; nil when there is one.
    private func open() -> String? {
        guard Self.libraryStatus == ARES_SUCCESS else { return Self.text(Self.libraryStatus) }
        var options = ares_options()
        options.flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES
        options.timeout = Int32(clamping: resolver.configuration.timeout)
        options.tries = Int32(clamping: resolver.configuration.tries)
        options.ednspsz = Self.udpSize
        options.sock_state_cb = { context, socket, isReading, isWriting in
            guard let context else { return }
            let loop = Unmanaged<DNSLoop>.fromOpaque(context).takeUnretainedValue()
            loop.watch(socket, isReading: isReading != 0, isWriting: isWriting != 0)
        }
        options.sock_state_cb_data = Unmanaged.passUnretained(self).toOpaque()
        let mask =
            ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB
        var status = ares_init_options(&channel, &options, mask)
        guard status == ARES_SUCCESS, let channel else { return Self.text(status) }
        if !resolver.configuration.servers.isEmpty {
            status = ares_set_servers_ports_csv(channel, resolver.configuration.servers.joined(separator: ","))
        }
        guard status != ARES_SUCCESS else { return nil }
        ares_destroy(channel)
        self.channel = nil
        return Self.text(status)
    }

    private func watch(_ socket: ares_socket_t, isReading: Bool, isWriting: Bool) {
        let events = (isReading ? Int16(POLLIN) : 0) | (isWriting ? Int16(POLLOUT) : 0)
        interest[socket] = events == 0 ? nil : events
    }

    private func begin(_ inquiry: DNSInquiry) {
        guard let channel else { return resolver.settle(inquiry, .failed(failure ?? "no resolver")) }
        guard ContinuousClock.now < inquiry.deadline else {
            return resolver.settle(inquiry, .failed("the servers have too many questions to answer"))
        }
        underWay += 1
        let ticket = Unmanaged.passRetained(Ticket(inquiry, self)).toOpaque()
        // The callback may come at once.
        ares_query(
            channel, inquiry.domain.text, Self.internetClass, Self.naptrType,
            { context, status, _, bytes, length in
                guard let context else { return }
                let ticket = Unmanaged<Ticket>.fromOpaque(context).takeRetainedValue()
                let message = UnsafeBufferPointer(start: bytes, count: max(0, Int(length)))
                ticket.loop.underWay -= 1
                ticket.loop.resolver.settle(ticket.inquiry, DNSLoop.answer(status, Array(message)))
            }, ticket)
    }

    /// Sleeps until there is something to do, and does what there is for c-ares.
    private func wait() {
        var sockets = [pollfd(fd: wakeUp.readEnd, events: Int16(POLLIN), revents: 0)]
        sockets += interest.map { pollfd(fd: $0, events: $1, revents: 0) }
        let ready = poll(&sockets, nfds_t(sockets.count), milliseconds())
        if ready > 0, sockets[0].revents != 0 { wakeUp.clear() }
        guard let channel else { return }
        for socket in sockets.dropFirst() where ready > 0 && socket.revents != 0 {
            let isWritable = socket.revents & Int16(POLLOUT) != 0
            let isReadable = socket.revents & ~Int16(POLLOUT) != 0
            ares_process_fd(channel, isReadable ? socket.fd : -1, isWritable ? socket.fd : -1)
        }
        // What is overdue.
        ares_process_fd(channel, -1, -1)
    }

    /// Until c-ares wants to be called again, rounded up; -1 for ever.
    private func milliseconds() -> Int32 {
        var left = timeval()
        guard let channel, ares_timeout(channel, nil, &left) != nil else { return -1 }
        return Int32(clamping: Int(left.tv_sec) * 1000 + (Int(left.tv_usec) + 999) / 1000)
    }

    private static func answer(_ status: Int32, _ message: [UInt8]) -> DNSAnswer {
        switch status {
        case ARES_SUCCESS: .message(message)
        case ARES_ENODATA, ARES_ENOTFOUND: .nothing
        case ARES_EDESTRUCTION, ARES_ECANCELLED: .failed("the resolver is stopped")
        default: .failed(text(status))
        }
    }

    private static func text(_ status: Int32) -> String { String(cString: ares_strerror(status)) }
}
