// SPDX-License-Identifier: Apache-2.0
// Entries of an address book in the form of the Graph API, which is the same in both directions.

internal import Messaging
internal import Wire

extension ContactCard {
    func writeGraph(to writer: inout JSONWriter) {
        writer.object { writer in
            if let addresses { Self.write("addresses", addresses, to: &writer, Self.writeAddress) }
            writer.member("birthday", birthday)
            if let emails {
                Self.write("emails", emails, to: &writer) { email, writer in
                    writer.member("email", email.email)
                    writer.member("type", email.type)
                }
            }
            if let ims {
                Self.write("ims", ims, to: &writer) { account, writer in
                    writer.member("service", account.service)
                    writer.member("user_id", account.userId)
                }
            }
            if let name { writer.member("name", object: { Self.writeName(name, to: &$0) }) }
            if let org {
                writer.member(
                    "org",
                    object: { writer in
                        writer.member("company", org.company)
                        writer.member("department", org.department)
                        writer.member("title", org.title)
                    })
            }
            if let phones {
                Self.write("phones", phones, to: &writer) { phone, writer in
                    writer.member("phone", phone.phone)
                    writer.member("type", phone.type)
                    writer.member("wa_id", phone.waId)
                }
            }
            if let urls {
                Self.write("urls", urls, to: &writer) { link, writer in
                    writer.member("url", link.url)
                    writer.member("type", link.type)
                }
            }
        }
    }

    private static func write<Element>(
        _ name: StaticString, _ elements: [Element], to writer: inout JSONWriter,
        _ write: (Element, inout JSONWriter) -> Void
    ) {
        writer.member(name, array: { writer in for element in elements { writer.object { write(element, &$0) } } })
    }

    private static func writeAddress(_ address: Address, to writer: inout JSONWriter) {
        writer.member("street", address.street)
        writer.member("city", address.city)
        writer.member("state", address.state)
        writer.member("zip", address.zip)
        writer.member("country", address.country)
        writer.member("country_code", address.countryCode)
        writer.member("type", address.type)
    }

    private static func writeName(_ name: Name, to writer: inout JSONWriter) {
        writer.member("formatted_name", name.formattedName)
        writer.member("first_name", name.firstName)
        writer.member("last_name", name.lastName)
        writer.member("middle_name", name.middleName)
        writer.member("suffix", name.suffix)
        writer.member("prefix", name.prefix)
    }

    /// What a webhook says of a card; whatever is not text is left out.
    init(graph json: JSONValue) {
        func objects(_ name: String) -> [JSONValue]? { json[name]?.array?.filter { $0.object != nil } }
        self.init()
        birthday = json["birthday"]?.string
        addresses = objects("addresses")?.map { json in
            var address = Address()
            address.city = json["city"]?.string
            address.country = json["country"]?.string
            address.countryCode = json["country_code"]?.string
            address.state = json["state"]?.string
            address.street = json["street"]?.string
            address.type = json["type"]?.string
            address.zip = json["zip"]?.string
            return address
        }
        emails = objects("emails")?.map { Email(email: $0["email"]?.string, type: $0["type"]?.string) }
        ims = objects("ims")?.map {
            InstantMessenger(service: $0["service"]?.string, userId: $0["user_id"]?.string)
        }
        name = json["name"].flatMap(Self.name)
        org = json["org"].flatMap { json in
            guard json.object != nil else { return nil }
            var org = Organisation()
            org.company = json["company"]?.string
            org.department = json["department"]?.string
            org.title = json["title"]?.string
            return org
        }
        phones = objects("phones")?.map {
            Phone(phone: $0["phone"]?.string, type: $0["type"]?.string, waId: $0["wa_id"]?.string)
        }
        urls = objects("urls")?.map { Link(url: $0["url"]?.string, type: $0["type"]?.string) }
    }

    private static func name(_ json: JSONValue) -> Name? {
        guard json.object != nil else { return nil }
        let parts = ["first_name", "last_name"].compactMap { json[$0]?.string }
        var name = Name(formattedName: json["formatted_name"]?.string ?? parts.joined(separator: " "))
        name.prefix = json["prefix"]?.string
        name.firstName = json["first_name"]?.string
        name.middleName = json["middle_name"]?.string
        name.lastName = json["last_name"]?.string
        name.suffix = json["suffix"]?.string
        return name
    }
}
