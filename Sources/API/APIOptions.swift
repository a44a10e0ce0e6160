// SPDX-License-Identifier: Apache-2.0
// What the HTTP surfaces are told by the program that starts them. Policies that live in other edges, such as which
// callback addresses are allowed, come in as closures.

public import Logging
public import Wire

/// One thing that must work before the server takes traffic.
public struct ReadinessCheck: Sendable, Equatable {
    /// What is checked, such as `database`.
    public let name: String
    /// Why it does not work, for the operator; nil when it does.
    public let problem: String?

    public init(name: String, problem: String? = nil) {
        self.name = name
        self.problem = problem
    }
}

/// The settings of the HTTP surfaces.
public struct APIOptions: Sendable {
    /// `https://sms.example.com`, without a slash at its end: what absolute links begin with. Nil takes the scheme and
    /// the `Host` of each request.
    public var publicBaseURL: String?
    /// Why a callback URL is refused; nil when it is allowed.
    public var callbackRefusal: @Sendable (String) -> String?
    /// What `/ready` reports.
    public var readiness: @Sendable () async -> [ReadinessCheck]
    /// How long a client may take to send a request, from its head on.
    public var requestDeadline: Duration = .seconds(15)
    /// After how long a connection without a request is closed.
    public var idleTimeout: Duration = .seconds(60)
    /// Proxies whose X-Forwarded-For is believed.
    public var trustedProxies: [AddressRange] = []
    /// How many requests a second a key may make that has no limit of its own; nil for any number.
    public var requestsPerSecondPerKey: Int?
    /// How many wrong keys a minute one address may try.
    public var wrongKeysPerMinute = 60
    /// Remembers when keys were used; the program has it write that down.
    public var keyUse = KeyUseRecorder()
    /// What the Admin API asks the rest of the program.
    public var admin = AdminOptions()
    /// The certificate with which connections are made secure; nil for plain HTTP.
    public var certificates: TLSCertificates?
    /// How many connections are served at once; what comes beyond is answered with 503.
    public var maximumConnections = 10_000
    /// Who may read `/metrics`.
    public var metrics: MetricsAccess = .public
    /// The level of the line that is logged for every request.
    public var accessLogLevel: Logger.Level = .info

    public init(
        publicBaseURL: String? = nil, callbackRefusal: @escaping @Sendable (String) -> String? = { _ in nil },
        readiness: @escaping @Sendable () async -> [ReadinessCheck] = { [] }
    ) {
        self.publicBaseURL = publicBaseURL
        self.callbackRefusal = callbackRefusal
        self.readiness = readiness
    }
}
