// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// The packages' products that more than one target names.
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let collections: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1: Target.Dependency = .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")

let package = Package(
    name: "parley",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "parley", targets: ["Parley"]),
        .library(name: "SMPP", targets: ["SMPP"]),
        .library(name: "SMSText", targets: ["SMSText"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Languages we speak; they know nothing of messaging.
        .systemLibrary(name: "CAres", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"])]),
        .systemLibrary(name: "CSQLiteConfig", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibRE", pkgConfig: "libre", providers: [.apt(["libre-dev", "librem-dev"])]),
        .target(name: "CPhoneNumber", linkerSettings: [.linkedLibrary("phonenumber"), .linkedLibrary("stdc++")]),
        .target(
            name: "CSIP", dependencies: ["CLibRE"],
            cSettings: [.define("HAVE_INTTYPES_H"), .define("HAVE_STDBOOL_H"), .define("HAVE_INET6")],
            linkerSettings: [.linkedLibrary("rem"), .linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(name: "PhoneNumbers", dependencies: ["CPhoneNumber"], swiftSettings: settings),
        .target(name: "SMPP", dependencies: [nioCore, nioPosix, nioSSL, logging], swiftSettings: settings),
        .target(name: "SMSText", swiftSettings: settings),
        .target(
            name: "SQL",
            dependencies: [
                "CLibPQ", "CSQLiteConfig", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"), collections, logging,
            ], swiftSettings: settings),
        .target(name: "Prometheus", swiftSettings: settings),
        .target(name: "Wire", swiftSettings: settings),

        // The core: what messaging is; no HTTP, no sockets.
        .target(name: "Accounts", dependencies: ["SQL", "Wire", crypto, cryptoExtras], swiftSettings: settings),
        .target(
            name: "Messaging",
            dependencies: ["Accounts", "Prometheus", "SMSText", "SQL", "Wire", collections, logging],
            swiftSettings: settings),
        .target(
            name: "NumberInfo",
            dependencies: ["Accounts", "Messaging", "PhoneNumbers", "Prometheus", "SQL", "Wire", logging],
            swiftSettings: settings),
        .target(
            name: "Verification",
            dependencies: [
                "Accounts", "Messaging", "PhoneNumbers", "Prometheus", "SMSText", "SQL", "Wire", crypto, logging,
            ], swiftSettings: settings),

        // Edges: they never import each other.
        .target(
            name: "AdminClient",
            dependencies: ["Wire", argumentParser, asyncHTTPClient, nioCore, nioHTTP1, nioPosix, nioSSL],
            swiftSettings: settings),
        .target(
            name: "API",
            dependencies: [
                "Accounts", "Messaging", "NumberInfo", "PhoneNumbers", "Prometheus", "SMSText", "SQL", "Verification",
                "Wire", crypto, httpTypes, hummingbird, hummingbirdCore, logging, nioCore, nioHTTP1,
                nioHTTPTypesHTTP1, nioSSL,
            ],
            resources: ["admin", "chat", "conversations", "nis", "sms", "two-factor"].map {
                .embedInCode("Resources/\($0).yaml")
            },
            swiftSettings: settings),
        .target(
            name: "Connectors",
            dependencies: [
                "Accounts", "CAres", "CSIP", "Messaging", "NumberInfo", "PhoneNumbers", "Prometheus", "SMPP", "SMSText",
                "Wire", asyncHTTPClient, crypto, logging, nioCore, nioHTTP1, nioPosix, nioSSL,
            ], swiftSettings: settings),
        .target(
            name: "CustomerSMPP",
            dependencies: [
                "Accounts", "Messaging", "SMPP", "SMSText", "SQL", "Wire", crypto, logging, nioCore, nioPosix, nioSSL,
            ], swiftSettings: settings),
        .target(
            name: "Simulators",
            dependencies: [
                "SMPP", "SMSText", "Wire", asyncHTTPClient, crypto, logging, nioCore, nioHTTP1, nioPosix,
            ], swiftSettings: settings),
        .target(
            name: "Webhooks",
            dependencies: [
                "Accounts", "Messaging", "Prometheus", "SQL", "Wire", asyncHTTPClient, collections, crypto, logging,
                nioCore, nioPosix, nioHTTP1, nioSSL, nioTLS,
            ], swiftSettings: settings),

        // The composition root.
        .executableTarget(
            name: "Parley",
            dependencies: [
                "Accounts", "AdminClient", "API", "Connectors", "CustomerSMPP", "Messaging", "NumberInfo",
                "PhoneNumbers", "Prometheus", "SMPP", "SMSText", "SQL", "Simulators", "Verification", "Webhooks",
                "Wire",
                argumentParser,
                .product(name: "Yams", package: "Yams"), asyncHTTPClient, hummingbird, lifecycle,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"), logging, nioCore, nioHTTP1, nioPosix,
                nioSSL, nioTLS,
            ], swiftSettings: settings,
            // Instead of glibc's allocator: docs/decisions/0009-accepting-on-the-event-loop.md says why.
            linkerSettings: [.linkedLibrary("jemalloc")]),

        // What tests share, and programs through which other people's software talks to ours.
        .target(
            name: "SQLTestSupport", dependencies: ["SQL", "CLibPQ", logging], path: "Tests/Support/SQLTestSupport",
            swiftSettings: settings),
        .target(
            name: "EngineTestSupport",
            dependencies: ["Accounts", "Messaging", "SMSText", "SQL", "SQLTestSupport", "Wire", logging],
            path: "Tests/Support/EngineTestSupport", swiftSettings: settings),
        .executableTarget(
            name: "SegmentationProbe", dependencies: ["SMSText"], path: "Tests/Support/SegmentationProbe",
            swiftSettings: settings),
        .executableTarget(
            name: "EnumProbe", dependencies: ["Connectors", "Messaging", "NumberInfo", "PhoneNumbers", "Wire"],
            path: "Tests/Support/EnumProbe", swiftSettings: settings),
        .executableTarget(
            name: "PhoneNumberProbe", dependencies: ["PhoneNumbers"], path: "Tests/Support/PhoneNumberProbe",
            swiftSettings: settings),
        .executableTarget(
            name: "VoiceProbe",
            dependencies: ["Accounts", "Connectors", "Messaging", "Wire", asyncHTTPClient, logging, nioPosix],
            path: "Tests/Support/VoiceProbe", swiftSettings: settings),
        .executableTarget(
            name: "SMPPProbe", dependencies: ["SMPP", nioCore, nioPosix, logging], path: "Tests/Support/SMPPProbe",
            swiftSettings: settings),
        .executableTarget(
            name: "ViberProbe",
            dependencies: ["Accounts", "Connectors", "Messaging", "Wire", asyncHTTPClient, logging, nioPosix],
            path: "Tests/Support/ViberProbe", swiftSettings: settings),
        .executableTarget(
            name: "WhatsAppProbe",
            dependencies: ["Connectors", "Wire"], path: "Tests/Support/WhatsAppProbe", swiftSettings: settings),

        // The measurements of docs/performance.md.
        .executableTarget(
            name: "ParleyBench",
            dependencies: [
                "Wire", argumentParser, asyncHTTPClient, crypto, hummingbird, hummingbirdCore, httpTypes, nioHTTPTypes,
                lifecycle, logging, nioCore, nioHTTP1, nioPosix,
            ], path: "Benchmarks/ParleyBench", swiftSettings: settings),
        .executableTarget(
            name: "GuardSimulation", dependencies: ["Verification", "Wire"], path: "Benchmarks/GuardSimulation",
            swiftSettings: settings),

        .testTarget(
            name: "AdminClientTests",
            dependencies: ["AdminClient", "Wire", argumentParser, nioCore, nioPosix, nioHTTP1],
            swiftSettings: settings),
        .testTarget(
            name: "CustomerSMPPTests",
            dependencies: [
                "Accounts", "CustomerSMPP", "EngineTestSupport", "Messaging", "SMPP", "SMSText", "SQL",
                "SQLTestSupport", "Wire", logging, nioCore, nioPosix, nioSSL,
            ], swiftSettings: settings),
        .testTarget(name: "PrometheusTests", dependencies: ["Prometheus"], swiftSettings: settings),
        .testTarget(
            name: "SMPPTests", dependencies: ["SMPP", nioCore, nioPosix, nioSSL, logging], swiftSettings: settings),
        .testTarget(
            name: "NumberInfoTests",
            dependencies: [
                "Accounts", "EngineTestSupport", "Messaging", "NumberInfo", "PhoneNumbers", "Prometheus", "SQL",
                "SQLTestSupport", "Wire", logging,
            ], swiftSettings: settings),
        .testTarget(name: "PhoneNumbersTests", dependencies: ["PhoneNumbers"], swiftSettings: settings),
        .testTarget(
            name: "VerificationTests",
            dependencies: [
                "Accounts", "EngineTestSupport", "Messaging", "PhoneNumbers", "Prometheus", "SMSText", "SQL",
                "SQLTestSupport", "Verification", "Wire", logging,
            ], swiftSettings: settings),
        .testTarget(name: "SMSTextTests", dependencies: ["SMSText"], swiftSettings: settings),
        .testTarget(name: "SQLTests", dependencies: ["SQL", "SQLTestSupport"], swiftSettings: settings),
        .testTarget(name: "WireTests", dependencies: ["Wire"], swiftSettings: settings),
        .testTarget(
            name: "AccountsTests", dependencies: ["Accounts", "Messaging", "SQL", "SQLTestSupport", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "MessagingTests",
            dependencies: [
                "Accounts", "EngineTestSupport", "Messaging", "Prometheus", "SMSText", "SQL", "SQLTestSupport", "Wire",
                collections, logging,
            ], swiftSettings: settings),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "Accounts", "EngineTestSupport", "Messaging", "NumberInfo", "PhoneNumbers", "Prometheus",
                "SMSText", "SQL", "SQLTestSupport", "Verification", "Wire", asyncHTTPClient, nioSSL, hummingbird,
                .product(name: "HummingbirdTesting", package: "hummingbird"), httpTypes, logging, nioCore,
                nioPosix,
            ], swiftSettings: settings),
        .testTarget(
            name: "ConnectorsTests",
            dependencies: [
                "Accounts", "Connectors", "EngineTestSupport", "Messaging", "NumberInfo", "PhoneNumbers", "SMPP",
                "SMSText", "SQL", "SQLTestSupport", "Simulators", "Wire", asyncHTTPClient, crypto, logging, nioCore,
                nioHTTP1, nioPosix,
            ], exclude: ["WhatsApp/Fixtures"], swiftSettings: settings),
        .testTarget(
            name: "SimulatorsTests",
            dependencies: [
                "SMPP", "SMSText", "Simulators", "Wire", asyncHTTPClient, crypto, logging, nioCore, nioHTTP1, nioPosix,
            ], swiftSettings: settings),
        .testTarget(
            name: "WebhooksTests",
            dependencies: [
                "Accounts", "EngineTestSupport", "Messaging", "Prometheus", "SQL", "SQLTestSupport", "Webhooks", "Wire",
                asyncHTTPClient, logging, nioCore, .product(name: "NIOEmbedded", package: "swift-nio"), nioPosix,
                nioHTTP1, nioSSL,
            ], swiftSettings: settings),
        .testTarget(
            name: "ParleyTests",
            dependencies: [
                "Accounts", "Messaging", "Parley", "SMSText", "SQL", "SQLTestSupport", "Wire", logging, nioCore,
                nioPosix,
                nioSSL,
            ], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6], cxxLanguageStandard: .cxx17
)
