// SPDX-License-Identifier: Apache-2.0
// What each command asks of the server: the table is the command line's side of the Admin API.

import Testing
import Wire

@testable import AdminClient

/// A server with one object of each kind: id 7, known by its usual name.
@Sendable private func one(_ asked: Asked) -> Told {
    let path = asked.path.prefix { $0 != "?" }
    let object =
        #"{"id":7,"companyId":7,"name":"Acme","address":"49301234567","systemId":"acme1","prefix":"49","#
        + #""gateway":"DEFAULT","origin":"admin"}"#
    switch (asked.method, path) {
    case ("DELETE", _): return .nothing
    case (_, "/deliveries/replay"): return .json(#"{"replayed":3}"#)
    case ("GET", let path) where path.hasSuffix("/7") || path.hasSuffix("/balance") || path == "/status":
        return .json(object)
    case ("GET", _): return .json(#"{"items":[\#(object)]}"#)
    default: return .json(object)
    }
}

struct RequestTests {
    /// The words, what is asked last, and its body.
    static let requests: [(String, String, String?)] = [
        ("status", "GET /status", nil),
        ("reload", "POST /reload", nil),
        ("companies list", "GET /companies?limit=500", nil),
        ("companies list --closed", "GET /companies?closed=true&limit=500", nil),
        ("companies show Acme", "GET /companies?closed=true&limit=500", nil),
        ("companies show 7", "GET /companies/7", nil),
        (
            "companies create Zoe --prepaid --balance 10.50 --currency USD --no-reseller --owner Acme",
            "POST /companies",
            #"{"name":"Zoe","prepaid":true,"initialBalance":"10.50","currency":"USD","reseller":false,"resellerId":7}"#
        ),
        (
            "companies create Zoe --webhook-secret whsec_a --webhook-secret whsec_b", "POST /companies",
            #"{"name":"Zoe","webhookSecrets":["whsec_a","whsec_b"]}"#
        ),
        ("companies change Acme --name Zoe --owner none", "PATCH /companies/7", #"{"name":"Zoe","resellerId":null}"#),
        ("companies close Acme", "DELETE /companies/7", nil),
        ("companies reopen Acme", "PATCH /companies/7", #"{"closed":false}"#),
        ("companies secrets add Acme", "POST /companies/7/webhook-secrets", nil),
        ("companies secrets drop-old Acme", "DELETE /companies/7/webhook-secrets", nil),
        ("keys list --json", "GET /keys?limit=500", nil),
        ("keys list --json --company Acme", "GET /keys?companyId=7&limit=500", nil),
        ("keys show Acme --company 7", "GET /keys?companyId=7&limit=500", nil),
        (
            "keys create app --company Acme --scope api --scope reseller --object sms:1 --address 10.0.0.0/8 --rate 5",
            "POST /keys",
            #"{"name":"app","companyId":7,"scopes":["api","reseller"],"objects":["sms:1"],"addresses":["10.0.0.0/8"],"#
                + #""requestsPerSecond":5}"#
        ),
        (
            "keys create app --company Acme --expires 1d", "POST /keys",
            #"{"name":"app","companyId":7,"expiresAt":"2026-02-01T12:00:00.000Z"}"#
        ),
        (
            "keys change 7 --rate none --expires none --object none", "PATCH /keys/7",
            #"{"requestsPerSecond":null,"expiresAt":null,"objects":[]}"#
        ),
        ("keys remove 7", "DELETE /keys/7", nil),
        ("channels list --json --company 7", "GET /channels?companyId=7&limit=500", nil),
        ("channels show +49301234567", "GET /channels?limit=500", nil),
        (
            "channels create +49301 --company Acme --inbound-url https://a.example/ --inbound-method get",
            "POST /channels",
            #"{"address":"49301","kind":"sms","companyId":7,"inboundUrl":"https://a.example/","inboundMethod":"GET"}"#
        ),
        ("channels change 49301234567 --inbound-url none", "PATCH /channels/7", #"{"inboundUrl":null}"#),
        ("channels remove id:7", "DELETE /channels/7", nil),
        ("connectors list", "GET /connectors?limit=500", nil),
        ("connectors show Acme", "GET /connectors?limit=500", nil),
        (
            "connectors create c --host h --port 2775 --system-id 12 --password pw --bind separate --binds 2 "
                + "--window 9 --throughput 50 --tls --option validity=none --option addresses.keepPlus=true",
            "POST /connectors",
            #"{"name":"c","kind":"smpp","password":"pw","options":{"host":"h","port":2775,"systemId":"12","#
                + #""bind":"separate","binds":2,"window":9,"throughput":50,"tls":true,"validity":"none","#
                + #""addresses":{"keepPlus":true}}}"#
        ),
        ("connectors change Acme --throughput none", "PATCH /connectors/7", #"{"options":{"throughput":null}}"#),
        ("connectors change Acme --password-file -", "PATCH /connectors/7", #"{"password":"typed"}"#),
        ("connectors remove Acme", "DELETE /connectors/7", nil),
        ("connectors start Acme", "POST /connectors/7/start", nil),
        ("connectors stop Acme", "POST /connectors/7/stop", nil),
        ("connectors rebind 7", "POST /connectors/7/rebind", nil),
        ("connectors exchanges 7 --limit 20", "GET /connectors/7/exchanges?limit=20", nil),
        ("routes list", "GET /routes?limit=500", nil),
        (
            "routes create --gateway PREMIUM --prefix 49 a b", "POST /routes",
            #"{"gateway":"PREMIUM","prefix":"49","connectors":["a","b"]}"#
        ),
        ("routes change 7 --connector b", "PATCH /routes/7", #"{"connectors":["b"]}"#),
        ("routes remove 7", "DELETE /routes/7", nil),
        (
            "prices list --json --company Acme --direction inbound --prefix 49",
            "GET /prices?companyId=7&direction=inbound&prefix=49&limit=500", nil
        ),
        (
            "prices create --prefix 49 --mcc 262 --mnc 01 --ttid 7 --currency EUR --from 2026-03-01 "
                + "--direction inbound --price -0.005", "POST /prices",
            #"{"price":"-0.005","prefix":"49","mcc":"262","mnc":"01","ttid":"7","currency":"EUR","#
                + #""from":"2026-03-01T00:00:00Z","direction":"inbound"}"#
        ),
        ("prices change 7 --price -1.5 --company none", "PATCH /prices/7", #"{"price":"-1.5","companyId":null}"#),
        ("prices remove 7", "DELETE /prices/7", nil),
        ("smpp-accounts list --json", "GET /smpp-accounts?limit=500", nil),
        ("smpp-accounts show acme1", "GET /smpp-accounts?limit=500", nil),
        (
            "smpp-accounts create acme2 --company Acme --password pw --disable --max-binds 2 --window 5 --rate 10 "
                + "--address 10.0.0.1 --sender Parley --gateway G --alphabet latin1 --message-ids decimal "
                + "--receipt-ids hexadecimal --no-inbound", "POST /smpp-accounts",
            #"{"systemId":"acme2","companyId":7,"password":"pw","enabled":false,"options":{"maxBinds":2,"window":5,"#
                + #""messagesPerSecond":10,"addresses":["10.0.0.1"],"senders":["Parley"],"gateway":"G","#
                + #""alphabet":"latin1","messageIds":"decimal","receiptIds":"hexadecimal","inbound":false}}"#
        ),
        ("smpp-accounts change acme1 --enable", "PATCH /smpp-accounts/7", #"{"enabled":true}"#),
        ("smpp-accounts remove acme1", "DELETE /smpp-accounts/7", nil),
        ("smpp-accounts disconnect acme1", "POST /smpp-accounts/7/disconnect", nil),
        ("contacts list --company Acme", "GET /companies/7/contacts?limit=50", nil),
        (
            "contacts list --company 7 --phone +49170 --email a@b.de --name Ja --region DE --all",
            "GET /companies/7/contacts?phone=%2B49170&email=a%40b.de&name=Ja&region=DE&limit=500", nil
        ),
        ("contacts show 7 --company Acme", "GET /companies/7/contacts/7", nil),
        (
            "contacts create --company Acme --name Jane --phone 0170 --phone 0171 --email a@b.de --wa-id w --bsuid b "
                + "--viber-id v== --jid j@x --region DE", "POST /companies/7/contacts",
            #"{"name":"Jane","identities":{"phone":["0170","0171"],"email":["a@b.de"],"waId":["w"],"bsuid":["b"],"#
                + #""viberId":["v=="],"jid":["j@x"]},"region":"DE"}"#
        ),
        (
            "contacts change 7 --company Acme --name none --email none", "PATCH /companies/7/contacts/7",
            #"{"name":null,"identities":{"email":[]}}"#
        ),
        ("contacts remove 7 --company Acme", "DELETE /companies/7/contacts/7", nil),
        ("balance show Acme", "GET /companies/7/balance", nil),
        ("balance add Acme 25 --note invoice", "POST /companies/7/ledger", #"{"amount":"25","note":"invoice"}"#),
        ("balance take Acme 2.5", "POST /companies/7/ledger", #"{"amount":"-2.5"}"#),
        ("balance ledger Acme", "GET /companies/7/ledger?limit=50", nil),
        ("webhooks list --json --company 7", "GET /webhooks?companyId=7&limit=500", nil),
        ("webhooks --json", "GET /webhooks?limit=500", nil),
        (
            "deliveries --undelivered --event status --message m --from 2h --limit 9",
            "GET /deliveries?state=undelivered&event=status&messageId=m&from=2026-01-31T10%3A00%3A00.000Z&limit=9", nil
        ),
        ("deliveries list --state pending", "GET /deliveries?state=pending&limit=50", nil),
        ("deliveries show 7", "GET /deliveries/7", nil),
        ("deliveries replay 7", "POST /deliveries/7/replay", nil),
        (
            "deliveries replay --from 2026-01-01 --to 2026-01-02 --company Acme --delivered --url https://a",
            "POST /deliveries/replay",
            #"{"companyId":7,"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","state":"all","#
                + #""url":"https://a"}"#
        ),
        (
            "deliveries replay --all", "POST /deliveries/replay",
            #"{"from":"1970-01-01T00:00:00Z","to":"2026-01-31T12:00:01.000Z"}"#
        ),
        (
            "messages search --company 7 --party +4915 --status Delivered --reference r/1 --direction inbound "
                + "--limit 3",
            "GET /messages?companyId=7&party=%2B4915&status=delivered&reference=r%2F1&direction=inbound&limit=3", nil
        ),
        (
            "messages search --id x --sender A --recipient 49 --to 2026-01-31",
            "GET /messages?id=x&sender=A&recipient=49&to=2026-01-31T00%3A00%3A00Z&limit=50", nil
        ),
        ("messages show a/b --direction inbound", "GET /messages/a%2Fb?direction=inbound", nil),
        ("messages release m 2 --as resend", "POST /messages/m/parts/2/release", #"{"as":"resend"}"#),
        ("receipts --limit 5", "GET /receipts/unmatched?limit=5", nil),
        (
            "audit --kind connector --object 7 --actor ann --action stopped --company 7 --from 1d",
            "GET /audit?kind=connector&objectId=7&actor=ann&action=stopped&companyId=7"
                + "&from=2026-01-30T12%3A00%3A00.000Z&limit=50", nil
        ),
        ("audit --all", "GET /audit?limit=500", nil),
    ]

    @Test(arguments: requests)
    func `a command asks what it should`(words: String, line: String, body: String?) async throws {
        try await AdminServer.with(one) { server in
            var surroundings = Surroundings()
            surroundings.input = "typed\r\nnot this\n"
            let outcome = await parley(words.split(separator: " ").map(String.init), at: server, surroundings)
            #expect(outcome.status == 0, "\(outcome.err)")
            let last = try #require(server.asked.last)
            #expect(last.line == line)
            #expect(last.headers["apikey"] == "test-key")
            if let body {
                #expect(last.json == (try JSONValue(parsing: body.utf8)))
                #expect(last.headers["content-type"] == "application/json")
            } else {
                #expect(last.body.isEmpty)
            }
            #expect(!outcome.out.isEmpty)
        }
    }

    @Test(arguments: requests.map(\.0))
    func `every command prints one JSON document when asked to`(words: String) async throws {
        try await AdminServer.with(one) { server in
            var surroundings = Surroundings()
            surroundings.input = "typed\n"
            let outcome = await parley(
                words.split(separator: " ").map(String.init) + ["--json"], at: server, surroundings)
            #expect(outcome.json != nil, "\(outcome.out) \(outcome.err)")
        }
    }

    @Test(arguments: [
        "companies change Acme", "contacts show 7", "contacts change 7 --company x --region DE", "keys change 7",
        "connectors change 7", "routes change 7", "deliveries replay",
        "deliveries replay 7 --all", "deliveries replay 7 --company Acme", "deliveries replay --to 2d",
        "connectors create c --option window", "connectors create c --password a --password-file b",
        "balance add Acme five", "balance add Acme", "audit --from yesterday", "audit --limit 0",
        "messages release m 1 --as gone", "connectors exchanges 7 --limit 501", "companies", "nothing",
        "connectors change 7 --password-file /nowhere/secret",
    ])
    func `what makes no sense is refused without asking`(words: String) async throws {
        try await AdminServer.with(one) { server in
            let outcome = await parley(words.split(separator: " ").map(String.init), at: server)
            let isHelp = words == "companies"
            #expect(outcome.status == (isHelp ? 0 : 64))
            #expect(!outcome.err.isEmpty)
            #expect(server.asked.isEmpty)
        }
    }
}
