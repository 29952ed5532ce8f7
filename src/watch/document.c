// SPDX-License-Identifier: Apache-2.0
// What a subscriber is told: dialog-info (RFC 4235 section 4), PIDF (RFC 3863 section 4), a message
// summary (RFC 3842 section 5). Always the whole state.
#include "watch/watch_int.h"

const struct watch_package_info watch_packages[PACKAGE_COUNT] = {
    [PACKAGE_DIALOG] = {"dialog", "application/dialog-info+xml"},
    [PACKAGE_PRESENCE] = {"presence", "application/pidf+xml"},
    [PACKAGE_SUMMARY] = {"message-summary", "application/simple-message-summary"},
};

// Text as XML has it; what no document may have is left out.
static void put_xml(struct buffer *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        switch (byte) {
        case '<': buffer_put(out, SPAN("&lt;")); break;
        case '>': buffer_put(out, SPAN("&gt;")); break;
        case '&': buffer_put(out, SPAN("&amp;")); break;
        case '"': buffer_put(out, SPAN("&quot;")); break;
        default:
            if (byte >= 0x20 && byte != 0x7f) buffer_put_byte(out, (char)byte);
        }
    }
}

// The address of record of a user at the group's domain.
static void put_address(struct buffer *out, const struct line_group *group, struct span user)
{
    char bytes[3 * TEXT_SIZE];
    struct buffer escaped = buffer_over(bytes, sizeof bytes);
    sip_put_escaped_user(&escaped, user);
    buffer_put_text(out, "sip:");
    put_xml(out, buffer_span(&escaped));
    buffer_put_byte(out, '@');
    put_xml(out, span_of(group->snapshot->settings.domain));
}

// ---- The calls of a line

static const char *const state_names[] = {
    [WATCH_TRYING] = "trying", [WATCH_EARLY] = "early", [WATCH_CONFIRMED] = "confirmed"};

static void put_remote(struct buffer *out, const struct line_group *group,
                       const struct watched_call *call)
{
    struct span display = texts_get(&call->texts, call->display);
    buffer_put_text(out, "<remote><identity");
    if (display.len > 0) {
        buffer_put_text(out, " display=\"");
        put_xml(out, display);
        buffer_put_byte(out, '"');
    }
    buffer_put_byte(out, '>');
    struct span remote = texts_get(&call->texts, call->remote);
    put_address(out, group, remote.len > 0 ? remote : SPAN("anonymous"));
    buffer_put_text(out, "</identity></remote>");
}

static void put_calls(struct buffer *out, const struct watch_table *table,
                      const struct subscription *of, const struct line_group *group)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(of->line_id));
    const struct watched_call *call;
    unsigned count = 0;
    while (count < SHOWN_CALLS_MAX &&
           (call = watch_next_call(table, of->line_id, &search)) != NULL) {
        buffer_printf(out, "<dialog id=\"c%u-%u\" direction=\"%s\"><state>%s</state>",
                      call->call.index, call->call.generation,
                      call->is_outgoing ? "initiator" : "recipient", state_names[call->state]);
        if (of->is_own) put_remote(out, group, call); // nobody else is told whom the line talks to
        buffer_put_text(out, "</dialog>\r\n");
        count++;
    }
    // Telephones look for a dialog that is over, rather than for none.
    if (count == 0) {
        buffer_put_text(out, "<dialog id=\"none\"><state>terminated</state></dialog>\r\n");
    }
}

// ---- Whether somebody is there

static void put_presence(struct buffer *out, const struct watch_table *table,
                         const struct subscription *of, const struct snapshot_line *line)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(of->line_id));
    struct client_presence presence = client_presence_of(
        (enum model_login)line->login, client_live_count(table->neighbours.clients, line->user_id));
    bool is_open = line->is_enabled && line->has_user && presence.is_logged_in && !line->is_dnd;
    struct span word = snapshot_text(line, line->presence);
    bool is_talking = watch_next_call(table, of->line_id, &search) != NULL;
    buffer_printf(out, "<tuple id=\"line\"><status><basic>%s</basic></status></tuple>\r\n",
                  is_open ? "open" : "closed");
    if (line->is_dnd) buffer_put_text(out, "<note>do-not-disturb</note>\r\n");
    if (word.len > 0) {
        buffer_put_text(out, "<note>");
        put_xml(out, word);
        buffer_put_text(out, "</note>\r\n");
    }
    if (is_talking) buffer_put_text(out, "<note>on the phone</note>\r\n");
}

// ---- Whether messages wait

static void put_summary(struct buffer *out, const struct watch_table *table,
                        const struct subscription *of)
{
    const struct summary *summary = watch_summary_of(table, of->line_id);
    buffer_put_text(out, summary ? summary->text : "Messages-Waiting: no\r\n");
}

// ---- The whole

bool watch_put_document(struct buffer *out, const struct watch_table *table,
                        const struct subscription *of)
{
    const struct line_group *group;
    const struct snapshot_line *line = line_find_numbered(table->neighbours.lines, of->line_id,
                                                          &group);
    if (!line) return false;
    switch ((enum watch_package)of->package) {
    case PACKAGE_DIALOG: put_calls(out, table, of, group); break;
    case PACKAGE_PRESENCE: put_presence(out, table, of, line); break;
    case PACKAGE_SUMMARY: put_summary(out, table, of); break;
    case PACKAGE_COUNT: ASSERT(false);
    }
    return true;
}

static void put_entity(struct buffer *out, const struct watch_table *table,
                       const struct subscription *of)
{
    const struct line_group *group;
    const struct snapshot_line *line = line_find_numbered(table->neighbours.lines, of->line_id,
                                                          &group);
    if (line) put_address(out, group, snapshot_text(line, line->extension));
}

void watch_put_whole(struct buffer *out, const struct watch_table *table,
                     const struct subscription *of, struct span document)
{
    switch ((enum watch_package)of->package) {
    case PACKAGE_DIALOG:
        buffer_printf(out,
                      "<?xml version=\"1.0\"?>\r\n<dialog-info "
                      "xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"%u\" state=\"full\" "
                      "entity=\"",
                      of->version);
        put_entity(out, table, of);
        buffer_put_text(out, "\">\r\n");
        buffer_put(out, document);
        buffer_put_text(out, "</dialog-info>\r\n");
        break;
    case PACKAGE_PRESENCE:
        buffer_put_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
                             "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"");
        put_entity(out, table, of);
        buffer_put_text(out, "\">\r\n");
        buffer_put(out, document);
        buffer_put_text(out, "</presence>\r\n");
        break;
    case PACKAGE_SUMMARY:
    case PACKAGE_COUNT: buffer_put(out, document); break;
    }
}
