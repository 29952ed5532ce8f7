// SPDX-License-Identifier: Apache-2.0
// What devices order by feature codes, carried out: by the same checks, in the same transactions
// and with the same audit as everything else that is saved. docs/feature-codes.md.
#include "settings/settings_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// One order under way.
struct work {
    struct settings *settings;
    const struct settings_order *order;
    struct settings_obeyed *out;
    struct settings_problem problem;
};

static bool is_dnd(const struct work *work)
{
    return work->order->code.condition == CONDITION_DND;
}

// ---- What is said of it

static const char *const subjects[CONDITION_COUNT] = {
    [CONDITION_IMMEDIATE] = "immediate forwarding",
    [CONDITION_DND] = "do-not-disturb",
    [CONDITION_LOGGED_OFF] = "forwarding when logged off",
    [CONDITION_UNREACHABLE] = "forwarding when unreachable",
    [CONDITION_BUSY] = "forwarding when busy",
    [CONDITION_NO_ANSWER] = "forwarding without answer",
};

static void say(struct work *work, enum code_tone tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct work *work, enum code_tone tone, const char *format, ...)
{
    struct code_outcome *outcome = &work->out->outcome;
    va_list arguments;
    outcome->tone = tone;
    va_start(arguments, format);
    vsnprintf(outcome->text, sizeof outcome->text, format, arguments);
    va_end(arguments);
}

static void say_on(struct work *work, enum code_tone tone, const char *target, const char *whom)
{
    const char *subject = subjects[work->order->code.condition];
    if (!*target) {
        say(work, tone, "%s is on", subject);
    } else {
        say(work, tone, "%s to %.40s is on%s", subject, target, whom);
    }
}

// Why it was refused, or why it could not be done.
static void say_problem(struct work *work, enum err err)
{
    const struct settings_problem *problem = &work->problem;
    bool is_number = strcmp(problem->field, "target") == 0;
    bool is_refused = err == ERR_INVALID || err == ERR_NOT_FOUND || err == ERR_CONFLICT;
    if (is_refused) {
        say(work, TONE_REFUSED, "%s%s", is_number ? "the number " : "", problem->reason);
    } else {
        work->out->outcome.is_trouble = true;
        say(work, TONE_REFUSED, "settings cannot be stored now");
    }
}

static enum err refuse(struct work *work, const char *reason)
{
    return settings_fail(&work->problem, ERR_INVALID, "", "%s", reason);
}

// ---- Changes

static void note(struct work *work, enum model_kind kind, const char *change, const void *record)
{
    struct settings_obeyed *out = work->out;
    ASSERT(out->change_count < SETTINGS_ORDER_CHANGES_MAX);
    struct settings_change *noted = &out->changes[out->change_count++];
    noted->kind = kind;
    noted->change = change;
    memcpy(&noted->record, record, model_kind(kind)->record_size);
}

// The slot of that origin; false where there is none. An error of the store is in `*err`.
static bool find_slot(struct work *work, enum model_origin origin, struct model_forwarding *slot,
                      enum err *err)
{
    model_defaults(KIND_FORWARDING, slot);
    text_copy(slot->group, sizeof slot->group, span_of(work->order->group));
    text_copy(slot->extension, sizeof slot->extension, span_of(work->order->extension));
    slot->condition = work->order->code.condition;
    slot->origin = origin;
    struct model_forwarding found = *slot;
    *err = store_get(work->settings->store, KIND_FORWARDING, &found, NULL);
    if (*err == ERR_NONE) *slot = found;
    if (*err == ERR_NONE) return true;
    if (*err == ERR_NOT_FOUND) {
        *err = ERR_NONE;
    } else {
        settings_fail_store(work->settings, *err, &work->problem);
    }
    return false;
}

static enum err put_slot(struct work *work, struct model_forwarding *slot)
{
    bool is_new;
    enum err err = settings_put(work->settings, KIND_FORWARDING, slot, &is_new, &work->problem);
    if (err == ERR_NONE) note(work, KIND_FORWARDING, is_new ? "added" : "changed", slot);
    return err;
}

static enum err put_dnd(struct work *work, bool is_on)
{
    struct model_user user = {.name = ""};
    text_copy(user.name, sizeof user.name, span_of(work->order->user));
    enum err err = settings_get(work->settings, KIND_USER, &user, NULL, &work->problem);
    if (err != ERR_NONE || user.is_dnd == is_on) return err;
    user.is_dnd = is_on;
    err = settings_replace(work->settings, KIND_USER, &user, &work->problem);
    if (err == ERR_NONE) note(work, KIND_USER, "changed", &user);
    return err;
}

// *21*103#
static enum err set(struct work *work)
{
    const struct code_order *code = &work->order->code;
    struct model_forwarding slot;
    enum err err = settings_load_site(work->settings, work->order->group, &work->settings->site,
                                      &work->problem);
    if (err != ERR_NONE) return err;
    struct phone_number number = phone_read(&work->settings->site.numbering, span_of(code->number),
                                            true);
    if (number.kind == PHONE_INVALID) return refuse(work, "the number is none");
    (void)find_slot(work, ORIGIN_ALL, &slot, &err);
    if (err != ERR_NONE) return err;
    text_copy(slot.target, sizeof slot.target, span_of(number.text));
    slot.is_enabled = true;
    slot.delay_s = code->delay_s;
    slot.until_s = 0;
    err = put_slot(work, &slot);
    if (err == ERR_NONE && is_dnd(work)) err = put_dnd(work, true);
    say_on(work, TONE_SET, code->number, "");
    return err;
}

// *21#: what was set before is switched on.
static enum err switch_on(struct work *work)
{
    struct model_forwarding slot;
    enum err err;
    if (is_dnd(work)) {
        say_on(work, TONE_SET, "", "");
        return put_dnd(work, true);
    }
    if (!find_slot(work, ORIGIN_ALL, &slot, &err)) {
        return err == ERR_NONE ? refuse(work, "no number has been set before") : err;
    }
    slot.is_enabled = true;
    if (slot.until_s <= settings_now_s(work->settings)) slot.until_s = 0;
    say_on(work, TONE_SET, slot.target, "");
    return put_slot(work, &slot);
}

// #21#, ##21#: for all callers, also those that have a slot of their own.
static enum err clear(struct work *work)
{
    bool is_erased = work->order->code.action == CODE_ERASE;
    enum err err = is_dnd(work) ? put_dnd(work, false) : ERR_NONE;
    say(work, TONE_CLEARED, "%s is off", subjects[work->order->code.condition]);
    if (is_dnd(work) && !is_erased) return err;
    for (unsigned origin = 0; origin < ORIGIN_COUNT && err == ERR_NONE; origin++) {
        struct model_forwarding slot;
        if (!find_slot(work, origin, &slot, &err)) continue;
        if (is_erased) {
            err = settings_remove(work->settings, KIND_FORWARDING, &slot, &work->problem);
            if (err == ERR_NONE) note(work, KIND_FORWARDING, "removed", &slot);
        } else if (slot.is_enabled) {
            slot.is_enabled = false;
            err = put_slot(work, &slot);
        }
    }
    return err;
}

// ---- *#21#

// The forwardings of the order's condition that are in force; false where there is none for that
// origin.
static bool find_active(struct work *work, enum model_origin origin, struct model_forwarding *slot,
                        enum err *err)
{
    if (*err != ERR_NONE || !find_slot(work, origin, slot, err)) return false;
    bool is_over = slot->until_s > 0 && slot->until_s <= settings_now_s(work->settings);
    return slot->is_enabled && !is_over;
}

// Where whose calls go: by one of the three, or by several.
static enum err query_slots(struct work *work)
{
    static const enum model_origin order[] = {ORIGIN_INTERNAL, ORIGIN_EXTERNAL, ORIGIN_ALL};
    static const char *const alone[ORIGIN_COUNT] = {
        [ORIGIN_ALL] = "",
        [ORIGIN_INTERNAL] = " for internal calls",
        [ORIGIN_EXTERNAL] = " for external calls",
    };
    static const char *const beside[ORIGIN_COUNT] = {
        [ORIGIN_ALL] = "other calls",
        [ORIGIN_INTERNAL] = "internal calls",
        [ORIGIN_EXTERNAL] = "external calls",
    };
    const char *subject = subjects[work->order->code.condition];
    struct buffer all = buffer_over(work->out->outcome.text, CODE_TEXT_SIZE - 1);
    struct model_forwarding slot, only;
    enum err err = ERR_NONE;
    unsigned count = 0;
    buffer_printf(&all, "%s is on", subject);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (!find_active(work, order[i], &slot, &err)) continue;
        buffer_printf(&all, "%s %s to %.40s", count == 0 ? ":" : ",", beside[slot.origin],
                      slot.target);
        only = slot;
        count++;
    }
    all.at[all.len] = '\0';
    work->out->outcome.tone = TONE_ON;
    if (count == 1) say_on(work, TONE_ON, only.target, alone[only.origin]);
    if (count == 0 && !is_dnd(work)) say(work, TONE_OFF, "%s is off", subject);
    return err;
}

// Do-not-disturb may be on without a target.
static enum err query(struct work *work)
{
    struct model_user user = {.name = ""};
    if (!is_dnd(work)) return query_slots(work);
    text_copy(user.name, sizeof user.name, span_of(work->order->user));
    enum err err = settings_get(work->settings, KIND_USER, &user, NULL, &work->problem);
    if (err == ERR_NONE && user.is_dnd) return query_slots(work);
    say(work, TONE_OFF, "%s is off", subjects[CONDITION_DND]);
    return err;
}

// ---- The whole

// The device may have been removed, and the line given to somebody else, since it was dialled.
static enum err check_rights(struct work *work)
{
    const struct settings_order *order = work->order;
    struct model_device device = {.name = ""};
    struct model_line line = {.extension = ""};
    struct settings_problem *problem = &work->problem;
    text_copy(device.user, sizeof device.user, span_of(order->user));
    text_copy(device.name, sizeof device.name, span_of(order->device));
    text_copy(line.group, sizeof line.group, span_of(order->group));
    text_copy(line.extension, sizeof line.extension, span_of(order->extension));
    enum err err = settings_get(work->settings, KIND_DEVICE, &device, NULL, problem);
    if (err == ERR_NONE) err = settings_get(work->settings, KIND_LINE, &line, NULL, problem);
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && strcmp(line.user, order->user) != 0)) {
        return refuse(work, "the line is not this user's");
    }
    return err;
}

static enum err carry_out(struct work *work)
{
    enum err err = check_rights(work);
    if (err != ERR_NONE) return err;
    switch (work->order->code.action) {
    case CODE_SET: return set(work);
    case CODE_ON: return switch_on(work);
    case CODE_OFF:
    case CODE_ERASE: return clear(work);
    case CODE_QUERY: return query(work);
    }
    ASSERT(false);
}

static void set_actor(struct settings *settings, const struct settings_order *order)
{
    struct settings_actor actor = {.name = ""};
    snprintf(actor.name, sizeof actor.name, "device %.25s/%.25s", order->user, order->device);
    settings_set_actor(settings, &actor);
}

void settings_obey(struct settings *settings, const struct settings_order *order,
                   struct settings_obeyed *out)
{
    struct work work = {.settings = settings, .order = order, .out = out};
    struct settings_problem end;
    out->change_count = 0;
    out->outcome = (struct code_outcome){.tone = TONE_REFUSED};
    set_actor(settings, order);
    enum err err = settings_begin_batch(settings, &work.problem);
    if (err == ERR_NONE) {
        err = carry_out(&work);
        enum err ended = settings_end_batch(settings, err == ERR_NONE, &end);
        if (err == ERR_NONE && ended != ERR_NONE) {
            work.problem = end;
            err = ended;
        }
    }
    if (err == ERR_NONE) return;
    out->change_count = 0;
    say_problem(&work, err);
}
