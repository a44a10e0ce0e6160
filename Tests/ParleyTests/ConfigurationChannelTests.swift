// SPDX-License-Identifier: Apache-2.0
// Channels of all kinds and the settings of companies in a configuration file.

import Messaging
import Testing

@testable import Parley

struct ConfigurationChannelTests {
    @Test func `a company's channels and settings are read`() throws {
        let text = """
            companies:
              - name: Acme
                scopes: [channels:read, media:read]
                mediaQuota: 1000000
                callbacks:
                  callbackVersion: "2.13"
                  inboundMessageUrl: https://acme.example/in
                  messageStatusUrl: https://acme.example/status
                  eventFilter: ["MessageStatus::delivered"]
                  signature: {secret: "${SECRET}", method: HS512}
                  header: {key: x-acme, value: "12345678"}
                chatCallbacks: {version: "2.3", inboundMessageUrl: https://acme.example/chat}
                mediaCredentials:
                  oauth2: {clientId: id, clientSecret: "${SECRET}", url: https://login.example/token}
                channels:
                  - kind: whatsapp
                    address: +4915200000001
                    name: Support
                    connector: wa
                    phoneNumberId: 106540352242922
                    accountName: Acme WABA
                    dataRetentionInDays: 30
                    scopes: [messages:write]
                    callbacks: {messageStatusUrl: https://acme.example/wa}
                  - {kind: viber, address: 10001, viberService: two-way}
                  - {kind: sms, address: 49301234567, inboundURL: https://acme.example/sms, inboundMethod: get}
                  - {kind: echo, address: echo}
            """
        let company = try #require(try configuration(text, ["SECRET": "0123456789"]).companies.first)
        let settings = try #require(company.settings)
        #expect(settings.scopes == ["channels:read", "media:read"])
        #expect(settings.mediaQuota == 1_000_000)
        #expect(settings.callback?.callbackVersion == .v2_13)
        #expect(settings.callback?.signature == CallbackSettings.Signature(secret: "0123456789", method: .hs512))
        #expect(settings.chatVersion == .v2_3)
        #expect(settings.chatCallback?.inboundMessageUrl == "https://acme.example/chat")
        #expect(settings.callback?.header == CallbackSettings.Header(key: "x-acme", value: "12345678"))
        #expect(
            settings.mediaCredentials
                == .oauth2(clientID: "id", clientSecret: "0123456789", url: "https://login.example/token"))
        let channels = company.channels
        #expect(channels.map(\.address.kind) == [.whatsapp, .viber, .sms, .echo])
        #expect(channels[0].address.address == "4915200000001")
        #expect((channels[0].name, channels[0].connector) == ("Support", "wa"))
        #expect(channels[0].settings.phoneNumberID == "106540352242922")
        #expect(channels[0].settings.callback?.messageStatusUrl == "https://acme.example/wa")
        #expect(channels[1].settings.viberService == .twoWay)
        #expect(channels[2].inbound == Reporting(url: "https://acme.example/sms", method: .get))
        #expect(try configuration("companies: [{name: Acme}]").companies.first?.settings == nil)
    }

    @Test(arguments: [
        ("channels: [{kind: fax, address: 1}]", "must be one of sms, mms, whatsapp, viber, echo"),
        ("channels: [{kind: viber}]", "needs a kind and an address"),
        ("channels: [{kind: viber, address: 10001, token: x}]", "unknown key"),
        ("channels: [{kind: viber, address: 10001, callbacks: {signature: {}}}]", "unknown key"),
        ("channels: [{kind: sms, address: 4930, inboundMethod: GET}]", "needs an inboundURL"),
        ("callbacks: {signature: {secret: 0123456789}}", "needs a secret and a method"),
        ("callbacks: {callbackVersion: 3}", "must be one of 2.11, 2.12, 2.13"),
        ("mediaCredentials: {}", "needs oauth2 or basic"),
        ("mediaCredentials: {basic: {username: u}}", "needs username, password"),
        ("mediaQuota: -1", "must be a whole number"),
    ])
    func `what cannot be read is told with its place`(_ line: String, reason: String) {
        let error = complaint("companies:\n  - name: Acme\n    \(line)")
        #expect(error?.line == 3)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }
}
