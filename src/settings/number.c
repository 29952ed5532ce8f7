// SPDX-License-Identifier: Apache-2.0
// What a number is at a group: the same reading, classes and barring as when a forwarding is saved
// or a call comes. docs/numbers.md.
#include "settings/settings_int.h"

#include "country/country.h"

static enum err test_target(struct settings *settings, struct span text,
                            struct settings_number *number, struct settings_problem *problem)
{
    const struct settings_site *site = &settings->site;
    struct phone_target target;
    struct buffer dialled = buffer_over(number->dialled, sizeof number->dialled - 1);
    const char *refused = phone_read_target(&site->numbering, text, &target, number->reason);
    if (refused) {
        if (refused != number->reason) {
            text_copy(number->reason, sizeof number->reason, span_of(refused));
        }
        return ERR_NONE;
    }
    struct span stored = span_of(target.text);
    text_copy(number->stored, sizeof number->stored, stored);
    number->number_class = country_classify(&site->numbering, stored);
    refused = settings_check_permitted(site, stored);
    number->is_permitted = refused == NULL;
    if (refused) text_copy(number->reason, sizeof number->reason, span_of(refused));
    bool is_fixed = target.kind == PHONE_TARGET_NUMBER || target.kind == PHONE_TARGET_SIP;
    if (!is_fixed) return ERR_NONE; // "mailbox" and "mobile" are the user's
    phone_put_target_dialled(&dialled, &site->numbering, stored);
    number->dialled[dialled.is_full ? 0 : dialled.len] = '\0';
    if (target.kind == PHONE_TARGET_SIP) return ERR_NONE;
    return settings_judge_origin(settings, stored, &number->is_internal, problem);
}

static enum err test_caller(struct settings *settings, struct span text,
                            struct settings_number *number, struct settings_problem *problem)
{
    const struct settings_site *site = &settings->site;
    struct phone_number caller = phone_read(&site->numbering, text,
                                            site->group.settings.is_caller_as_dialled);
    if (caller.kind == PHONE_INVALID) return ERR_NONE;
    text_copy(number->caller, sizeof number->caller, span_of(caller.text));
    return settings_judge_origin(settings, span_of(number->caller), &number->is_caller_internal,
                                 problem);
}

enum err settings_test_number(struct settings *settings, const char *group, struct span text,
                              struct settings_number *number, struct settings_problem *problem)
{
    *number = (struct settings_number){.stored = ""};
    enum err err = settings_load_site(settings, group, &settings->site, problem);
    if (err == ERR_NONE) err = test_target(settings, text, number, problem);
    if (err == ERR_NONE) err = test_caller(settings, text, number, problem);
    return err;
}
