// SPDX-License-Identifier: Apache-2.0
// One call: an INVITE with an offer of G.711, then RTP packets of 20 ms by the clock, then BYE.

#include "csip_internal.h"

#include <errno.h>
#include <rem/rem_g711.h>
#include <string.h>

enum {
    PCMU = 0,
    PCMA = 8,
    FRAME_SAMPLES = 160,
    FRAME_MS = 20,
    /// After a stall at most this many packets are sent at once; the rest of the delay stays.
    BURST = 5,
};

struct csip_call {
    struct csip_agent *agent;
    struct sipsess *session;
    struct sdp_session *sdp;
    struct sdp_media *media;
    struct rtp_sock *rtp;
    struct tmr pace;
    struct tmr alarm;
    int16_t *samples;
    size_t count;
    size_t position;
    uint64_t due;
    uint32_t timestamp;
    int payload_type;
    csip_call_handlers handlers;
    void *context;
};

static void destructor(void *arg) {
    struct csip_call *call = arg;
    tmr_cancel(&call->pace);
    tmr_cancel(&call->alarm);
    mem_deref(call->session);
    mem_deref(call->media);
    mem_deref(call->sdp);
    mem_deref(call->rtp);
    // It speaks a code.
    if (call->samples) memset(call->samples, 0, call->count * sizeof(*call->samples));
    mem_deref(call->samples);
}

// MARK: Media

/// What comes back from the person called is not listened to.
static void rtp_handler(const struct sa *source, const struct rtp_header *header, struct mbuf *mb, void *arg) {
    (void)source;
    (void)header;
    (void)mb;
    (void)arg;
}

static int open_media(struct csip_call *call, const int *codecs) {
    int err = rtp_listen(
        &call->rtp, IPPROTO_UDP, &call->agent->local, call->agent->media_first, call->agent->media_last, false,
        rtp_handler, NULL, call);
    if (!err) err = sdp_session_alloc(&call->sdp, &call->agent->local);
    if (!err) {
        err = sdp_media_add(
            &call->media, call->sdp, sdp_media_audio, sa_port(rtp_local(call->rtp)), sdp_proto_rtpavp);
    }
    if (err) return err;
    mem_ref(call->media);
    for (int i = 0; i < 2 && !err; i++) {
        if (codecs[i] != PCMU && codecs[i] != PCMA) continue;
        err = sdp_format_add(
            NULL, call->media, false, codecs[i] == PCMU ? "0" : "8", codecs[i] == PCMU ? "PCMU" : "PCMA", 8000, 1,
            NULL, NULL, NULL, false, NULL);
    }
    return err ? err : sdp_media_set_lattr(call->media, true, sdp_attr_ptime, "%u", FRAME_MS);
}

/// Takes over what the other side chose.
static int negotiate(struct csip_call *call) {
    const struct sdp_format *format = sdp_media_rformat(call->media, NULL);
    const struct sa *remote = sdp_media_raddr(call->media);
    if (!format || !sa_isset(remote, SA_ALL)) return EPROTONOSUPPORT;
    if (!str_casecmp(format->name, "PCMU")) {
        call->payload_type = PCMU;
    } else if (!str_casecmp(format->name, "PCMA")) {
        call->payload_type = PCMA;
    } else {
        return EPROTONOSUPPORT;
    }
    // Nobody else is to fill the socket's buffer; where it cannot be done nothing is lost.
    (void)udp_connect(rtp_sock(call->rtp), remote);
    return 0;
}

static int send_frame(struct csip_call *call) {
    const int16_t *samples = call->samples + call->position;
    size_t left = call->count - call->position;
    size_t count = left < FRAME_SAMPLES ? left : FRAME_SAMPLES;
    struct mbuf *mb = mbuf_alloc(RTP_HEADER_SIZE + FRAME_SAMPLES);
    int err = 0;
    if (!mb) return ENOMEM;
    mb->pos = mb->end = RTP_HEADER_SIZE;
    for (size_t i = 0; i < FRAME_SAMPLES && !err; i++) {
        int16_t sample = i < count ? samples[i] : 0;
        // librem negates without widening.
        if (sample == INT16_MIN) sample = INT16_MIN + 1;
        err = mbuf_write_u8(mb, call->payload_type == PCMU ? g711_pcm2ulaw(sample) : g711_pcm2alaw(sample));
    }
    mb->pos = RTP_HEADER_SIZE;
    if (!err) {
        // A packet that cannot be sent is a lost packet.
        (void)rtp_send(
            call->rtp, sdp_media_raddr(call->media), false, call->position == 0, (uint8_t)call->payload_type,
            call->timestamp, mb);
    }
    mem_deref(mb);
    call->position += count;
    call->timestamp += FRAME_SAMPLES;
    return err;
}

static void pace_handler(void *arg) {
    struct csip_call *call = arg;
    uint64_t now = tmr_jiffies();
    int sent = 0;
    while (call->position < call->count && call->due <= now && sent < BURST) {
        if (send_frame(call)) break;
        call->due += FRAME_MS;
        sent++;
    }
    if (call->position >= call->count) {
        call->handlers.played(call->context);
        return;
    }
    if (call->due <= now) call->due = now + 1;
    tmr_start(&call->pace, call->due - now, pace_handler, call);
}

int csip_call_play(csip_call *call, const int16_t *samples, size_t count) {
    if (call->samples || !count) return EALREADY;
    call->samples = mem_alloc(count * sizeof(*samples), NULL);
    if (!call->samples) return ENOMEM;
    memcpy(call->samples, samples, count * sizeof(*samples));
    call->count = count;
    call->timestamp = rand_u32();
    call->due = tmr_jiffies();
    tmr_start(&call->pace, 0, pace_handler, call);
    return 0;
}

size_t csip_call_position(const csip_call *call) {
    return call->position;
}

// MARK: Signalling

/// A new offer within the call: the other side moves its media.
static int offer_handler(struct mbuf **description, const struct sip_msg *message, void *arg) {
    struct csip_call *call = arg;
    int err = 0;
    if (mbuf_get_left(message->mb)) {
        err = sdp_decode(call->sdp, message->mb, true);
        if (!err) err = negotiate(call);
    }
    return err ? err : sdp_encode(description, call->sdp, !mbuf_get_left(message->mb));
}

static int answer_handler(const struct sip_msg *message, void *arg) {
    struct csip_call *call = arg;
    int err = sdp_decode(call->sdp, message->mb, false);
    return err ? err : negotiate(call);
}

static void established_handler(const struct sip_msg *message, void *arg) {
    struct csip_call *call = arg;
    (void)message;
    call->handlers.answered(call->context);
}

static void close_handler(int err, const struct sip_msg *message, void *arg) {
    struct csip_call *call = arg;
    char reason[128] = "";
    int status = message && !message->req ? message->scode : 0;
    tmr_cancel(&call->pace);
    tmr_cancel(&call->alarm);
    if (status) (void)pl_strcpy(&message->reason, reason, sizeof(reason));
    call->handlers.ended(call->context, err, status, reason);
}

static int invite(struct csip_call *call, const csip_call_settings *settings) {
    const char *routes[] = {settings->route};
    struct mbuf *offer = NULL;
    int err = sdp_encode(&offer, call->sdp, true);
    if (err) return err;
    err = sipsess_connect(
        &call->session, call->agent->sessions, settings->target, settings->display, settings->from, settings->user,
        routes, settings->route ? 1 : 0, "application/sdp", offer, csip_authenticate, call->agent, false,
        offer_handler, answer_handler, NULL, established_handler, NULL, NULL, close_handler, call, "%s",
        settings->headers);
    mem_deref(offer);
    return err;
}

int csip_call_open(
    csip_call **result, csip_agent *agent, const csip_call_settings *settings, const csip_call_handlers *handlers,
    void *context) {
    struct csip_call *call = mem_zalloc(sizeof(*call), destructor);
    int err;
    if (!call) return ENOMEM;
    call->agent = agent;
    call->handlers = *handlers;
    call->context = context;
    tmr_init(&call->pace);
    tmr_init(&call->alarm);
    err = open_media(call, settings->codecs);
    if (!err) err = invite(call, settings);
    if (err) {
        mem_deref(call);
    } else {
        *result = call;
    }
    return err;
}

const char *csip_call_id(const csip_call *call) {
    return sip_dialog_callid(sipsess_dialog(call->session));
}

static void alarm_handler(void *arg) {
    struct csip_call *call = arg;
    call->handlers.alarmed(call->context);
}

void csip_call_alarm(csip_call *call, uint64_t milliseconds) {
    tmr_start(&call->alarm, milliseconds, alarm_handler, call);
}

void csip_call_close(csip_call *call) {
    mem_deref(call);
}
