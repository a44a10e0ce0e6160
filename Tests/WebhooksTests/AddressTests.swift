// SPDX-License-Identifier: Apache-2.0

// Which addresses and URLs are let through: tables, and mutated URLs that must at least not crash or slip through.

import NIOCore
import Testing
import Wire

@testable import Webhooks

@Suite("Addresses")
struct AddressTests {
    @Test(arguments: [
        ("8.8.8.8", AddressKind.global), ("1.1.1.1", .global), ("100.63.255.255", .global), ("100.128.0.0", .global),
        ("172.15.255.255", .global), ("172.32.0.0", .global), ("11.0.0.0", .global), ("223.255.255.255", .global),
        ("0.0.0.0", .unspecified), ("0.1.2.3", .unspecified), ("10.0.0.0", .privateUse),
        ("10.255.255.255", .privateUse), ("100.64.0.0", .sharedCarrier), ("100.127.255.255", .sharedCarrier),
        ("127.0.0.1", .loopback), ("127.255.255.254", .loopback), ("169.254.169.254", .linkLocal),
        ("172.16.0.0", .privateUse), ("172.31.255.255", .privateUse), ("192.0.0.8", .reserved),
        ("192.0.2.1", .documentation), ("192.88.99.1", .reserved), ("192.168.1.1", .privateUse),
        ("198.18.0.1", .reserved), ("198.19.255.255", .reserved), ("198.51.100.7", .documentation),
        ("203.0.113.9", .documentation), ("224.0.0.1", .multicast), ("239.255.255.255", .multicast),
        ("240.0.0.1", .reserved), ("255.255.255.255", .broadcast), ("2606:4700:4700::1111", .global),
        ("2a00:1450::1", .global), ("::", .unspecified), ("::1", .loopback), ("fc00::1", .privateUse),
        ("fdff::1", .privateUse), ("fe80::1", .linkLocal), ("febf::1", .linkLocal), ("fec0::1", .privateUse),
        ("ff02::1", .multicast), ("2001:db8::1", .documentation), ("3fff:fff::1", .documentation),
        ("2001::1", .reserved), ("2001:20::1", .reserved), ("100::1", .reserved), ("4000::1", .reserved),
        ("::ffff:127.0.0.1", .loopback), ("::ffff:8.8.8.8", .global), ("::ffff:a9fe:a9fe", .linkLocal),
        ("::127.0.0.1", .loopback), ("::8.8.8.8", .reserved), ("::ffff:0:10.0.0.1", .privateUse),
        ("64:ff9b::10.1.2.3", .privateUse), ("64:ff9b::8.8.8.8", .global), ("64:ff9b:1::8.8.8.8", .reserved),
        ("2002:7f00:1::1", .loopback), ("2002:c0a8:101::1", .privateUse), ("2002:808:808::1", .global),
        ("2a00:1450::5efe:10.0.0.1", .privateUse), ("4000::5efe:8.8.8.8", .reserved),
    ])
    func `an address has the purpose that the registries give it`(text: String, kind: AddressKind) throws {
        #expect(try #require(IPAddress(text)).kind == kind)
    }

    @Test(arguments: [
        "", ".", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.04", "256.1.1.1", "1.2.3.4 ", "0x7f.0.0.1", "1..2.3",
        ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "::1%lo", "[::1]", "1.2.3.4::",
        "::1.2.3", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7::8:9", ":1:2:3:4:5:6:7", "+1::",
        "1:2:3:4:5:6:7:8::",
    ])
    func `what is not an address does not parse`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("::", "::"), ("0:0:0:0:0:0:0:1", "::1"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1::", "1::"), ("::ffff:1.2.3.4", "::ffff:102:304"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("192.168.0.1", "192.168.0.1"),
    ])
    func `an address is written in its canonical form`(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(address.description) == address)
    }

    @Test func `parsing agrees with the system's on random addresses`() throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            var bits = UInt128.random(in: 0 ... .max, using: &generator)
            for shift in stride(from: 0, to: 128, by: 16) where Bool.random(using: &generator) {
                bits &= ~(0xFFFF << UInt128(shift))
            }
            let address = IPAddress.v6(bits)
            let system = try SocketAddress(ipAddress: address.description, port: 1)
            #expect(IPAddress(system) == address)
            let v4 = IPAddress.v4(UInt32(truncatingIfNeeded: bits))
            #expect(IPAddress(try SocketAddress(ipAddress: v4.description, port: 1)) == v4)
        }
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3", "10.1.2.2", false), ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false),
        ("::/0", "::1", true), ("2001:db8::/33", "2001:db8:7fff::", true), ("2001:db8::/33", "2001:db8:8000::", false),
        ("192.168.1.77/24", "192.168.1.1", true), ("::1/128", "::1", true),
    ])
    func `a range contains its addresses`(range: String, address: String, isInside: Bool) throws {
        #expect(try #require(AddressRange(range)).contains(try #require(IPAddress(address))) == isInside)
    }

    @Test(arguments: ["", "/", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/+8"])
    func `what is not a range does not parse`(text: String) {
        #expect(AddressRange(text) == nil)
    }
}

@Suite("Address guard")
struct AddressGuardTests {
    private let strict = AddressGuard()
    private let open = AddressGuard(policy: .init(allowsPrivateAddresses: true, allowsPlainHTTP: true))

    @Test(arguments: [
        ("https://example.com", "https://example.com:443/", "example.com"),
        ("HTTPS://Example.COM./a?b=c", "https://example.com:443/a?b=c", "example.com"),
        ("http://example.com:8080?x", "http://example.com:8080/?x", "example.com:8080"),
        ("https://example.com:443/", "https://example.com:443/", "example.com"),
        ("http://example.com:/", "http://example.com:80/", "example.com"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example:443/", "xn--bcher-kva.example"),
        ("https://a_b.example/ü?q={x}|%zz%41", "https://a_b.example:443/%C3%BC?q=%7Bx%7D%7C%25zz%41", "a_b.example"),
        ("http://127.0.0.1:3000/hook", "http://127.0.0.1:3000/hook", "127.0.0.1:3000"),
        ("http://[0:0::1]:3000/", "http://[::1]:3000/", "[::1]:3000"),
        ("https://example.com/@/user:pass@", "https://example.com:443/@/user:pass@", "example.com"),
    ])
    func `a good URL is normalised`(url: String, text: String, hostHeader: String) throws {
        let parsed = try open.check(url)
        #expect(parsed.text == text)
        #expect(parsed.hostHeader == hostHeader)
        #expect(try open.check(parsed.text) == parsed)
    }

    @Test(arguments: [
        ("", AddressRefusal.malformed), ("example.com", .malformed), ("//example.com/", .malformed),
        ("https:example.com", .malformed), ("https:/example.com", .malformed), ("ftp://example.com/", .scheme("ftp")),
        ("file:///etc/passwd", .scheme("file")), ("http+unix://x/", .scheme("http+unix")),
        ("http://example.com/", .plainHTTP), ("https://", .host("")), ("https:///path", .host("")),
        ("https://user@example.com/", .userInformation), ("https://a:b@example.com/", .userInformation),
        ("https://example.com/#top", .fragment), ("https://exa mple.com/", .malformed),
        ("https://example.com\\@evil.example/", .malformed), ("https://example.com/\r\nX: y", .malformed),
        ("https://example.com:0/", .port(0)), ("https://example.com:65536/", .port(65536)),
        ("https://example.com:99999999999999999999/", .port(99_999)), ("https://example.com:22/", .port(22)),
        ("https://example.com:8a/", .malformed), ("https://example.com:1:2/", .malformed),
        ("https://bücher.example/", .internationalHost), ("https://exa%6dple.com/", .host("exa%6dple.com")),
        ("https://-a.example/", .host("-a.example")), ("https://a..b/", .host("a..b")),
        ("https://2130706433/", .oddAddressLiteral("2130706433")), ("https://0x7f.1/", .oddAddressLiteral("0x7f.1")),
        ("https://0x7f000001/", .oddAddressLiteral("0x7f000001")), ("https://127.1/", .oddAddressLiteral("127.1")),
        ("https://0177.0.0.1/", .oddAddressLiteral("0177.0.0.1")),
        ("https://1.2.3.4.5/", .oddAddressLiteral("1.2.3.4.5")),
        ("https://017700000001./", .oddAddressLiteral("017700000001.")), ("https://a.0x/", .oddAddressLiteral("a.0x")),
        ("https://[::1%25lo]/", .oddAddressLiteral("[::1%25lo]")),
        ("https://[127.0.0.1]/", .oddAddressLiteral("[127.0.0.1]")),
        ("https://[::1/", .malformed), ("https://[::1]x/", .malformed),
    ])
    func `a bad URL is refused for its reason`(url: String, refusal: AddressRefusal) {
        #expect(throws: refusal) { try strict.check(url) }
    }

    @Test func `a URL may have 2000 bytes and no more`() throws {
        let base = "https://example.com/"
        _ = try strict.check(base + String(repeating: "a", count: 2000 - base.utf8.count))
        #expect(throws: AddressRefusal.tooLong) {
            try strict.check(base + String(repeating: "a", count: 2001 - base.utf8.count))
        }
    }

    @Test(arguments: [
        ("https://10.0.0.1/", false, true), ("https://127.0.0.1/", false, true), ("https://[fd00::1]/", false, true),
        ("https://100.64.0.1/", false, true), ("https://169.254.169.254/", false, false),
        ("https://[::ffff:169.254.169.254]/", false, false), ("https://[64:ff9b::a9fe:a9fe]/", false, false),
        ("https://0.0.0.0/", false, false), ("https://224.0.0.1/", false, false),
        ("https://192.0.2.1/", false, false), ("https://8.8.8.8/", true, true),
        ("https://[::ffff:10.0.0.1]/", false, true),
    ])
    func `literal addresses are judged at once`(url: String, passesStrict: Bool, passesOpen: Bool) {
        #expect(((try? strict.check(url)) != nil) == passesStrict)
        #expect(((try? open.check(url)) != nil) == passesOpen)
    }

    @Test func `one bad address among good ones refuses them all`() throws {
        let good = try #require(IPAddress("8.8.8.8"))
        let bad = try #require(IPAddress("10.0.0.1"))
        try strict.check([good], of: "h")
        #expect(throws: AddressRefusal.address(bad, of: "h", kind: .privateUse)) {
            try strict.check([good, bad], of: "h")
        }
        #expect(throws: AddressRefusal.noAddress("h")) { try strict.check([], of: "h") }
    }

    @Test func `ranges of the operator override, and denying is stronger`() throws {
        var policy = AddressGuard.Policy()
        policy.allowedRanges = [try #require(AddressRange("10.1.0.0/16")), try #require(AddressRange("169.254.1.1"))]
        policy.deniedRanges = [
            try #require(AddressRange("10.1.2.0/24")), try #require(AddressRange("8.8.8.0/24")),
        ]
        let guarded = AddressGuard(policy: policy)
        for (address, passes) in [
            ("10.1.0.1", true), ("10.2.0.1", false), ("10.1.2.1", false), ("8.8.8.8", false), ("8.8.4.4", true),
            ("169.254.1.1", true), ("::ffff:10.1.0.1", true), ("::ffff:8.8.8.8", false), ("64:ff9b::8.8.8.8", false),
        ] {
            let parsed = try #require(IPAddress(address))
            #expect(((try? guarded.check(parsed, of: "h")) != nil) == passes, "\(address)")
        }
    }

    @Test func `refusals read as sentences`() throws {
        let address = try #require(IPAddress("10.0.0.1"))
        #expect(
            AddressRefusal.address(address, of: "a.example", kind: .privateUse).description
                == "a.example leads to 10.0.0.1, which is a private address")
        #expect(AddressRefusal.plainHTTP.description == "plain http is not permitted here; use https")
    }

    @Test func `no mutation of a URL crashes, and what passes is read back the same`() {
        let seeds = [
            "https://user:pw@example.com:8443/a/b?c=d#e", "http://[::ffff:127.0.0.1]:80/", "https://0x7f.1/?q=%41",
            "https://xn--bcher-kva.example./%", "http://10.0.0.1:65535",
        ].map { Array($0.utf8) }
        var generator = SeededGenerator(seed: 5)
        var passed = 0
        for round in 0..<20_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes.remove(at: index)
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                case 2: bytes[index] = "/:@?#[]%.\\0x".utf8.randomElement(using: &generator) ?? 0
                default: bytes.insert(contentsOf: bytes[index...].prefix(5), at: 0)
                }
            }
            guard let parsed = try? open.check(String(decoding: bytes, as: UTF8.self)) else { continue }
            passed += 1
            #expect((try? open.check(parsed.text)) == parsed)
            #expect(parsed.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        }
        #expect(passed > 500)
    }
}
