// SPDX-License-Identifier: Apache-2.0
// What passes from one leg to the other: the session description with its headers, untouched, and
// the headers that the two user agents have for each other. What names a dialog (Replaces, in
// Refer-To too: RFC 3891, 3515) is told in the words of the dialog on the other side; whom a device
// transfers to is told as the PBX dials it.
#include "call/bridge_int.h"

enum { SPARE_BYTES = 4096 }; // more than our own headers of a message take

enum passes { PASSES_BOTH, PASSES_TO_DEVICE, PASSES_TO_PBX };

struct passed_header {
    const char *name;
    const char *short_name; // or NULL
    enum passes passes;
};

static const struct passed_header passed_headers[] = {
    {"Content-Type", "c", PASSES_BOTH},
    {"Content-Disposition", NULL, PASSES_BOTH},
    {"Content-Language", NULL, PASSES_BOTH},
    {"Content-Encoding", "e", PASSES_BOTH},
    {"MIME-Version", NULL, PASSES_BOTH},
    {"Allow", NULL, PASSES_BOTH},
    {"Allow-Events", "u", PASSES_BOTH},
    {"Accept", NULL, PASSES_BOTH},
    {"Accept-Language", NULL, PASSES_BOTH},
    {"RSeq", NULL, PASSES_BOTH},
    {"Reason", NULL, PASSES_BOTH},
    {"Warning", NULL, PASSES_BOTH},
    {"Event", "o", PASSES_BOTH},
    {"Subscription-State", NULL, PASSES_BOTH},
    {"Refer-Sub", NULL, PASSES_BOTH},
    {"Referred-By", "b", PASSES_TO_DEVICE},
    {"Info-Package", NULL, PASSES_BOTH},
    {"Recv-Info", NULL, PASSES_BOTH},
    {"Subject", "s", PASSES_BOTH},
    {"Priority", NULL, PASSES_BOTH},
    {"Date", NULL, PASSES_BOTH},
    {"Expires", NULL, PASSES_BOTH},
    {"P-Early-Media", NULL, PASSES_BOTH},
    {"Alert-Info", NULL, PASSES_TO_DEVICE},
    {"Call-Info", NULL, PASSES_TO_DEVICE},
    {"Privacy", NULL, PASSES_TO_DEVICE},
    {"P-Asserted-Identity", NULL, PASSES_TO_DEVICE},
    {"Diversion", NULL, PASSES_TO_DEVICE},
    {"History-Info", NULL, PASSES_TO_DEVICE},
};

bool call_open_message(struct turn *turn, const struct sip_message *message, struct buffer *out)
{
    size_t size = SPARE_BYTES + (message ? message->bytes.len : 0);
    char *bytes = arena_take(turn->arena, size);
    if (bytes) *out = buffer_over(bytes, size);
    return bytes != NULL;
}

// ---- Extensions: those that work from end to end through us

static bool is_known_extension(struct span tag)
{
    return span_eq_nocase(tag, SPAN("100rel")) || span_eq_nocase(tag, SPAN("replaces")) ||
           span_eq_nocase(tag, SPAN("norefersub")) || span_eq_nocase(tag, SPAN("precondition"));
}

static void put_extensions(struct buffer *out, const struct sip_message *message,
                           enum sip_header_id id)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    bool is_first = true;
    while (sip_next_value(message, id, &place, &value)) {
        if (!is_known_extension(value)) continue;
        buffer_put_text(out, is_first ? sip_header_text(id) : ", ");
        if (is_first) buffer_put(out, SPAN(": "));
        buffer_put(out, value);
        is_first = false;
    }
    if (!is_first) buffer_put(out, SPAN("\r\n"));
}

// ---- Names of dialogs

// Prints a text as the value of a header within a URI (RFC 3261 section 25.1, hvalue).
static void put_uri_value(struct buffer *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];
        if (ascii_is_alnum(byte) || byte == '-' || byte == '_' || byte == '.' || byte == '~') {
            buffer_put_byte(out, byte);
        } else {
            buffer_printf(out, "%%%02X", (unsigned char)byte);
        }
    }
}

// "call-id;to-tag=...;from-tag=...".
bool call_read_dialog_name(struct span value, struct dialog_name *name)
{
    struct span ignored;
    name->call_id = span_trim(span_split(&value, ';'));
    name->is_early_only = sip_find_param(value, SPAN("early-only"), &ignored);
    return sip_find_param(value, SPAN("to-tag"), &name->to_tag) &&
           sip_find_param(value, SPAN("from-tag"), &name->from_tag);
}

// The name of the same call's dialog on the other side, where it is one of ours with the side that
// the message comes from: a device's with a device, the PBX's with the PBX. Another one - two other
// parties' that a device was told of - stays as it is.
static void translate_dialog_name(const struct passing *passing, struct dialog_name *name)
{
    const struct call_table *table = passing->table;
    bool is_from_device = passing->to->device_id == 0, is_from_caller;
    struct pool_id id;
    const struct leg *leg = call_leg_find_tag(table, name->to_tag, name->call_id, &id,
                                              &is_from_caller);
    if (!leg) return;
    const struct call *call = pool_find(&table->calls, leg->call);
    const struct leg *caller = call_bridge_caller(table, call_bridge_of(table, call));
    const struct leg *named = is_from_caller ? caller : leg;
    if ((named->device_id != 0) != is_from_device) return;
    const struct dialog *other = is_from_caller ? &leg->dialog : &caller->dialog;
    name->from_tag = is_from_caller ? call_dialog_tag(other)
                                    : (struct span){leg->caller_tag, TXN_TAG_BYTES};
    name->call_id = call_dialog_text(other, other->call_id);
    name->to_tag = call_dialog_text(other, other->remote_tag);
}

static void put_replaces(struct buffer *out, const struct passing *passing)
{
    struct span value = sip_named_header_value(passing->message, SPAN("Replaces"));
    struct dialog_name name;
    if (value.len == 0 || !call_read_dialog_name(value, &name)) return;
    translate_dialog_name(passing, &name);
    buffer_printf(out, "Replaces: %.*s;to-tag=%.*s;from-tag=%.*s%s\r\n", SPAN_ARG(name.call_id),
                  SPAN_ARG(name.to_tag), SPAN_ARG(name.from_tag),
                  name.is_early_only ? ";early-only" : "");
}

// ---- Refer-To

// Prints the Replaces that a Refer-To's URI carries, if it does.
static void put_refer_replaces(struct buffer *out, const struct passing *passing,
                               struct span headers)
{
    char bytes[512];
    struct dialog_name name;
    while (headers.len > 0) {
        struct span value = span_split(&headers, '&'), key = span_split(&value, '=');
        struct buffer plain = buffer_over(bytes, sizeof bytes);
        if (!span_eq_nocase(key, SPAN("Replaces"))) continue;
        sip_put_unescaped(&plain, value);
        if (plain.is_full || !call_read_dialog_name(buffer_span(&plain), &name)) return;
        translate_dialog_name(passing, &name);
        buffer_put_text(out, "?Replaces=");
        put_uri_value(out, name.call_id);
        buffer_put_text(out, "%3Bto-tag%3D");
        put_uri_value(out, name.to_tag);
        buffer_put_text(out, "%3Bfrom-tag%3D");
        put_uri_value(out, name.from_tag);
        return;
    }
}

void call_put_pbx_user(struct buffer *out, const struct line_group *group, struct span uri_text)
{
    struct phone_number number = phone_read(&group->numbering, uri_text, true);
    struct sip_uri uri;
    if (number.kind != PHONE_INVALID) {
        phone_put_target_dialled(out, &group->numbering, span_of(number.text));
    } else if (sip_parse_uri(uri_text, &uri) == SIP_OK) {
        buffer_put(out, uri.user);
    }
}

static void put_refer_to(struct buffer *out, const struct passing *passing)
{
    struct span value = sip_named_header_value(passing->message, SPAN("Refer-To"));
    struct sip_address address;
    bool is_to_pbx = passing->to->device_id == 0 && passing->group;
    if (value.len == 0 || sip_parse_address(value, &address) != SIP_OK) return;
    buffer_put_text(out, "Refer-To: <");
    if (is_to_pbx) {
        buffer_put_text(out, "sip:");
        call_put_pbx_user(out, passing->group, address.uri_text);
        buffer_printf(out, "@%s", passing->group->snapshot->settings.domain);
    } else {
        buffer_put(out, span_slice(address.uri_text, 0, span_find(address.uri_text, '?')));
    }
    put_refer_replaces(out, passing, address.uri.headers);
    buffer_put_text(out, ">\r\n");
}

// Who refers is the line, for the PBX knows no device (RFC 3892).
static void put_referred_by(struct buffer *out, const struct passing *passing)
{
    const struct dialog *dialog = &passing->to->dialog;
    bool is_said = sip_named_header_value(passing->message, SPAN("Referred-By")).len > 0 ||
                   sip_named_header_value(passing->message, SPAN("b")).len > 0;
    if (!is_said || passing->to->device_id != 0) return;
    sip_put_header(out, "Referred-By", call_dialog_text(dialog, dialog->local));
}

// ---- All

// RAck: RSeq and method stay, the number is that of the INVITE on the other side (RFC 3262 section
// 7.2).
static void put_rack(struct buffer *out, const struct passing *passing)
{
    struct span rest = sip_named_header_value(passing->message, SPAN("RAck"));
    struct span rseq = span_split(&rest, ' '), cseq = span_split(&rest, ' ');
    if (rest.len == 0 || cseq.len == 0) return;
    buffer_printf(out, "RAck: %.*s %u %.*s\r\n", SPAN_ARG(rseq), passing->rack_cseq,
                  SPAN_ARG(rest));
}

static bool is_passed(const struct sip_header *header, bool is_to_device)
{
    for (size_t i = 0; i < sizeof passed_headers / sizeof passed_headers[0]; i++) {
        const struct passed_header *known = &passed_headers[i];
        bool is_it = span_eq_nocase(header->name, span_of(known->name)) ||
                     (known->short_name &&
                      span_eq_nocase(header->name, span_of(known->short_name)));
        if (is_it) return known->passes != (is_to_device ? PASSES_TO_PBX : PASSES_TO_DEVICE);
    }
    return false;
}

void call_put_passed(struct buffer *out, const struct passing *passing)
{
    const struct sip_message *message = passing->message;
    for (size_t i = 0; i < message->header_count; i++) {
        const struct sip_header *header = &message->headers[i];
        if (!is_passed(header, passing->to->device_id != 0)) continue;
        if (header->id == SIP_EVENT && passing->refer_cseq != 0) {
            buffer_printf(out, "Event: refer;id=%u\r\n", passing->refer_cseq);
            continue;
        }
        buffer_put(out, header->name);
        buffer_put(out, SPAN(": "));
        call_put_unfolded(out, header->value);
        buffer_put(out, SPAN("\r\n"));
    }
    put_extensions(out, message, SIP_SUPPORTED);
    put_extensions(out, message, SIP_REQUIRE);
    if (!message->is_request) return;
    bool is_invite = message->method == SIP_INVITE;
    if (is_invite || message->method == SIP_UPDATE) {
        call_session_put_request(out, &passing->to->session, is_invite);
    }
    if (passing->table) put_replaces(out, passing);
    if (message->method == SIP_REFER) put_refer_to(out, passing);
    put_referred_by(out, passing);
    if (message->method == SIP_PRACK) put_rack(out, passing);
}

struct span call_copy_reason(struct turn *turn, const struct sip_message *message)
{
    struct buffer out;
    const struct sip_header *header = NULL;
    if (!call_open_message(turn, message, &out)) return SPAN_NONE;
    while ((header = sip_next_header(message, SIP_REASON, header)) != NULL) {
        sip_put_header(&out, "Reason", header->value);
    }
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}
