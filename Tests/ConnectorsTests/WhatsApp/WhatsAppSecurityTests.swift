// SPDX-License-Identifier: Apache-2.0
// What lets WhatsApp in and what an operator sets: signatures, the handshake, options, secrets, notes.

import AsyncHTTPClient
import Logging
import Messaging
import NIOPosix
import Testing
import Wire

@testable import Connectors

@Suite struct WhatsAppSecurityTests {
    private typealias Samples = WhatsAppSamples
    private static let taken = #"{"messages":[{"id":"wamid.1"}]}"#

    // MARK: Webhooks

    @Test func onlySignedBytesAreRead() async throws {
        try await withConnector(script: { _ in .ok("") }) { connector, _, _ in
            let body = Samples.webhook(Samples.messages.map(\.message))
            func status(_ signature: String?) -> Int {
                let headers = signature.map { ["x-hub-signature-256": $0] } ?? [:]
                switch connector.read(ProviderRequest(method: "POST", query: [], headers: headers, body: body)) {
                case .answer(let answer): return answer.status
                case .events(let events, let answer):
                    #expect(events.count == Samples.messages.count)
                    return answer.status
                }
            }
            let signature = WhatsAppSignature.sign(body, secret: "s3cret")
            #expect(status(signature) == 200)
            #expect(status(nil) == 403)
            #expect(status("sha256=") == 403)
            #expect(status(String(signature.dropLast())) == 403)
            #expect(status(WhatsAppSignature.sign(body, secret: "other")) == 403)
            #expect(status(WhatsAppSignature.sign(body + [0x20], secret: "s3cret")) == 403)
        }
    }

    /// RFC 4231, test case 2.
    @Test func theSignatureIsHMACSHA256() {
        #expect(
            WhatsAppSignature.sign(Array("what do ya want for nothing?".utf8), secret: "Jefe")
                == "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test(
        arguments: [
            ("subscribe", "verify-me", "1158201444", 200), ("subscribe", "verify-mx", "1", 403),
            ("unsubscribe", "verify-me", "1", 403), ("subscribe", "", "1", 403), ("subscribe", "verify-me", nil, 403),
        ] as [(String, String, String?, Int)])
    func theHandshakeAsksForTheVerifyToken(_ mode: String, token: String, challenge: String?, status: Int) async throws
    {
        try await withConnector(script: { _ in .ok("") }) { connector, _, _ in
            var query = [(name: "hub.mode", value: mode), (name: "hub.verify_token", value: token)]
            if let challenge { query.append((name: "hub.challenge", value: challenge)) }
            let request = ProviderRequest(method: "GET", query: query, headers: [:], body: [])
            guard case .answer(let answer) = connector.read(request) else {
                Issue.record("events")
                return
            }
            #expect(answer.status == status)
            if status == 200 { #expect(answer.body == Array((challenge ?? "").utf8)) }
        }
    }

    @Test func withoutSecretsNothingIsReceived() async throws {
        let server = try await ScriptedViber { _ in .ok("") }
        let http = ProviderClient.makeHTTPClient(group: MultiThreadedEventLoopGroup.singleton)
        let environment = ConnectorEnvironment(
            sink: ViberSink(), group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"),
            media: SampleMedia(), httpClient: http)
        let connector = try WhatsAppConnector(settings: Samples.settings(secret: "EAA"), environment: environment)
        let query = [(name: "hub.mode", value: "subscribe"), (name: "hub.verify_token", value: "")]
        for request in [
            ProviderRequest(
                method: "GET", query: query + [(name: "hub.challenge", value: "1")], headers: [:], body: []),
            ProviderRequest(
                method: "POST", query: [],
                headers: ["x-hub-signature-256": WhatsAppSignature.sign([], secret: "")], body: []),
        ] {
            guard case .answer(let answer) = connector.read(request) else {
                Issue.record("events")
                continue
            }
            #expect(answer.status == 403)
        }
        try await server.stop()
        try await http.shutdown()
    }

    // MARK: Settings and notes

    @Test func notesHoldNeitherTextsNorSecrets() async throws {
        try await withConnector(script: { _ in .ok(Self.taken) }) { connector, _, outcomes in
            #expect(connector.reserve(1) == 1)
            connector.submit([Samples.submission(.text(TextBody("private words")))])
            _ = await outcomes.next()
            let notes = connector.exchanges?.entries() ?? []
            #expect(notes.map(\.text.what) == ["POST /messages", "POST /messages"])
            #expect(notes.map(\.text.status) == [nil, "200"])
            #expect(notes[0].text.fields["to"] == .string(Samples.number))
            #expect(notes[0].text.fields["text"] == .object(["body": .string("(13 characters)")]))
            #expect(notes[1].text.fields["messages"] == .array([.object(["id": .string("wamid.1")])]))
            #expect(!"\(notes)".contains("private words") && !"\(notes)".contains("EAAtoken"))
        }
    }

    @Test(
        arguments: [
            (["phoneNumberID": .null], "phoneNumberID"), (["phoneNumberID": .string("../x")], "phoneNumberID"),
            (["version": .string("v 1")], "version"), (["baseURL": .string("ftp://a")], "baseURL"),
            (["baseURL": .string("https://")], "baseURL"), (["messagesPerSecond": .integer(0)], "messagesPerSecond"),
            (["window": .integer(0)], "window"), (["pairBurst": .integer(0)], "pairBurst"),
            (["appSecret": .string("x")], "appSecret"),
        ] as [([String: JSONValue], String)])
    func aWrongOptionIsNamed(_ members: [String: JSONValue], option: String) {
        let error = #expect(throws: ConnectorOptionError.self) { try WhatsAppOptions(Samples.settings(members)) }
        #expect(error?.option == option)
    }

    @Test(arguments: ["", "{}", "{", #"{"accessToken":""}"#, #"{"accessToken":"a","other":"b"}"#, "a b", "a\r\nb: c"])
    func aSecretWithoutATokenIsRefused(_ secret: String) {
        #expect(throws: ConnectorOptionError.self) { try WhatsAppOptions(Samples.settings(secret: secret)) }
    }
}
