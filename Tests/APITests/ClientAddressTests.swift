// SPDX-License-Identifier: Apache-2.0
// Whose address a request has, behind proxies and without them.

import EngineTestSupport
import NIOCore
import Testing
import Wire

@testable import API

@Suite struct ClientAddressTests {
    private static let proxies = ["10.0.0.0/8", "fd00::/8"].compactMap { AddressRange($0) }

    /// The peer, the lines of X-Forwarded-For, the client.
    @Test(
        arguments: [
            ("192.0.2.7", [], "192.0.2.7"),
            ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),
            ("10.1.1.1", [], "10.1.1.1"),
            ("10.1.1.1", ["198.51.100.1"], "198.51.100.1"),
            ("10.1.1.1", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            ("10.1.1.1", ["203.0.113.9", "198.51.100.1, 10.2.2.2"], "198.51.100.1"),
            ("10.1.1.1", ["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
            ("10.1.1.1", ["198.51.100.1:4711"], "198.51.100.1"),
            ("10.1.1.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.1.1.1", ["2001:db8::1 ,\tfd00::2"], "2001:db8::1"),
            ("10.1.1.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
            ("10.1.1.1", ["198.51.100.1, unknown"], nil),
            ("10.1.1.1", ["nonsense"], nil),
            ("fd00::1", ["198.51.100.1"], "198.51.100.1"),
            (nil, ["198.51.100.1"], nil),
        ] as [(String?, [String], String?)])
    func `only what trusted proxies saw counts`(_ peer: String?, _ lines: [String], _ client: String?) {
        let found = ClientAddress.find(
            peer: peer.flatMap { IPAddress($0) }, forwardedFor: lines, trustedProxies: Self.proxies)
        #expect(found == client.flatMap { IPAddress($0) })
    }

    @Test func `without trusted proxies nobody's word counts`() {
        let peer = IPAddress("10.1.1.1")
        #expect(ClientAddress.find(peer: peer, forwardedFor: ["192.0.2.1"], trustedProxies: []) == peer)
    }

    @Test(arguments: [("192.0.2.7", "192.0.2.7"), ("2001:db8::17", "2001:db8::17"), ("::ffff:192.0.2.7", "192.0.2.7")])
    func `a socket's address is read as a number`(_ text: String, _ expected: String) throws {
        let socket = try SocketAddress(ipAddress: text, port: 4711)
        #expect(IPAddress(peer: socket) == IPAddress(expected))
    }

    @Test func `a Unix domain socket has no address`() throws {
        #expect(IPAddress(peer: try SocketAddress(unixDomainSocketPath: "/tmp/x")) == nil)
    }

    @Test func `any line is survived`() {
        var generator = SeededGenerator(seed: 20_260_115)
        let alphabet = Array("0123456789abcdef.:[], %")
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...40, using: &generator)
            let line = String((0..<length).compactMap { _ in alphabet.randomElement(using: &generator) })
            _ = ClientAddress.find(peer: IPAddress("10.1.1.1"), forwardedFor: [line], trustedProxies: Self.proxies)
        }
    }
}
