// SPDX-License-Identifier: Apache-2.0
// Loaded before the server (LD_PRELOAD): its wall clock is ahead by the seconds that stand in the
// file SET_CLOCK_FILE, 8 bytes, which a test writes. Time that passes is the system's.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now);
time_t time(time_t *seconds);
int gettimeofday(struct timeval *restrict now, void *restrict zone);

static const volatile int64_t *ahead_s;
static int (*get_time)(clockid_t clock, struct timespec *now);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SET_CLOCK_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *shared = file >= 0 ? mmap(NULL, sizeof *ahead_s, PROT_READ, MAP_SHARED, file, 0)
                             : MAP_FAILED;
    if (shared != MAP_FAILED) ahead_s = shared;
    if (file >= 0) close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (!get_time) *(void **)&get_time = dlsym(RTLD_NEXT, "clock_gettime");
    int result = get_time(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME && ahead_s) now->tv_sec += *ahead_s;
    return result;
}

time_t time(time_t *seconds)
{
    struct timespec now = {.tv_sec = -1};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (seconds) *seconds = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact = {0};
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    *now = (struct timeval){.tv_sec = exact.tv_sec, .tv_usec = exact.tv_nsec / 1000};
    return 0;
}
