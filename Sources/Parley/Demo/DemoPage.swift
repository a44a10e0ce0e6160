// SPDX-License-Identifier: Apache-2.0
// What the demo shows: the greeting in the terminal and the page at `/`, with three curls that work as they stand.

struct DemoPage: Sendable {
    let key: String
    let port: Int
    let folder: String
    let smscPort: Int

    private var base: String { "http://127.0.0.1:\(port)" }

    private var send: String {
        """
        curl -s \(base)/messaging/v1/sms \\
          -H 'apikey: \(key)' -H 'content-type: application/json' -d '{
            "from": "Parley", "to": "+4915112345001", "message": "Hello",
            "callbackUrl": "\(base)\(DemoReceiver.path)"}'
        """
    }

    private var watch: String { "curl -s \(base)\(DemoReceiver.path)" }

    private var write: String {
        """
        curl -s \(base)/simulator/sms -H 'content-type: application/json' \\
          -d '{"from":"+4915112345678","to":"+\(DemoFolder.number)","text":"Hi there"}'
        """
    }

    private var template: String {
        """
        curl -s \(base)/conversations/v3/messages \\
          -H 'apikey: \(key)' -H 'content-type: application/json' -d '{
            "to": "4915112345678", "from": "\(DemoProviders.whatsAppNumber)", "channel": "whatsapp",
            "content": {"contentType": "template",
              "template": {"templateId": "hello_world", "templateLanguage": "en_US"}}}'
        """
    }

    private var writeOnWhatsApp: String {
        """
        curl -s \(base)/simulator/whatsapp -H 'content-type: application/json' \\
          -d '{"from":"4915112345678","text":"Hi there"}'
        """
    }

    private var code: String {
        """
        curl -s -X POST '\(base)/2fa/v1/otp?number=%2B4915112345678' -H 'apikey: \(key)'
        curl -s \(base)/simulator/handset/4915112345678
        """
    }

    var greeting: String {
        """
        Parley is running at \(base)/
          key     \(key)
          number  +\(DemoFolder.number)
          folder  \(folder)

        Send a message:
        \(send)

        See its delivery report:
        \(watch)

        Write as a handset:
        \(write)

        Stop with Ctrl-C.
        """
    }

    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Parley is running</title>
        <style>
        :root { color-scheme: light dark; --line: #d5dae1; --soft: #f4f6f9; --accent: #0b6e6e; }
        @media (prefers-color-scheme: dark) { :root { --line: #333b45; --soft: #1b2027; --accent: #5cc8c8; } }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 3rem auto; padding: 0 1.25rem; }
        h1 { font-size: 1.9rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
        p.lead { margin: 0 0 1.5rem; opacity: .75; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.25rem; padding: 1rem 1.25rem;
             border: 1px solid var(--line); border-radius: .6rem; background: var(--soft); }
        dt { font-weight: 600; } dd { margin: 0; } code, pre { font: 13.5px/1.5 ui-monospace, monospace; }
        pre { padding: .9rem 1.1rem; border: 1px solid var(--line); border-left: 4px solid var(--accent);
              border-radius: .4rem; overflow-x: auto; background: var(--soft); }
        table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem 1.2rem .2rem 0; }
        a { color: var(--accent); } .up { color: var(--accent); font-weight: 600; }
        </style>
        </head>
        <body>
        <h1>Parley is running</h1>
        <p class="lead">A messaging platform on your own machine, with a simulated carrier bound over SMPP.</p>
        <dl>
        <dt>SMS API</dt><dd><code>\(base)/messaging/v1/sms</code> &middot;
          <a href="/openapi/sms.yaml">OpenAPI</a></dd>
        <dt>Conversations API</dt><dd><code>\(base)/conversations/v3</code> &middot;
          <a href="/openapi/conversations.yaml">OpenAPI</a></dd>
        <dt>Chat API</dt><dd><code>\(base)/chat-api/v2</code> &middot; <a href="/openapi/chat.yaml">OpenAPI</a></dd>
        <dt>2FA API</dt><dd><code>\(base)/2fa/v1</code> &middot; <a href="/openapi/2fa.yaml">OpenAPI</a></dd>
        <dt>NIS API</dt><dd><code>\(base)/nis/v1</code> &middot; <a href="/openapi/nis.yaml">OpenAPI</a></dd>
        <dt>Your key</dt><dd><code>\(Self.escaped(key))</code></dd>
        <dt>Your number</dt><dd><code>+\(DemoFolder.number)</code></dd>
        <dt>WhatsApp, Viber, echo</dt><dd><code>\(DemoProviders.whatsAppNumber)</code>,
          <code>\(DemoProviders.viberService)</code>, <code>\(DemoProviders.echoAccount)</code></dd>
        <dt>Carrier</dt><dd>SMPP 3.4 simulator on port \(smscPort)</dd>
        <dt>Data</dt><dd><code>\(Self.escaped(folder))</code> (SQLite)</dd>
        <dt>State</dt><dd><a href="/ready">ready</a> &middot; <a href="/health">health</a></dd>
        </dl>
        <h2>1. Send a message</h2>
        <pre>\(Self.escaped(send))</pre>
        <h2>2. See its delivery report, signed</h2>
        <pre>\(Self.escaped(watch))</pre>
        <h2>3. Write as a handset, and see it arrive</h2>
        <pre>\(Self.escaped(write))</pre>
        <h2>4. Send on WhatsApp</h2>
        <pre>\(Self.escaped(template))</pre>
        <h2>5. Write as the customer; for a day free text may be sent back</h2>
        <pre>\(Self.escaped(writeOnWhatsApp))</pre>
        <h2>6. Send a one-time password, and see what the handset has got</h2>
        <pre>\(Self.escaped(code))</pre>
        <h2>The last three digits choose what happens</h2>
        <table>
        <tr><td><code>001</code></td><td>delivered</td><td><code>006</code></td><td>throttled three times, then delivered</td></tr>
        <tr><td><code>002</code></td><td>undeliverable</td><td><code>007</code></td><td>no receipt ever</td></tr>
        <tr><td><code>003</code></td><td>expired</td><td><code>008</code></td><td>receipt before the submit response</td></tr>
        <tr><td><code>004</code></td><td>rejected by receipt</td><td><code>009</code></td><td>link dropped once, then delivered</td></tr>
        <tr><td><code>005</code></td><td>refused at submit</td><td>others</td><td>delivered</td></tr>
        </table>
        </body>
        </html>
        """
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
