// SPDX-License-Identifier: Apache-2.0
// One trunk: its SIP stack, which is bound to one address, its registration, and what it does with requests that are
// nobody's: it takes no calls.

#include "csip_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HASH_SIZE = 64,
    NAME_SERVERS = 8,
    /// How long running transactions may take at the end, and how often it is looked whether they are over, in ms.
    CLOSE_LIMIT = 2000,
    CLOSE_POLL = 20,
    /// Seconds until a failed registration is tried again.
    REGISTRATION_RETRY = 10,
    HIGHEST_DESCRIPTOR = 65536,
};

int csip_authenticate(char **username, char **password, const char *realm, void *arg) {
    const struct csip_agent *agent = arg;
    int err;
    (void)realm;
    if (!agent->username || !agent->password) return EAUTH;
    err = str_dup(username, agent->username);
    return err ? err : str_dup(password, agent->password);
}

static void trace_handler(
    bool sent, enum sip_transp transport, const struct sa *from, const struct sa *to, const uint8_t *bytes,
    size_t count, void *arg) {
    struct csip_agent *agent = arg;
    (void)transport;
    (void)from;
    (void)to;
    agent->handlers.traced(agent->context, sent, bytes, count);
}

static void call_handler(const struct sip_msg *message, void *arg) {
    struct csip_agent *agent = arg;
    (void)sip_treply(NULL, agent->sip, message, 480, "Temporarily Unavailable");
}

/// Trunks ask with OPTIONS whether we are alive.
static bool request_handler(const struct sip_msg *message, void *arg) {
    struct csip_agent *agent = arg;
    if (!pl_strcmp(&message->met, "ACK")) return true;
    if (!pl_strcmp(&message->met, "OPTIONS")) {
        (void)sip_treplyf(
            NULL, NULL, agent->sip, message, false, 200, "OK",
            "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\nContent-Length: 0\r\n\r\n");
    } else if (!pl_strcmp(&message->met, "CANCEL")) {
        (void)sip_reply(agent->sip, message, 481, "Transaction Does Not Exist");
    } else {
        (void)sip_reply(agent->sip, message, 405, "Method Not Allowed");
    }
    return true;
}

/// Takes responses to nothing, which libre would write to standard error.
static bool response_handler(const struct sip_msg *message, void *arg) {
    (void)message;
    (void)arg;
    return true;
}

/// The local address that packets to `peer` have.
static int source_address(struct sa *source, const struct sa *peer) {
    struct sa there = *peer;
    struct sockaddr_storage here;
    socklen_t length = sizeof(here);
    int err = 0;
    int descriptor = socket(sa_af(peer), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return errno;
    if (!sa_port(&there)) sa_set_port(&there, SIP_PORT);
    if (connect(descriptor, &there.u.sa, there.len) || getsockname(descriptor, (struct sockaddr *)&here, &length)) {
        err = errno;
    } else {
        err = sa_set_sa(source, (struct sockaddr *)&here);
    }
    (void)close(descriptor);
    if (!err) sa_set_port(source, 0);
    return err;
}

static int find_address(struct csip_agent *agent, const csip_agent_settings *settings, const struct sa *peer) {
    if (settings->address) return sa_set_str(&agent->local, settings->address, 0);
    if (peer) return source_address(&agent->local, peer);
    return net_default_source_addr_get(AF_INET, &agent->local);
}

static int open_dns(struct csip_agent *agent) {
    struct sa servers[NAME_SERVERS];
    uint32_t count = NAME_SERVERS;
    // Without a resolver trunks can still be reached by address.
    if (dns_srv_get(NULL, 0, servers, &count)) count = 0;
    return dnsc_alloc(&agent->dns, NULL, servers, count);
}

/// libre keeps the socket to itself; it is the one that is bound to its address and port.
static int descriptor_at(const struct sa *local) {
    struct sa bound;
    for (int descriptor = 0; descriptor < HIGHEST_DESCRIPTOR; descriptor++) {
        struct sockaddr_storage name;
        socklen_t length = sizeof(name);
        int type = 0;
        socklen_t size = sizeof(type);
        if (getsockname(descriptor, (struct sockaddr *)&name, &length)) continue;
        if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) || type != SOCK_DGRAM) continue;
        if (!sa_set_sa(&bound, (struct sockaddr *)&name) && sa_cmp(&bound, local, SA_ALL)) return descriptor;
    }
    return -1;
}

int csip_restrict(struct sip *sip, const struct sa *local, const struct sa *peer) {
    struct sa bound;
    int descriptor;
    int err = sip_transp_laddr(sip, &bound, SIP_TRANSP_UDP, local);
    if (err) return err;
    descriptor = descriptor_at(&bound);
    if (descriptor < 0) return ENOENT;
    return connect(descriptor, &peer->u.sa, peer->len) ? errno : 0;
}

static int open_transport(struct csip_agent *agent, const csip_agent_settings *settings, const struct sa *peer) {
    struct sa local = agent->local;
    int err;
    sa_set_port(&local, settings->port);
    switch (settings->transport) {
    case CSIP_UDP:
        err = sip_transp_add(agent->sip, SIP_TRANSP_UDP, &local);
        return err || !peer ? err : csip_restrict(agent->sip, &local, peer);
    case CSIP_TCP: return sip_transp_add(agent->sip, SIP_TRANSP_TCP, &local);
    case CSIP_TLS:
        err = csip_tls_open(&agent->tls, settings);
        return err ? err : sip_transp_add(agent->sip, SIP_TRANSP_TLS, &local, agent->tls);
    }
    return EINVAL;
}

static void destructor(void *arg) {
    struct csip_agent *agent = arg;
    tmr_cancel(&agent->closing);
    mem_deref(agent->registration);
    mem_deref(agent->sessions);
    mem_deref(agent->requests);
    mem_deref(agent->responses);
    if (agent->sip) sip_close(agent->sip, true);
    mem_deref(agent->sip);
    mem_deref(agent->dns);
    mem_deref(agent->tls);
    mem_deref(agent->username);
    mem_deref(agent->password);
}

static int open_stack(struct csip_agent *agent, const csip_agent_settings *settings, const struct sa *peer) {
    int err = find_address(agent, settings, peer);
    if (!err) err = open_dns(agent);
    if (!err) {
        err = sip_alloc(
            &agent->sip, agent->dns, HASH_SIZE, HASH_SIZE, HASH_SIZE, settings->software, NULL, agent);
    }
    if (err) return err;
    sip_set_trace_handler(agent->sip, trace_handler);
    err = open_transport(agent, settings, peer);
    if (!err) err = sipsess_listen(&agent->sessions, agent->sip, HASH_SIZE, call_handler, agent);
    if (!err) err = sip_listen(&agent->requests, agent->sip, true, request_handler, agent);
    if (!err) err = sip_listen(&agent->responses, agent->sip, false, response_handler, agent);
    return err;
}

int csip_agent_open(
    csip_agent **result, const csip_agent_settings *settings, const csip_agent_handlers *handlers, void *context) {
    struct sa peer;
    bool is_address = !sa_set_str(&peer, settings->peer, settings->peer_port);
    struct csip_agent *agent = mem_zalloc(sizeof(*agent), destructor);
    int err = 0;
    if (!agent) return ENOMEM;
    tmr_init(&agent->closing);
    agent->media_first = settings->media_first;
    agent->media_last = settings->media_last;
    agent->handlers = *handlers;
    agent->context = context;
    if (settings->username) err = str_dup(&agent->username, settings->username);
    if (!err && settings->password) err = str_dup(&agent->password, settings->password);
    if (!err) err = open_stack(agent, settings, is_address ? &peer : NULL);
    if (err) {
        mem_deref(agent);
    } else {
        *result = agent;
    }
    return err;
}

static void registration_handler(int err, const struct sip_msg *message, void *arg) {
    struct csip_agent *agent = arg;
    char reason[128] = "";
    if (message) (void)pl_strcpy(&message->reason, reason, sizeof(reason));
    agent->handlers.registered(agent->context, err, message ? message->scode : 0, reason);
}

int csip_agent_register(
    csip_agent *agent, const char *registrar, const char *address_of_record, const char *user, const char *route,
    uint32_t expires) {
    const char *routes[] = {route};
    int err = sipreg_register(
        &agent->registration, agent->sip, registrar, address_of_record, NULL, address_of_record, expires, user,
        routes, route ? 1 : 0, 0, csip_authenticate, agent, false, registration_handler, agent, NULL, NULL);
    return err ? err : sipreg_set_fbregint(agent->registration, REGISTRATION_RETRY);
}

/// Sessions and registrations hold on to the stack until their last transaction is over.
static void close_handler(void *arg) {
    struct csip_agent *agent = arg;
    void (*closed)(void *context) = agent->handlers.closed;
    void *context = agent->context;
    if (mem_nrefs(agent->sip) > 1 && tmr_jiffies() < agent->close_by) {
        tmr_start(&agent->closing, CLOSE_POLL, close_handler, agent);
        return;
    }
    mem_deref(agent);
    closed(context);
}

void csip_agent_close(csip_agent *agent) {
    agent->registration = mem_deref(agent->registration);
    agent->sessions = mem_deref(agent->sessions);
    agent->close_by = tmr_jiffies() + CLOSE_LIMIT;
    tmr_start(&agent->closing, 0, close_handler, agent);
}
