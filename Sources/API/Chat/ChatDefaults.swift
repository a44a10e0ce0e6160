// SPDX-License-Identifier: Apache-2.0
// The content that a request gives for all its channels, and how each channel's own goes over it: member by member, in
// objects within objects too.

internal import Wire

enum ChatDefaults {
    /// The channels that a request names, in their order and each once; unknown ones are left out.
    static func channels(in request: JSONValue) -> [ChatChannel] {
        var channels: [ChatChannel] = []
        for element in request["channels"]?.array ?? [] {
            guard let channel = element.string.flatMap(ChatChannel.init(rawValue:)), !channels.contains(channel) else {
                continue
            }
            channels.append(channel)
        }
        return channels
    }

    /// The request with `defaultContent` under the content of each of the channels.
    static func merged(_ request: JSONValue, into channels: [ChatChannel]) -> JSONValue {
        guard case .object(var members) = request, let usual = members["defaultContent"], usual.object != nil else {
            return request
        }
        for channel in channels { members[channel.rawValue] = layer(members[channel.rawValue], over: usual) }
        return .object(members)
    }

    /// What `own` says, and where it says nothing what `usual` says. Only objects are mixed.
    static func layer(_ own: JSONValue?, over usual: JSONValue) -> JSONValue {
        guard let own, own != .null else { return usual }
        guard case .object(let members) = own, case .object(let base) = usual else { return own }
        return .object(members.reduce(into: base) { $0[$1.key] = layer($1.value, over: $0[$1.key] ?? .null) })
    }
}
