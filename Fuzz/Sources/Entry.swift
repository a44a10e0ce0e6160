// SPDX-License-Identifier: Apache-2.0
// What libFuzzer calls. One program holds every target; the name under which it is started says which one it is.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A reader under test: takes one input, and stops the program if the input breaks one of its promises.
private struct Target {
    let run: @Sendable ([UInt8]) -> Void
}

private let targets: [String: Target] = [
    "pdu": Target(run: PDUTarget.run), "text": Target(run: TextTarget.run), "inbound": Target(run: InboundTarget.run),
    "receipt": Target(run: ReceiptTarget.run), "json": Target(run: JSONTarget.run), "form": Target(run: FormTarget.run),
    "session": Target(run: SessionTarget.run), "yaml": Target(run: YAMLTarget.run),
]

private let chosen = Mutex<Target?>(nil)

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> CInt {
    let path = arguments.pointee?.pointee.map { String(cString: $0) } ?? ""
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    guard let target = targets[name] else {
        stop("no target is called \(name); there are \(targets.keys.sorted().joined(separator: ", "))")
    }
    chosen.withLock { $0 = target }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    chosen.withLock { $0 }?.run(input)
    return 0
}

/// Stops the program, which keeps the input, when a promise is broken.
func expect(_ promise: Bool, _ what: @autoclosure () -> String) {
    if !promise { stop("broken: \(what())") }
}

private func stop(_ reason: String) -> Never {
    Array((reason + "\n").utf8).withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    abort()
}

/// An input whose first octets choose the options of a test.
struct InputReader {
    private var rest: ArraySlice<UInt8>

    init(_ input: [UInt8]) { rest = input[...] }

    var isEmpty: Bool { rest.isEmpty }

    /// The next octet, 0 at the end.
    mutating func octet() -> UInt8 { rest.popFirst() ?? 0 }

    /// At most so many octets.
    mutating func octets(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func remaining() -> [UInt8] { octets(rest.count) }

    /// One of the choices.
    mutating func choice<Choice>(_ choices: [Choice]) -> Choice { choices[Int(octet()) % choices.count] }

    mutating func flag() -> Bool { octet() & 1 == 1 }
}
