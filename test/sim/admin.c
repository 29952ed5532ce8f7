// SPDX-License-Identifier: Apache-2.0
// The administrator: what is set, at first and by and by. The settings themselves are the real ones
// (settings.h); what they amount to is kept in scene->site, too.
#include "sim/scene.h"

#include <stdio.h>
#include <string.h>

static const char *const names[SITE_GROUPS] = {"main", "annex"};

// ---- Telling the settings

// Words "field=value ...", as world_set takes them.
struct words {
    struct buffer out;
    char bytes[400];
};

static struct buffer *begin_words(struct words *words)
{
    words->out = buffer_over(words->bytes, sizeof words->bytes);
    return &words->out;
}

static void check_refusal(struct scene *scene, const char *kind, struct span words,
                          const char *refused)
{
    sim_log(&scene->sim, "set %s %.*s", kind, SPAN_ARG(words));
    if (refused) sim_fail(&scene->sim, "the setting was refused: %s", refused);
    witness_look(scene);
}

static void set(struct scene *scene, const char *kind, const struct words *words, bool is_new)
{
    struct span text = buffer_span(&words->out);
    ASSERT(!words->out.is_full);
    check_refusal(scene, kind, text, world_set(scene->world, span_of(kind), text, is_new));
}

// False for a loop of immediate forwardings, which is refused: what was set before stays.
static bool set_unless_loop(struct scene *scene, const char *kind, const struct words *words,
                            bool is_new)
{
    struct span text = buffer_span(&words->out);
    ASSERT(!words->out.is_full);
    const char *refused = world_set(scene->world, span_of(kind), text, is_new);
    if (refused && strstr(refused, "leads back to this line")) {
        sim_log(&scene->sim, "refused: %s", refused);
        return false;
    }
    check_refusal(scene, kind, text, refused);
    return true;
}

static void take_away(struct scene *scene, const char *kind, const struct words *words)
{
    struct span text = buffer_span(&words->out);
    check_refusal(scene, kind, text, world_remove(scene->world, span_of(kind), text));
}

// ---- Groups

static void put_group(struct scene *scene, unsigned index)
{
    struct words words;
    struct buffer *out = begin_words(&words);
    struct site_group *group = &scene->site.groups[index];
    bool is_new = !group->is_there;
    buffer_printf(out, "name=%s enabled=%s register_rate=%u register_interval_s=%u ", names[index],
                  group->is_enabled ? "on" : "off", group->register_rate, group->interval_s);
    buffer_printf(out, "max_diversions=%u diversion=%s decline_unavailable=", group->max_diversions,
                  group->has_diversion ? "diversion" : "none");
    if (group->decline == 180) {
        buffer_put_text(out, "ringing");
    } else {
        buffer_put_u64(out, group->decline);
    }
    if (is_new) {
        buffer_printf(out, " server=192.0.2.%u domain=%s main_number=%s", index + 1,
                      site_domain(index), site_main_number(index));
        buffer_put_text(out, " country_code=49 area_code=89 outside_prefix=0 bar_foreign=off"
                             " internal_ranges=100-199"
                             " max_forwarded_calls=0 max_forwarded_per_hour=0");
    }
    set(scene, "group", &words, is_new);
    group->is_there = true;
    begin_words(&words);
    buffer_printf(&words.out, "name=%s", names[index]);
    group->id = world_id(scene->world, SPAN("group"), buffer_span(&words.out));
}

static void choose_group(struct scene *scene, struct site_group *group)
{
    static const unsigned declines[] = {486, 480, 603, 180};
    static const unsigned rates[] = {1, 2, 3, 10, 100};
    static const unsigned intervals_s[] = {60, 90, 300, 600};
    struct sim *sim = &scene->sim;
    group->decline = declines[sim_between(sim, 0, 3)];
    group->max_diversions = (unsigned)sim_between(sim, 1, 6);
    group->has_diversion = sim_chance(sim, 80);
    group->register_rate = rates[sim_between(sim, 0, 4)];
    group->interval_s = intervals_s[sim_between(sim, 0, 3)];
}

static void tell_address(struct scene *scene, unsigned index)
{
    char text[32];
    const struct site_group *group = &scene->site.groups[index];
    snprintf(text, sizeof text, "192.0.2.%u:%u", index + 1, scene->pbxs[index].listens.port);
    sim_log(&scene->sim, "pbx %u has %s address", index, group->is_address_known ? "an" : "no");
    world_set_peer(scene->world, group->id, group->is_address_known ? span_of(text) : SPAN_NONE);
    witness_look(scene);
}

void admin_tell_addresses(struct scene *scene)
{
    for (unsigned i = 0; i < scene->site.group_count; i++) tell_address(scene, i);
}

static void change_group(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    unsigned index = (unsigned)sim_between(sim, 0, scene->site.group_count - 1);
    struct site_group *group = &scene->site.groups[index];
    if (sim_chance(sim, 25)) {
        if (group->is_address_known && sim_chance(sim, 50)) {
            pbx_move(&scene->pbxs[index], scene);
        } else {
            group->is_address_known = !group->is_address_known;
        }
        scene->disturbed_us = sim->now_us;
        tell_address(scene, index);
        return;
    }
    scene->is_save_due = true;
    if (sim_chance(sim, 20)) {
        group->is_enabled = !group->is_enabled;
    } else {
        choose_group(scene, group);
        pace_forget(&scene->witness.paces[index]);
    }
    put_group(scene, index);
}

// ---- Users

static bool put_user(struct scene *scene, unsigned index, bool is_new)
{
    struct words words;
    struct buffer *out = begin_words(&words);
    const struct site_user *user = &scene->site.users[index];
    struct sim *sim = &scene->sim;
    buffer_printf(out, "name=u%u dnd=%s login=%s mailbox='", index, user->is_dnd ? "on" : "off",
                  user->is_logged_in    ? "on"
                  : sim_chance(sim, 50) ? "off"
                                        : "auto");
    if (user->mailbox != PLACE_NONE) site_put_typed(out, 0, user->mailbox, 0);
    buffer_put_text(out, "' mobile='");
    if (user->mobile != PLACE_NONE) {
        site_put_typed(out, 0, user->mobile, user->mobile < SITE_LINES ? 0 : 1);
    }
    buffer_put_text(out, "'");
    return set_unless_loop(scene, "user", &words, is_new);
}

static void choose_user(struct scene *scene, struct site_user *user)
{
    struct sim *sim = &scene->sim;
    user->is_dnd = sim_chance(sim, 25);
    user->is_logged_in = sim_chance(sim, 40);
    user->mailbox = sim_chance(sim, 50) ? PLACE_NONE : (unsigned)sim_between(sim, 0, PLACE_ABROAD);
    user->mobile = sim_chance(sim, 30) ? PLACE_NONE : PLACE_MOBILE;
    if (sim_chance(sim, 20)) user->mobile = (unsigned)sim_between(sim, 0, SITE_LINES - 1);
}

static void change_user(struct scene *scene)
{
    unsigned index = (unsigned)sim_between(&scene->sim, 0, SITE_USERS - 1);
    struct site_user *user = &scene->site.users[index], before = *user;
    choose_user(scene, user);
    if (!put_user(scene, index, false)) *user = before;
}

// ---- Lines

static void put_line_key(struct buffer *out, unsigned group, unsigned line)
{
    buffer_printf(out, "group=%s extension=%u", names[group], 101 + line);
}

static void put_line(struct scene *scene, unsigned group, unsigned index)
{
    struct words words;
    struct buffer *out = begin_words(&words);
    struct site_line *line = &scene->site.groups[group].lines[index];
    bool is_new = !line->is_there;
    put_line_key(out, group, index);
    // How busy a line is, is none of what is checked here.
    buffer_printf(out,
                  " max_calls=100 enabled=%s password=%s%u user=", line->is_enabled ? "on" : "off",
                  line->has_right_password ? "secret" : "wrong", 101 + index);
    if (line->user < SITE_USERS) buffer_printf(out, "u%u", line->user);
    set(scene, "line", &words, is_new);
    line->is_there = true;
    begin_words(&words);
    put_line_key(&words.out, group, index);
    line->id = world_id(scene->world, SPAN("line"), buffer_span(&words.out));
}

static void add_line(struct scene *scene, unsigned group, unsigned index)
{
    struct sim *sim = &scene->sim;
    struct site_line *line = &scene->site.groups[group].lines[index];
    *line = (struct site_line){
        .is_enabled = sim_chance(sim, 90),
        .has_right_password = sim_chance(sim, 90),
        .user = (unsigned)sim_between(sim, 0, SITE_USERS),
    };
    for (unsigned i = 0; i < SITE_CONDITIONS; i++) {
        for (unsigned j = 0; j < SITE_ORIGINS; j++) line->slots[i][j] = PLACE_NONE;
    }
    put_line(scene, group, index);
}

static void remove_line(struct scene *scene, unsigned group, unsigned index)
{
    struct words words;
    put_line_key(begin_words(&words), group, index);
    scene->site.groups[group].lines[index].is_there = false;
    take_away(scene, "line", &words);
}

static void change_line(struct scene *scene, unsigned group, unsigned index)
{
    struct sim *sim = &scene->sim;
    struct site_line *line = &scene->site.groups[group].lines[index];
    unsigned what = (unsigned)sim_between(sim, 0, 3);
    if (!line->is_there) {
        add_line(scene, group, index);
        return;
    }
    if (what == 0) {
        remove_line(scene, group, index);
        if (sim_chance(sim, 30)) add_line(scene, group, index);
        return;
    }
    if (what == 1) line->is_enabled = !line->is_enabled;
    if (what == 2) line->has_right_password = !line->has_right_password;
    if (what == 3) line->user = (unsigned)sim_between(sim, 0, SITE_USERS);
    put_line(scene, group, index);
}

// ---- Forwardings

static void put_slot_key(struct buffer *out, unsigned group, unsigned line, unsigned condition,
                         unsigned origin)
{
    put_line_key(out, group, line);
    buffer_printf(out, " condition=%s origin=%s", site_conditions[condition], site_origins[origin]);
}

// A forwarding to the line itself must be refused.
static void try_self(struct scene *scene, struct words *words, unsigned group, unsigned line,
                     bool is_new)
{
    struct buffer *out = &words->out;
    buffer_put_text(out, " target='");
    site_put_typed(out, group, line, (unsigned)sim_between(&scene->sim, 0, SITE_NOTATIONS - 1));
    buffer_put_text(out, "'");
    const char *refused = world_set(scene->world, SPAN("forwarding"), buffer_span(out), is_new);
    if (!refused)
        sim_fail(&scene->sim, "a line may forward to itself: %.*s", SPAN_ARG(buffer_span(out)));
}

static void change_forwarding(struct scene *scene, unsigned group, unsigned line)
{
    struct sim *sim = &scene->sim;
    struct words words;
    struct buffer *out = begin_words(&words);
    unsigned condition = (unsigned)sim_between(sim, 0, SITE_CONDITIONS - 1);
    unsigned origin = (unsigned)sim_between(sim, 0, SITE_ORIGINS - 1);
    unsigned *slot = &scene->site.groups[group].lines[line].slots[condition][origin];
    bool is_new = *slot == PLACE_NONE;
    put_slot_key(out, group, line, condition, origin);
    if (!is_new && sim_chance(sim, 40)) {
        *slot = PLACE_NONE;
        take_away(scene, "forwarding", &words);
        return;
    }
    // Mostly to other lines: there the call comes back.
    unsigned place = (unsigned)sim_between(sim, 0,
                                           sim_chance(sim, 70) ? SITE_LINES - 1 : WORD_MOBILE);
    if (place == PLACE_COUNT) place = WORD_MAILBOX;
    if (place == line) {
        try_self(scene, &words, group, line, is_new);
        return;
    }
    buffer_put_text(out, " target='");
    site_put_typed(out, group, place, (unsigned)sim_between(sim, 0, SITE_NOTATIONS - 1));
    buffer_put_text(out, "'");
    unsigned before = *slot;
    *slot = place;
    if (!set_unless_loop(scene, "forwarding", &words, is_new)) *slot = before;
}

// ---- What the witness does not foretell

static void assume_clients(struct scene *scene, uint32_t line_id)
{
    struct sim *sim = &scene->sim;
    struct client_assumption assumption = {
        .clients = (enum model_clients)sim_between(sim, CLIENTS_NONE, CLIENTS_DEFLECT),
        .call_count = (uint32_t)sim_between(sim, 0, 2),
        .target = "180",
        .number_class = NUMBER_INTERNAL,
    };
    sim_log(sim, "line %u has clients that are %s, and %u calls", line_id,
            model_name(&model_clients, assumption.clients), assumption.call_count);
    world_assume(scene->world, line_id, sim_chance(sim, 80) ? &assumption : NULL);
}

static void change_wildly(struct scene *scene, unsigned group, unsigned line)
{
    static const char *const conditions[] = {"unreachable", "busy", "no_answer"};
    struct sim *sim = &scene->sim;
    struct words words;
    struct buffer *out = begin_words(&words);
    put_line_key(out, group, line);
    if (sim_chance(sim, 40)) {
        assume_clients(scene, scene->site.groups[group].lines[line].id);
        return;
    }
    if (sim_chance(sim, 30)) {
        buffer_printf(out, " max_calls=%u", (unsigned)sim_between(sim, 1, 3));
        set(scene, "line", &words, false);
        return;
    }
    buffer_printf(out, " condition=%s origin=%s", conditions[sim_between(sim, 0, 2)],
                  site_origins[sim_between(sim, 0, SITE_ORIGINS - 1)]);
    if (sim_chance(sim, 30)) {
        (void)world_remove(scene->world, SPAN("forwarding"), buffer_span(out));
    } else {
        buffer_printf(out, " target=%u", (unsigned)sim_between(sim, 101, 109));
        // One that is there stays; one to the line itself is refused.
        (void)world_set(scene->world, SPAN("forwarding"), buffer_span(out), true);
    }
    witness_look(scene);
}

// ---- At random

void admin_begin(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    struct site *site = &scene->site;
    site->group_count = sim_chance(sim, 30) ? SITE_GROUPS : 1;
    scene->is_wild = sim_chance(sim, 20);
    for (unsigned i = 0; i < SITE_USERS; i++) {
        choose_user(scene, &site->users[i]);
        (void)put_user(scene, i, true); // without lines there is no loop yet
    }
    for (unsigned i = 0; i < site->group_count; i++) {
        site->groups[i].is_enabled = site->groups[i].is_address_known = true;
        choose_group(scene, &site->groups[i]);
        put_group(scene, i);
        unsigned line_count = (unsigned)sim_between(sim, 2, SITE_LINES);
        for (unsigned line = 0; line < line_count; line++) {
            add_line(scene, i, line);
            for (uint64_t n = sim_between(sim, 0, 3); n > 0; n--) change_forwarding(scene, i, line);
        }
    }
    admin_tell_addresses(scene);
}

void admin_act(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    unsigned group = (unsigned)sim_between(sim, 0, scene->site.group_count - 1);
    unsigned line = (unsigned)sim_between(sim, 0, SITE_LINES - 1);
    uint64_t what = sim_between(sim, 0, 99);
    bool is_there = scene->site.groups[group].lines[line].is_there;
    if (scene->is_wild && is_there && sim_chance(sim, 50)) {
        change_wildly(scene, group, line);
    } else if (what < 50) {
        if (is_there) change_forwarding(scene, group, line);
    } else if (what < 70) {
        change_user(scene);
    } else if (what < 88) {
        change_line(scene, group, line);
    } else {
        change_group(scene);
    }
}

void admin_mend(struct scene *scene)
{
    for (unsigned i = 0; i < scene->site.group_count; i++) {
        struct site_group *group = &scene->site.groups[i];
        if (!group->is_enabled) {
            group->is_enabled = true;
            put_group(scene, i);
        }
        if (!group->is_address_known) {
            group->is_address_known = true;
            tell_address(scene, i);
        }
        for (unsigned line = 0; line < SITE_LINES; line++) {
            if (!group->lines[line].is_there || group->lines[line].has_right_password) continue;
            group->lines[line].has_right_password = true;
            put_line(scene, i, line);
        }
    }
}

void admin_remove_lines(struct scene *scene)
{
    for (unsigned i = 0; i < scene->site.group_count; i++) {
        for (unsigned line = 0; line < SITE_LINES; line++) {
            if (scene->site.groups[i].lines[line].is_there) remove_line(scene, i, line);
        }
    }
}

void admin_remove_groups(struct scene *scene)
{
    for (unsigned i = 0; i < scene->site.group_count; i++) {
        struct words words;
        buffer_printf(begin_words(&words), "name=%s", names[i]);
        scene->site.groups[i].is_there = false;
        take_away(scene, "group", &words);
    }
}
