// SPDX-License-Identifier: Apache-2.0
// Whether a group's forwardings are redirected (302) or bridged: the setting forward_by, where
// `auto` goes by what the group's last check has found out about the PBX. What is unknown is
// redirected. docs/calls.md.
#include "settings/settings_int.h"

enum err settings_put_following(struct settings *settings, struct snapshot_group *block,
                                struct settings_problem *problem)
{
    struct settings_verdicts verdicts = {FOLLOWING_UNKNOWN, FOLLOWING_UNKNOWN};
    enum model_forward_by by = (enum model_forward_by)block->settings.forward_by;
    if (by == FORWARD_BY_AUTO) {
        enum err err = settings_find_verdicts(settings, block->settings.name, &verdicts, problem);
        if (err != ERR_NONE) return err;
    }
    block->bridges_internal = by == FORWARD_BY_BRIDGE || verdicts.internal == FOLLOWS_NOT;
    block->bridges_external = by == FORWARD_BY_BRIDGE || verdicts.external == FOLLOWS_NOT;
    return ERR_NONE;
}
