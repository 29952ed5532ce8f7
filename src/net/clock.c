// SPDX-License-Identifier: Apache-2.0
// The system's clocks and entropy.
//
// Time that passes is counted by CLOCK_BOOTTIME: nobody sets it, and unlike CLOCK_MONOTONIC it goes
// on while the machine sleeps, as the PBX's own time does. The wall clock is for people only.
#include "net/net_int.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

static uint64_t clock_us(clockid_t clock)
{
    struct timespec now;
    ASSERT(clock_gettime(clock, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t net_now_us(void)
{
    return clock_us(CLOCK_BOOTTIME);
}

uint64_t net_wall_us(void)
{
    return clock_us(CLOCK_REALTIME);
}

uint64_t net_wall_ahead_us(void)
{
    return net_wall_us() - net_now_us();
}

void net_entropy(void *out, size_t size)
{
    char *at = out;
    while (size > 0) {
        ssize_t count = getrandom(at, size, 0);
        ASSERT(count > 0 || errno == EINTR);
        if (count <= 0) continue;
        at += count;
        size -= (size_t)count;
    }
}
