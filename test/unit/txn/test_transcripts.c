// SPDX-License-Identifier: Apache-2.0
// Plays the transcripts test/unit/txn/*.txt: what is done to a table of transactions, and what
// comes of it, in full. See README.md there for the language. `unit_txn_transcripts --print FILE`
// prints a transcript with what really came of it; `unit_txn_transcripts FILE...` plays only those.
#include "unit/txn/world.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NAME_BYTES = 16, TXN_MAX = 16, LOG_MAX = 64, LINE_BYTES = 160 };

struct named_txn {
    char name[NAME_BYTES];
    struct pool_id id;
};

struct play {
    struct world world;
    const char *path;
    uint64_t start_us;
    struct named_txn txns[TXN_MAX];
    size_t txn_count;
    char own_tags[TXN_MAX][32]; // To tags of ours, in the order of their appearance
    size_t own_tag_count;
    char log[LOG_MAX][LINE_BYTES]; // what came of the last command
    size_t log_count;
    char branch[NAME_BYTES]; // of the last message received
};

// ---- What came of it

__attribute__((format(printf, 2, 3))) static void log_line(struct play *play, const char *format,
                                                           ...)
{
    ASSERT(play->log_count < LOG_MAX);
    char *line = play->log[play->log_count++];
    uint64_t ms = (play->world.turn.now_us - play->start_us) / 1000;
    int used = snprintf(line, LINE_BYTES, "%3u.%03u ", (unsigned)(ms / 1000),
                        (unsigned)(ms % 1000));
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line + used, LINE_BYTES - (size_t)used, format, arguments);
    va_end(arguments);
}

static const char *name_of(struct play *play, struct pool_id id)
{
    for (size_t i = play->txn_count; i > 0; i--) {
        if (pool_id_eq(play->txns[i - 1].id, id)) return play->txns[i - 1].name;
    }
    return "?";
}

static struct pool_id find_txn(const struct play *play, const char *name)
{
    for (size_t i = play->txn_count; i > 0; i--) {
        if (strcmp(play->txns[i - 1].name, name) == 0) return play->txns[i - 1].id;
    }
    return POOL_ID_NONE;
}

static void add_txn(struct play *play, const char *name, struct pool_id id)
{
    ASSERT(play->txn_count < TXN_MAX);
    struct named_txn *txn = &play->txns[play->txn_count++];
    ASSERT(text_copy(txn->name, sizeof txn->name, span_of(name)));
    txn->id = id;
}

// A tag of 16 bytes is one of ours: "own1", "own2", ...; others are as the script gave them.
static void put_tag(struct play *play, struct buffer *out, struct span tag)
{
    if (tag.len != 16) {
        buffer_put(out, tag);
        return;
    }
    size_t i = 0;
    while (i < play->own_tag_count && !span_eq(span_of(play->own_tags[i]), tag)) i++;
    if (i == play->own_tag_count) {
        ASSERT(i < TXN_MAX);
        play->own_tag_count++;
        ASSERT(text_copy(play->own_tags[i], sizeof play->own_tags[i], tag));
    }
    buffer_printf(out, "own%zu", i + 1);
}

static void log_send(struct play *play, const struct txn_send *send)
{
    struct sip_message message;
    struct sip_fault fault;
    char text[LINE_BYTES];
    struct buffer out = buffer_over(text, sizeof text - 1);
    ASSERT(sip_parse(send->bytes, &play->world.arena, &message, &fault) == SIP_OK);
    if (message.is_request) {
        buffer_put(&out, message.method_name);
    } else {
        buffer_printf(&out, "%u to %.*s", message.status, SPAN_ARG(message.method_name));
    }
    struct span branch = message.via.branch;
    if (branch.len > 0) buffer_printf(&out, " branch=%.*s", SPAN_ARG(span_from(branch, 7)));
    if (message.to.tag.len > 0) buffer_put_text(&out, " tag=");
    put_tag(play, &out, message.to.tag);
    if (send->flow.peer.port != 5060) buffer_printf(&out, " port=%u", send->flow.peer.port);
    text[out.len] = '\0';
    log_line(play, "send %s", text);
}

static void log_effects(struct play *play)
{
    for (;;) {
        struct effect *effect = turn_next(&play->world.turn);
        if (!effect) return;
        struct txn_event *event = (struct txn_event *)effect;
        switch (effect->kind) {
        case TXN_SEND: log_send(play, (struct txn_send *)effect); break;
        case TXN_RESPONSE:
            log_line(play, "response %u for %s", event->message->status, name_of(play, event->txn));
            break;
        case TXN_TIMEOUT: log_line(play, "timeout of %s", name_of(play, event->txn)); break;
        case TXN_CANCELLED: log_line(play, "cancelled %s", name_of(play, event->txn)); break;
        case TXN_ENDED:
            log_line(play, "ended %s, %s", name_of(play, event->txn),
                     event->is_acknowledged ? "acknowledged" : "not acknowledged");
            break;
        default: log_line(play, "effect %u", effect->kind);
        }
    }
}

// ---- Commands

// The next word of a line, empty at its end.
static char *take_word(char **rest)
{
    static char nothing[1];
    char *word = strsep(rest, " ");
    while (word && word[0] == '\0') word = strsep(rest, " ");
    return word ? word : nothing;
}

// A tag in a script: "own1" is the first tag of ours that appeared.
static const char *tag_of(const struct play *play, const char *text)
{
    size_t number = strncmp(text, "own", 3) == 0 ? strtoul(text + 3, NULL, 10) : 0;
    return number > 0 && number <= play->own_tag_count ? play->own_tags[number - 1] : text;
}

// Sets NAME=VALUE of a message. branch=none: an RFC 2543 request. by=tcp: not by UDP.
static void set_part(const struct play *play, struct parts *parts, const char *name,
                     const char *value)
{
    const struct {
        const char *name;
        const char **text;
        unsigned *number;
    } fields[] = {
        {"method", &parts->method, NULL},   {"branch", &parts->branch, NULL},
        {"from", &parts->from_tag, NULL},   {"to", &parts->to_tag, NULL},
        {"call", &parts->call_id, NULL},    {"user", &parts->user, NULL},
        {"host", &parts->host, NULL},       {"source", &parts->source, NULL},
        {"port", NULL, &parts->port},       {"cseq", NULL, &parts->cseq},
        {"padding", NULL, &parts->padding}, {"by", &parts->transport, NULL},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].name, name) != 0) continue;
        if (fields[i].text) *fields[i].text = tag_of(play, value);
        if (fields[i].number) *fields[i].number = (unsigned)strtoul(value, NULL, 10);
        return;
    }
    fail_msg("%s: there is no \"%s=\"", play->path, name);
}

// recv METHOD|STATUS [NAME=VALUE]...: in a new turn, which lasts until the next message or the next
// wait
static void do_receive(struct play *play, char *rest)
{
    static const char *const matches[] = {
        [TXN_NEW_REQUEST] = "new",
        [TXN_HANDLED] = "handled",
        [TXN_STRAY] = "stray",
        [TXN_MERGED] = "merged",
    };
    struct parts parts = parts_default;
    const char *first = take_word(&rest);
    parts.status = (unsigned)strtoul(first, NULL, 10);
    if (parts.status == 0) parts.method = first;
    while (rest) {
        char *value = take_word(&rest);
        const char *name = strsep(&value, "=");
        if (value) set_part(play, &parts, name, value);
    }
    if (parts.branch && strcmp(parts.branch, "none") == 0) parts.branch = NULL;
    world_turn(&play->world, 0);
    enum txn_match match = world_receive(&play->world, &parts);
    const char *branch = parts.branch ? parts.branch : "none";
    ASSERT(text_copy(play->branch, sizeof play->branch, span_of(branch)));
    log_line(play, "%s", matches[match]);
}

// accept [NAME]: the last message; its name is its branch
static void do_accept(struct play *play, char *rest)
{
    struct pool_id id;
    const char *name = take_word(&rest);
    if (world_accept(&play->world, &id)) {
        add_txn(play, name[0] ? name : play->branch, id);
    } else {
        log_line(play, "full");
    }
}

// respond NAME STATUS [BODY_BYTES]
static void do_respond(struct play *play, char *rest)
{
    static char body[TXN_MESSAGE_MAX + 1];
    struct pool_id id = find_txn(play, take_word(&rest));
    struct txn_answer answer = {.status = (unsigned)strtoul(take_word(&rest), NULL, 10)};
    answer.body = (struct span){body, strtoul(take_word(&rest), NULL, 10)};
    memset(body, 'b', sizeof body);
    ASSERT(answer.body.len <= sizeof body);
    struct world *world = &play->world;
    bool is_answered = txn_respond(world->table, &world->turn, id, &answer);
    log_effects(play);
    if (!is_answered) log_line(play, "not answered");
}

// reject STATUS: the last message, without state
static void do_reject(struct play *play, char *rest)
{
    struct world *world = &play->world;
    struct txn_answer answer = {.status = (unsigned)strtoul(take_word(&rest), NULL, 10)};
    txn_respond_stateless(world->table, &world->turn, &world->message, &world->flow, &answer);
}

// request METHOD BRANCH [TRANSPORT]
static void do_request(struct play *play, char *rest)
{
    static const enum sip_method methods[] = {SIP_INVITE, SIP_OPTIONS, SIP_REGISTER};
    struct pool_id id;
    const char *method = take_word(&rest), *branch = take_word(&rest), *by = take_word(&rest);
    size_t i = 0;
    while (i < 2 && strcmp(method, sip_method_text(methods[i])) != 0) i++;
    if (world_request(&play->world, methods[i], branch, by[0] ? by : "UDP", &id)) {
        add_txn(play, branch, id);
    } else {
        log_line(play, "full");
    }
}

// cancel NAME
static void do_cancel(struct play *play, char *rest)
{
    struct world *world = &play->world;
    struct pool_id id = find_txn(play, take_word(&rest));
    bool is_cancelled = txn_cancel(world->table, &world->turn, id, SPAN_NONE);
    log_effects(play);
    if (!is_cancelled) log_line(play, "nothing to cancel");
}

// wait SECONDS
static void do_wait(struct play *play, char *rest)
{
    struct world *world = &play->world;
    double seconds = strtod(take_word(&rest), NULL);
    uint64_t end_us = world->turn.now_us + (uint64_t)(seconds * 1e6 + 0.5);
    while (txn_deadline_us(world->table) <= end_us) {
        world_turn(world, txn_deadline_us(world->table) - world->turn.now_us);
        txn_tick(world->table, &world->turn);
        log_effects(play);
    }
    world_turn(world, end_us - world->turn.now_us);
}

// disown NAME
static void do_disown(struct play *play, char *rest)
{
    struct world *world = &play->world;
    txn_disown(world->table, &world->turn, find_txn(play, take_word(&rest)));
}

// count
static void do_count(struct play *play, char *rest)
{
    const struct txn_table *table = play->world.table;
    (void)rest;
    log_line(play, "transactions=%u messages=%u", txn_count(table), txn_message_count(table));
}

static void do_command(struct play *play, char *line)
{
    static const struct {
        const char *name;
        void (*run)(struct play *play, char *rest);
    } commands[] = {
        {"recv", do_receive},  {"accept", do_accept},   {"respond", do_respond},
        {"reject", do_reject}, {"request", do_request}, {"disown", do_disown},
        {"cancel", do_cancel}, {"wait", do_wait},       {"count", do_count},
    };
    const char *word = take_word(&line);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, word) != 0) continue;
        commands[i].run(play, line);
        log_effects(play);
        return;
    }
    fail_msg("%s: there is no command \"%s\"", play->path, word);
}

// ---- Scripts

struct script {
    FILE *file;
    char line[LINE_BYTES];
    int number;
    bool has_line;
};

static void next_line(struct script *script)
{
    script->has_line = fgets(script->line, sizeof script->line, script->file) != NULL;
    script->line[strcspn(script->line, "\n")] = '\0';
    script->number++;
}

static bool is_expectation(const struct script *script)
{
    return script->has_line && script->line[0] == ' ';
}

// Compares what came of the last command with the indented lines below it.
static void compare(struct play *play, struct script *script)
{
    size_t count = 0;
    for (; is_expectation(script); next_line(script), count++) {
        const char *expected = script->line + strspn(script->line, " ");
        const char *actual = count < play->log_count ? play->log[count] : "nothing";
        actual += strspn(actual, " ");
        if (strcmp(expected, actual) != 0) {
            fail_msg("%s:%d:\n  expected: %s\n  actual:   %s", play->path, script->number, expected,
                     actual);
        }
    }
    if (count < play->log_count) {
        fail_msg("%s:%d:\n  expected: nothing\n  actual:   %s", play->path, script->number,
                 play->log[count]);
    }
}

static void print_and_skip(struct play *play, struct script *script)
{
    for (size_t i = 0; i < play->log_count; i++) printf("  %s\n", play->log[i]);
    while (is_expectation(script)) next_line(script);
}

// A first line "table TRANSACTIONS MESSAGES" sets the limits.
static void begin(struct play *play, struct script *script)
{
    struct txn_limits limits = {.transaction_count = 16, .message_count = 16};
    next_line(script);
    if (sscanf(script->line, "> table %u %u", &limits.transaction_count, &limits.message_count) ==
        2) {
        next_line(script);
    }
    world_init(&play->world, &limits, 0);
    play->start_us = play->world.turn.now_us;
}

static void run_script(struct play *play, const char *path, bool is_print)
{
    struct script script = {.file = fopen(path, "r")};
    if (!script.file) fail_msg("cannot open %s", path);
    memset(play, 0, sizeof *play);
    play->path = path;
    begin(play, &script);
    while (script.has_line) {
        char line[LINE_BYTES];
        memcpy(line, script.line, sizeof line);
        next_line(&script);
        if (is_print) puts(line);
        if (line[0] != '>') continue;
        play->log_count = 0;
        do_command(play, line + 1);
        if (is_print) {
            print_and_skip(play, &script);
        } else {
            compare(play, &script);
        }
    }
    (void)fclose(script.file);
}

// ---- The tests

static struct play play_now; // here so that a test that fails is cleaned up after

static void test_script(void **state)
{
    const char *path = *state;
    run_script(&play_now, path, false);
    uint32_t txn_count_left = txn_count(play_now.world.table);
    uint32_t message_count_left = txn_message_count(play_now.world.table);
    if (txn_count_left > 0 || message_count_left > 0) {
        fail_msg("%s: at the end %u transactions and %u message blocks are left", path,
                 txn_count_left, message_count_left);
    }
}

static int clean_up(void **state)
{
    (void)state;
    world_fini(&play_now.world);
    return 0;
}

static int run_all(char **paths, size_t count)
{
    struct CMUnitTest tests[64];
    ASSERT(count > 0 && count <= sizeof tests / sizeof tests[0]);
    for (size_t i = 0; i < count; i++) {
        tests[i] = (struct CMUnitTest){paths[i], test_script, NULL, clean_up, paths[i]};
    }
    return _cmocka_run_group_tests("transcripts", tests, count, NULL, NULL);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--print") == 0) {
        run_script(&play_now, argv[2], true);
        world_fini(&play_now.world);
        return 0;
    }
    if (argc > 1) return run_all(argv + 1, (size_t)argc - 1);
    glob_t found;
    if (glob("test/unit/txn/*.txt", 0, NULL, &found) != 0) {
        (void)fprintf(stderr, "no test/unit/txn/*.txt: to be run in the repository's root\n");
        return 1;
    }
    int result = run_all(found.gl_pathv, found.gl_pathc);
    globfree(&found);
    return result;
}
