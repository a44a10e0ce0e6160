// SPDX-License-Identifier: Apache-2.0
// The wire forms that the Viber simulator and the Viber connectors agree on. Nothing is declared here.
//
// ## Viber Business Messages (service messages, API v11)
//
// `POST {base}/vibersrvc/1/send_message`, JSON. Viber itself knows its partners by their IP addresses; where a token is
// agreed it goes in `X-Viber-Auth-Token`, and callbacks are then signed with it as the bot API's are (below).
//
//     {"service_id": 10001, "dest": "4915212345678", "seq": 7, "type": 208, "label": "promotion", "ttl": 1209600,
//      "message": {"#txt": "Sale", "#img": "https://…/a.png", "#caption": "Open", "#action": "https://…",
//                  "#tracking_data": "…"}}
//
// `seq` is an integer that comes back in the answer. `ttl` (30 to 1 209 600 s) and `tag` are optional. `label` is
// `transaction`, `promotion` or `session`. `#tracking_data` is mandatory (it may be empty) for every type below.
// The type says what is in it:
//
//     what                     transaction  promotion  session   members of `message` beside #tracking_data
//     text                     206          225        306       #txt (at most 1000 characters)
//     image                                 207        307       #img
//     text, image, button                   208        308       #txt #img #caption #action
//     text, button                          209        309       #txt #caption #action
//     file                     220          220        221       #action (URL) #fileName (at most 25 characters);
//                                                                at the top level "file_type": "pdf"
//     video                                 230        230       #action (the video's URL) #thumbnail; at the top level
//                                                                "file_size" (MB, at most 200) "duration" (s, ≤ 600)
//     video, text                           231        231       and #txt
//     video, text, button                   233        233       #media (the video's URL) #thumbnail #txt #caption
//                                                                #action (the button's URL)
//
// `#caption` has at most 30 characters; empty `#caption` and `#action` hide the button. The answer is always HTTP 200:
//
//     {"seq": 7, "status": 0, "message_token": "5379697806260881548"}      session types also: "session_id": "…"
//     {"seq": 7, "status": 9}
//
// A message token is a string of digits. Status codes: 1 internal failure (try again), 2 bad service id, 3 bad data,
// 4 blocked message type, 5 bad message type, 6 bad parameters, 7 timeout (try again), 8 user blocked, 9 not a Viber
// user, 10 no suitable device, 11 and 401 not authorised, 12 already sent, 13 not permitted, 14 billing failure,
// 17 no more messages (try again), 18 bad label, 20 bad TTL, 21 wait for the user's response (more than 10 in a
// session), 27 bad phone number, 28 file not permitted, 29 bad file name length, 30 bad thumbnail, 31 bad file size,
// 32 bad duration, 43 service blocked. HTTP 429 and 5xx mean: try again.
//
// Callbacks are POSTed to the service's URL and repeated until they are answered 200. A status:
//
//     {"message_token": "5379697806260881548", "message_status": 0, "message_time": 1763697600000,
//      "phone_number": "4915212345678", "service_id": 10001}
//
// `message_status`: 0 delivered, 1 seen, 2 expired, 3 failed, which adds "reason": one of the status codes above. A
// message of a customer (two-way services):
//
//     {"message_token": "5379697806260881549", "time": 1763697600000, "phone_number": "4915212345678",
//      "service_id": 10001, "message": {"type": "text", "text": "Hello", "tracking_data": "…"}}
//
// `message` by `type` (text when absent), media by URL; `tracking_data` is that of the message answered:
//
//     text      text                                    contact   contact {"name", "phone_number"}
//     picture   media, text?, thumbnail?, file_name?    location  location {"lat", "lon"}
//     video     media, text?, thumbnail?, size?, duration?, file_name?    sticker   sticker_id (integer)
//     file      media, file_name, size                  button    text (the caption), payload (what was chosen)
//
// ## Viber bot (chatapi.viber.com)
//
// `POST {base}/pa/send_message`, `/pa/set_webhook`, `/pa/get_account_info`, `/pa/get_user_details`, `/pa/get_online`,
// each with `X-Viber-Auth-Token`, as in Viber's REST bot API. Answers are HTTP 200 with `status`, `status_message` and,
// for a message, `message_token` (a JSON integer). Codes: 0 ok, 1 invalidUrl, 2 invalidAuthToken, 3 badData,
// 4 missingData, 5 receiverNotRegistered, 6 receiverNotSubscribed, 7 publicAccountBlocked, 10 webhookNotSet,
// 11 receiverNoSuitableDevice, 12 tooManyRequests (try again), 13 apiVersionNotSupported, others general errors.
//
// Callbacks carry `X-Viber-Content-Signature`: HMAC-SHA256 of the raw body with the token, in lower-case hexadecimal.
// `event` is webhook, delivered, seen, failed (`desc`), message, subscribed, unsubscribed or conversation_started. A
// keyboard's button (ActionType reply) comes back as a text message whose text is its ActionBody.
