// SPDX-License-Identifier: Apache-2.0
// What a scrape looks like, byte by byte, and that nothing is lost when many threads count at once.

import Testing

@testable import Prometheus

extension Registry {
    fileprivate var string: String { String(decoding: text(), as: UTF8.self) }
}

@Suite struct RegistryTests {
    @Test func `a scrape lists the metrics by name with help and type`() {
        let registry = Registry()
        registry.gauge("parley_b", "Second.").set(2.5)
        let sent = registry.counters("parley_a_total", "First\nline \\ backslash.", labels: ["surface", "kind"])
        sent.with("sms", "x").add(3)
        sent.with("api", "y").add()
        registry.observe("parley_c", "Read.", labels: ["state"]) {
            [Sample(1, labels: "up"), Sample(0, labels: "down")]
        }
        #expect(
            registry.string == #"""
                # HELP parley_a_total First\nline \\ backslash.
                # TYPE parley_a_total counter
                parley_a_total{surface="api",kind="y"} 1
                parley_a_total{surface="sms",kind="x"} 3
                # HELP parley_b Second.
                # TYPE parley_b gauge
                parley_b 2.5
                # HELP parley_c Read.
                # TYPE parley_c gauge
                parley_c{state="down"} 0
                parley_c{state="up"} 1

                """#)
    }

    @Test func `buckets are cumulative and a bound belongs to its own bucket`() {
        let registry = Registry()
        let histogram = registry.histogram("parley_time_seconds", "Time.", bounds: [0.0005, 0.1, 60])
        for value in [0.0005, 0.05, 0.1, 1, 100, .nan, .infinity] { histogram.observe(value) }
        histogram.observe(.milliseconds(250))
        #expect(
            registry.string == """
                # HELP parley_time_seconds Time.
                # TYPE parley_time_seconds histogram
                parley_time_seconds_bucket{le="0.0005"} 1
                parley_time_seconds_bucket{le="0.1"} 3
                parley_time_seconds_bucket{le="60"} 5
                parley_time_seconds_bucket{le="+Inf"} 6
                parley_time_seconds_sum 101.4005
                parley_time_seconds_count 6

                """)
    }

    @Test(arguments: [
        ("plain", "plain"), ("", ""), (#"a"b"#, #"a\"b"#), (#"a\b"#, #"a\\b"#), ("a\nb", #"a\nb"#),
        (#"\""# + "\n", #"\\\"\n"#), ("}\u{0} # HELP x", "}\u{0} # HELP x"), ("Grüße 🙂", "Grüße 🙂"),
        ("\r", "\r"), (#"{le="1"}"#, #"{le=\"1\"}"#),
    ])
    func `a hostile label value stays inside its quotes`(value: String, written: String) {
        let registry = Registry()
        registry.counters("x_total", "X.", labels: ["l"]).with(value).add()
        let lines = registry.string.split(separator: "\n" as Character, omittingEmptySubsequences: false)
        #expect(lines.count == 4)
        #expect(lines[2] == "x_total{l=\"\(written)\"} 1")
    }

    @Test(
        arguments: [
            (0, "0"), (1, "1"), (-3, "-3"), (0.0005, "0.0005"), (1e-9, "1e-09"), (1e16, "1e+16"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)])
    func `numbers are written as Prometheus reads them`(value: Double, text: String) {
        #expect(ExpositionText.number(value) == text)
    }

    @Test(arguments: [
        ("parley_total", true), ("a:b", true), ("_x", true), ("", false), ("9a", false), ("a-b", false), ("ä", false),
    ])
    func `names are those of the data model`(name: String, isValid: Bool) {
        #expect(Registry.isName(name, mayHaveColons: true) == isValid)
    }

    @Test func `declaring a metric again gives the one that is there`() {
        let registry = Registry()
        registry.counter("x_total", "X.").add(2)
        registry.counter("x_total", "X.").add(3)
        #expect(registry.string.contains("\nx_total 5\n"))
    }

    @Test func `a counter never falls`() {
        let counter = Registry().counter("x_total", "X.")
        counter.add(2)
        counter.add(-5)
        #expect(counter.value == 2)
    }

    @Test func `more combinations than the bound are counted together`() {
        let family = Registry().counters("x_total", "X.", labels: ["l"])
        for number in 0..<5000 { family.with("v\(number)").add() }
        #expect(family.with("v1").value == 1)
        #expect(family.with("yet another").value == 3000)
    }

    @Test func `a combination whose object is gone can be let go`() {
        let registry = Registry()
        let family = registry.counters("x_total", "X.", labels: ["connector"])
        for name in ["a", "b"] { family.with(name).add() }
        family.remove { $0 == ["a"] }
        #expect(!registry.string.contains("connector=\"a\""))
        #expect(registry.string.contains("x_total{connector=\"b\"} 1"))
    }

    @Test func `an observation with a wrong or repeated label is left out`() {
        let registry = Registry()
        registry.observe("x", "X.", labels: ["l"]) { [Sample(1), Sample(2, labels: "a"), Sample(3, labels: "a")] }
        #expect(registry.string.hasSuffix("gauge\nx{l=\"a\"} 2\n"))
    }

    @Test func `a scrape asks first and reads then`() async {
        let registry = Registry()
        let gauge = registry.gauge("x", "X.")
        registry.beforeScrape { gauge.set(7) }
        #expect(String(decoding: await registry.scrape(), as: UTF8.self).hasSuffix("x 7\n"))
    }

    @Test func `nothing is lost when many count at once`() async {
        let registry = Registry()
        let family = registry.counters("x_total", "X.", labels: ["l"])
        let gauge = registry.gauge("g", "G.")
        let histogram = registry.histogram("h_seconds", "H.")
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let counter = family.with("\(task % 2)")
                    for step in 0..<2000 {
                        counter.add()
                        gauge.add(step.isMultiple(of: 2) ? 3 : -1)
                        histogram.observe(Double(step % 3))
                        if step.isMultiple(of: 500) { _ = registry.text() }
                    }
                }
            }
        }
        #expect(family.with("0").value == 8000 && family.with("1").value == 8000)
        #expect(gauge.value == 16_000)
        #expect(histogram.count == 16_000 && histogram.sum == 15_992)
    }

    @Test func `the process's figures are read from the kernel`() {
        let registry = Registry()
        registry.observeProcess(version: "1.2.3", dataPath: "/")
        let text = registry.string
        #expect(text.contains("parley_build_info{version=\"1.2.3\"} 1\n"))
        for name in [
            "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds",
            "process_start_time_seconds", "parley_disk_free_bytes", "parley_disk_size_bytes",
        ] {
            let line = text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
            let value = line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
            #expect((value ?? 0) > 0, "\(name)")
        }
    }
}
