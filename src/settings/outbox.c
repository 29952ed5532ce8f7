// SPDX-License-Identifier: Apache-2.0
// News that wait for the change to be durable. They are complete before the commit, so that nothing
// can go wrong between a change that is saved and the engine that must learn of it.
#include "settings/settings_int.h"

#include <stdlib.h>
#include <string.h>

enum { NEWS_ALIGNMENT = 16, OUTBOX_SIZE_MIN = 16 * 1024 };

struct news_header {
    _Alignas(NEWS_ALIGNMENT) uint32_t news; // enum settings_news
    uint32_t size;                          // of what follows, rounded up
};

static bool make_room(struct settings_outbox *outbox, size_t size)
{
    size_t wanted = outbox->size > 0 ? outbox->size : OUTBOX_SIZE_MIN;
    if (size <= outbox->size - outbox->len) return true;
    while (wanted - outbox->len < size) wanted *= 2;
    char *bytes = realloc(outbox->bytes, wanted);
    if (!bytes) return false;
    outbox->bytes = bytes;
    outbox->size = wanted;
    return true;
}

enum err settings_outbox_put(struct settings_outbox *outbox, enum settings_news news,
                             const void *bytes, size_t size)
{
    size_t rounded = (size + NEWS_ALIGNMENT - 1) / NEWS_ALIGNMENT * NEWS_ALIGNMENT;
    struct news_header header = {.news = news, .size = (uint32_t)rounded};
    if (!make_room(outbox, sizeof header + rounded)) return ERR_NO_MEMORY;
    memcpy(outbox->bytes + outbox->len, &header, sizeof header);
    memcpy(outbox->bytes + outbox->len + sizeof header, bytes, size);
    outbox->len += sizeof header + rounded;
    return ERR_NONE;
}

void settings_tell(struct settings *settings, enum settings_news news, const void *content)
{
    const struct settings_listener *listener = &settings->listener;
    settings_note_abroad(settings, news, content);
    switch (news) {
    case NEWS_GROUP_CHANGED:
        if (listener->group_changed) listener->group_changed(listener->context, content);
        break;
    case NEWS_GROUP_REMOVED:
        if (listener->group_removed) {
            listener->group_removed(listener->context, *(const uint32_t *)content);
        }
        break;
    case NEWS_LINE_CHANGED:
        if (listener->line_changed) listener->line_changed(listener->context, content);
        break;
    case NEWS_LINE_REMOVED:
        if (listener->line_removed) {
            listener->line_removed(listener->context, *(const uint32_t *)content);
        }
        break;
    case NEWS_DEVICE_CHANGED:
        if (listener->device_changed) listener->device_changed(listener->context, content);
        break;
    case NEWS_DEVICE_REMOVED:
        if (listener->device_removed) {
            listener->device_removed(listener->context, *(const uint32_t *)content);
        }
        break;
    }
}

void settings_outbox_publish(struct settings *settings)
{
    const struct settings_outbox *outbox = &settings->outbox;
    for (size_t at = 0; at < outbox->len;) {
        const struct news_header *header = (const void *)(outbox->bytes + at);
        at += sizeof *header;
        settings_tell(settings, (enum settings_news)header->news, outbox->bytes + at);
        at += header->size;
    }
}

void settings_outbox_clear(struct settings_outbox *outbox)
{
    free(outbox->bytes);
    *outbox = (struct settings_outbox){0};
}
