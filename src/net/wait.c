// SPDX-License-Identifier: Apache-2.0
// The queue of a UDP socket in the system: how long datagrams wait in it, how full it is, and what
// is dropped before it gets there. Linux: SO_TIMESTAMPNS (socket(7)), SO_MEMINFO, and a classic
// socket filter.
#include "net/net_int.h"

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <string.h>

enum { CONTROL_BYTES = 64, UDP_HEADER_BYTES = 8 };

// The system begins to note the arrivals a moment after the first socket of the machine has asked
// for it (some milliseconds, more where it is busy). Until then only a queue that fills is seen.
void wait_prepare(int fd)
{
    int yes = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
}

void wait_begin(struct msghdr *first)
{
    // One loop has one thread, and only the first datagram of a batch is asked for.
    static _Thread_local _Alignas(struct cmsghdr) char control[CONTROL_BYTES];
    first->msg_control = control;
    first->msg_controllen = sizeof control;
}

// The wall clock may have been set since: what seems to come from the future has not waited, and a
// leap forward is over with this batch.
static uint64_t age_us(struct msghdr *first)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(first); at; at = CMSG_NXTHDR(first, at)) {
        struct timespec came;
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_TIMESTAMPNS) continue;
        memcpy(&came, CMSG_DATA(at), sizeof came);
        uint64_t came_us = (uint64_t)came.tv_sec * 1000000 + (uint64_t)came.tv_nsec / 1000;
        uint64_t now_us = net_wall_us();
        return now_us > came_us ? now_us - came_us : 0;
    }
    return 0;
}

// The system gives the memory of what was read back late: up to a quarter of the room.
static uint64_t as_wait_us(uint32_t used, uint32_t room)
{
    uint32_t quarter = room / 4;
    return used > quarter ? (uint64_t)(used - quarter) * NET_FULL_US / (room - quarter) : 0;
}

void wait_end(struct udp_socket *udp, struct msghdr *first, bool is_whole_batch,
              struct net_wait *wait)
{
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof memory;
    *wait = (struct net_wait){.us = age_us(first)};
    if (!is_whole_batch) return;
    if (getsockopt(udp->fd, SOL_SOCKET, SO_MEMINFO, memory, &len) != 0) return;
    // A small queue is full before anything in it is old.
    uint64_t filled_us = as_wait_us(memory[SK_MEMINFO_RMEM_ALLOC], memory[SK_MEMINFO_RCVBUF]);
    if (filled_us > wait->us) wait->us = filled_us;
    // The system counts what a filter drops, too.
    if (udp->net->drop_share == 0) wait->lost = memory[SK_MEMINFO_DROPS] - udp->lost;
    udp->lost = memory[SK_MEMINFO_DROPS];
}

// ---- Dropping

// The word of network order at `at`, as the filter loads it.
static uint32_t word_at(const char *at)
{
    const uint8_t *bytes = (const uint8_t *)at;
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

enum {
    SPARED_WORDS = 8,                        // of the longest spared text
    SPARED_STEPS = 2 + 2 * SPARED_WORDS + 1, // that the filter takes for it
    DROP_STEPS = 10,
};

struct filter {
    struct sock_filter steps[NET_SPARED_MAX * SPARED_STEPS + DROP_STEPS];
    unsigned short count;
};

static void add_step(struct filter *filter, struct sock_filter step)
{
    filter->steps[filter->count++] = step;
}

// Tests whether the datagram begins with `text`, and goes on `otherwise` steps behind the test
// where it does not. The last word may overlap the one before.
static void add_test(struct filter *filter, struct span text, unsigned otherwise)
{
    unsigned words = ((unsigned)text.len + 3) / 4, left = 2 * words + otherwise;
    // To load beyond the end would drop it.
    add_step(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0));
    add_step(filter,
             (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
                                          UDP_HEADER_BYTES + (uint32_t)text.len, 0, (uint8_t)left));
    for (unsigned i = 0; i < words; i++) {
        uint32_t at = i + 1 < words ? 4 * i : (uint32_t)text.len - 4;
        left -= 2;
        add_step(filter,
                 (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, UDP_HEADER_BYTES + at));
        add_step(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                      word_at(text.at + at), 0, (uint8_t)left));
    }
}

void drop_set(int fd, const struct net_drop *drop)
{
    const struct sock_filter take = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
    struct filter filter = {.count = 0};
    int none = 0;
    if (drop->share == 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
        return;
    }
    ASSERT(drop->beginning.len >= 4 && drop->beginning.len <= 8 && drop->share <= 1000000);
    ASSERT(drop->spared_count <= NET_SPARED_MAX);
    for (size_t i = 0; i < drop->spared_count; i++) {
        ASSERT(drop->spared[i].len >= 4 && drop->spared[i].len <= 4 * SPARED_WORDS);
        add_test(&filter, drop->spared[i], 1);
        add_step(&filter, take);
    }
    uint32_t bound = (uint32_t)((uint64_t)drop->share * UINT32_MAX / 1000000);
    add_test(&filter, drop->beginning, 3);
    add_step(&filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                   (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)));
    add_step(&filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, bound, 1, 0));
    add_step(&filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0));
    add_step(&filter, take);
    struct sock_fprog program = {.len = filter.count, .filter = filter.steps};
    (void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}
