// SPDX-License-Identifier: Apache-2.0
// Outgoing SIP calls that play audio, over libre: the little of it that Swift sees. libre runs on one thread. All
// functions but csip_loop_wake and csip_error_text are called on it, and all handlers are.
#ifndef CSIP_H
#define CSIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: The thread

typedef struct csip_loop csip_loop;

/// Makes the calling thread the one that libre runs on; called once in a process. `descriptors` is above any file
/// descriptor that calls may use. `woken` follows each csip_loop_wake. Returns 0 or an error number.
int csip_loop_open(csip_loop **loop, int descriptors, void (*woken)(void *context), void *context);

/// Serves sockets and timers for ever; returns only with an error.
int csip_loop_run(void);

/// Has `woken` called on the loop's thread. From any thread.
int csip_loop_wake(csip_loop *loop);

/// An error number of this interface in words, NUL-terminated in `buffer`. From any thread.
const char *csip_error_text(int error, char *buffer, size_t size);

// MARK: One trunk

typedef struct csip_agent csip_agent;

typedef enum { CSIP_UDP, CSIP_TCP, CSIP_TLS } csip_transport;

/// Strings are copied where they are kept; the optional ones are NULL where there is nothing to say.
typedef struct {
    csip_transport transport;
    /// The local address, without a port; optional: the one that leads to the peer.
    const char *address;
    /// 0 for any.
    uint16_t port;
    /// Where requests go first: a name or an address. Datagrams from elsewhere are dropped where it is an address.
    const char *peer;
    uint16_t peer_port;
    /// PEM file of the certificates that are trusted; optional: the system's.
    const char *ca_file;
    /// The name that the peer's certificate has to bear.
    const char *server_name;
    bool verifies;
    /// Digest credentials; optional.
    const char *username;
    const char *password;
    /// The UDP ports of RTP.
    uint16_t media_first;
    uint16_t media_last;
    /// The User-Agent header.
    const char *software;
} csip_agent_settings;

typedef struct {
    /// The answer to a REGISTER, or `error` where none came.
    void (*registered)(void *context, int error, int status, const char *reason);
    /// A SIP message as it is on the wire, before it is sent or after it came.
    void (*traced)(void *context, bool sent, const uint8_t *bytes, size_t count);
    /// csip_agent_close is through; the agent is gone.
    void (*closed)(void *context);
} csip_agent_handlers;

/// Binds its socket. `context` is handed to the handlers until `closed` was called.
int csip_agent_open(
    csip_agent **agent, const csip_agent_settings *settings, const csip_agent_handlers *handlers, void *context);

/// Registers and keeps registered. `route` is optional, `expires` in seconds.
int csip_agent_register(
    csip_agent *agent, const char *registrar, const char *address_of_record, const char *user, const char *route,
    uint32_t expires);

/// Unregisters and lets running transactions end, for two seconds at most. Calls are to be closed before.
void csip_agent_close(csip_agent *agent);

// MARK: One call

typedef struct csip_call csip_call;

typedef struct {
    /// Answered, and the two sides have a codec in common.
    void (*answered)(void *context);
    /// All that was to be played has been sent.
    void (*played)(void *context);
    /// The alarm went off.
    void (*alarmed)(void *context);
    /// The call is over and not by csip_call_close: `status` is the final answer's, 0 where there was none or the
    /// other side hung up; `error` is 0 or an error number. csip_call_close is still to be called.
    void (*ended)(void *context, int error, int status, const char *reason);
} csip_call_handlers;

/// Strings as they go on the wire: URIs without angle brackets, whole headers with CRLF behind each.
typedef struct {
    const char *target;
    const char *from;
    /// Optional.
    const char *display;
    /// The user part of Contact.
    const char *user;
    /// Optional.
    const char *route;
    const char *headers;
    /// RTP payload types in the order of preference: 0 for PCMU, 8 for PCMA; negative entries say nothing.
    int codecs[2];
} csip_call_settings;

/// Sends the INVITE, at once or when the connection is there.
int csip_call_open(
    csip_call **call, csip_agent *agent, const csip_call_settings *settings, const csip_call_handlers *handlers,
    void *context);

/// The Call-ID; valid until the call is closed.
const char *csip_call_id(const csip_call *call);

/// Has `alarmed` called after that many milliseconds; replaces the alarm before.
void csip_call_alarm(csip_call *call, uint64_t milliseconds);

/// Plays samples of 8,000 Hz. The call is answered, and this is called once.
int csip_call_play(csip_call *call, const int16_t *samples, size_t count);

/// How many samples have been sent.
size_t csip_call_position(const csip_call *call);

/// Cancels or hangs up whatever is left of the call, and frees it. No handler is called any more.
void csip_call_close(csip_call *call);

#endif
