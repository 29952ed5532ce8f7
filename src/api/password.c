// SPDX-License-Identifier: Apache-2.0
// Passwords of users: hashed with argon2id by a thread of its own, one at a time, so that neither
// the API nor a call waits for it, and its memory is bounded. The request is answered when its work
// is done: until then its connection waits.
//
//     request --api_password_check/hash--> queue --thread--> done --> the same request again
#include "api/api_int.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    WORKS_MAX = 32,
    PASSWORD_LEN_MIN = 8,
    HASH_PASSES = 2, // with HASH_BYTES what OWASP's cheat sheet calls the least for argon2id
    HASH_BYTES = 19 * 1024 * 1024,
    NICENESS = 10,
};

struct passwords {
    struct api *api;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_ending;
    struct api_work works[WORKS_MAX];
    uint64_t last_number;
    size_t hash_bytes;
    char nobody[crypto_pwhash_STRBYTES]; // the hash of a password that nobody has
};

// ---- The thread

static bool make_hash(size_t bytes, const char *plain, char hash[TEXT_SIZE])
{
    _Static_assert(crypto_pwhash_STRBYTES <= TEXT_SIZE, "a hash fits into a record");
    return crypto_pwhash_str_alg(hash, plain, strlen(plain), HASH_PASSES, bytes,
                                 crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static void do_work(struct api_work *work, size_t hash_bytes)
{
    if (work->stored[0]) {
        work->is_right = crypto_pwhash_str_verify(work->stored, work->given, strlen(work->given)) ==
                         0;
    }
    bool is_wanted = work->fresh[0] && (work->is_right || !work->stored[0]);
    if (is_wanted) work->is_failed = !make_hash(hash_bytes, work->fresh, work->hash);
    sodium_memzero(work->given, sizeof work->given);
    sodium_memzero(work->fresh, sizeof work->fresh);
}

// The next item of many.
static void do_item(struct api_work *work, size_t hash_bytes)
{
    struct api_work_item *item = &work->items[work->item_next++];
    if (item->stored[0]) {
        item->is_right = crypto_pwhash_str_verify(item->stored, item->given, strlen(item->given)) ==
                         0;
    }
    if (item->is_right || work->is_trial) return;
    if (!make_hash(hash_bytes, item->given, item->hash)) item->hash[0] = '\0';
}

// Forgets all of a work, which is free then.
static void clear_work(struct api_work *work)
{
    if (work->items) sodium_memzero(work->items, IMPORT_PASSWORDS_MAX * sizeof *work->items);
    free(work->items);
    sodium_memzero(work, sizeof *work);
}

// What is done, or no longer wanted, goes back; of many passwords the next one is due once the
// others that wait have had their turn.
static void end_turn(struct passwords *passwords, struct api_work *work)
{
    bool is_unwanted = work->is_awaited && !work->connection;
    if (work->item_next < work->item_count && !is_unwanted) {
        work->state = WORK_WAITING;
        work->number = ++passwords->last_number;
        return;
    }
    work->state = WORK_DONE;
    api_server_wake(passwords->api);
}

// The oldest that waits.
static struct api_work *find_waiting(struct passwords *passwords)
{
    struct api_work *oldest = NULL;
    for (size_t i = 0; i < WORKS_MAX; i++) {
        struct api_work *work = &passwords->works[i];
        if (work->state != WORK_WAITING || (oldest && oldest->number < work->number)) continue;
        oldest = work;
    }
    return oldest;
}

static void *run(void *context)
{
    struct passwords *passwords = context;
    (void)pthread_setname_np(pthread_self(), "passwords");
    // Calls come first. Of this thread alone: Linux counts niceness by thread.
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICENESS);
    pthread_mutex_lock(&passwords->mutex);
    while (!passwords->is_ending) {
        struct api_work *work = find_waiting(passwords);
        if (!work) {
            pthread_cond_wait(&passwords->changed, &passwords->mutex);
            continue;
        }
        work->state = WORK_UNDER_WAY;
        pthread_mutex_unlock(&passwords->mutex);
        if (work->items) {
            do_item(work, passwords->hash_bytes);
        } else {
            do_work(work, passwords->hash_bytes);
        }
        pthread_mutex_lock(&passwords->mutex);
        end_turn(passwords, work);
    }
    pthread_mutex_unlock(&passwords->mutex);
    return NULL;
}

// ---- Life

struct passwords *api_passwords_new(struct api *api)
{
    struct passwords *passwords = calloc(1, sizeof *passwords);
    if (!passwords) return NULL;
    unsigned char random[32];
    char text[2 * sizeof random + 1], hash[TEXT_SIZE];
    passwords->api = api;
    passwords->hash_bytes = api->options.hash_bytes ? api->options.hash_bytes : HASH_BYTES;
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(text, sizeof text, random, sizeof random);
    bool is_made = make_hash(passwords->hash_bytes, text, hash);
    if (is_made) memcpy(passwords->nobody, hash, sizeof passwords->nobody);
    pthread_mutex_init(&passwords->mutex, NULL);
    pthread_cond_init(&passwords->changed, NULL);
    if (is_made && pthread_create(&passwords->thread, NULL, run, passwords) == 0) return passwords;
    free(passwords);
    return NULL;
}

void api_passwords_stop(struct passwords *passwords)
{
    if (!passwords) return;
    pthread_mutex_lock(&passwords->mutex);
    passwords->is_ending = true;
    pthread_cond_signal(&passwords->changed);
    pthread_mutex_unlock(&passwords->mutex);
    pthread_join(passwords->thread, NULL);
}

void api_passwords_free(struct passwords *passwords)
{
    if (!passwords) return;
    for (size_t i = 0; i < WORKS_MAX; i++) clear_work(&passwords->works[i]);
    pthread_cond_destroy(&passwords->changed);
    pthread_mutex_destroy(&passwords->mutex);
    free(passwords);
}

// ---- Works

// Notes what is to be done, and has the request wait for it; false where too much is waiting.
static bool defer(struct api *api, struct request *request, struct reply *reply,
                  const struct api_work *wanted)
{
    struct passwords *passwords = api->passwords;
    struct api_work *work = NULL;
    pthread_mutex_lock(&passwords->mutex);
    for (size_t i = 0; !work && i < WORKS_MAX; i++) {
        if (passwords->works[i].state == WORK_FREE) work = &passwords->works[i];
    }
    if (work) {
        *work = *wanted;
        work->number = ++passwords->last_number;
        work->state = WORK_WAITING;
        pthread_cond_signal(&passwords->changed);
    }
    pthread_mutex_unlock(&passwords->mutex);
    if (work) {
        request->deferred = work;
    } else {
        reply->retry_after_s = 1;
        api_reply_problem(reply, 503, "too many passwords are to be checked: try again later");
    }
    return false;
}

void api_work_release(struct api *api, struct api_work *work)
{
    if (!work) return;
    pthread_mutex_lock(&api->passwords->mutex);
    work->connection = NULL;
    if (work->state == WORK_WAITING || work->state == WORK_DONE) {
        clear_work(work);
    }
    pthread_mutex_unlock(&api->passwords->mutex);
}

void api_work_await(struct api *api, struct api_work *work, void *connection)
{
    pthread_mutex_lock(&api->passwords->mutex);
    work->connection = connection;
    work->is_awaited = true;
    pthread_mutex_unlock(&api->passwords->mutex);
}

void *api_work_next_done(struct api *api)
{
    struct passwords *passwords = api->passwords;
    void *connection = NULL;
    pthread_mutex_lock(&passwords->mutex);
    for (size_t i = 0; !connection && i < WORKS_MAX; i++) {
        struct api_work *work = &passwords->works[i];
        if (work->state != WORK_DONE || !work->is_awaited) continue;
        connection = work->connection;
        work->is_awaited = false;
        if (!connection) clear_work(work); // its connection has ended meanwhile
    }
    pthread_mutex_unlock(&passwords->mutex);
    return connection;
}

static bool check_done(const struct request *request, struct reply *reply)
{
    if (!request->work->is_failed) return true;
    api_reply_problem(reply, 503, "out of memory for the password's hash");
    return false;
}

bool api_password_check(struct api *api, struct request *request, struct reply *reply,
                        const struct password_question *question)
{
    struct api_work work = {.state = WORK_FREE};
    if (request->work) return check_done(request, reply);
    const char *stored = question->stored[0] ? question->stored : api->passwords->nobody;
    // A longer one than any that is kept is just as wrong.
    if (!text_copy(work.given, sizeof work.given, question->given)) work.given[0] = '\0';
    text_copy(work.stored, sizeof work.stored, span_of(stored));
    if (question->fresh.at) text_copy(work.fresh, sizeof work.fresh, question->fresh);
    bool is_done = defer(api, request, reply, &work);
    sodium_memzero(&work, sizeof work);
    return is_done;
}

bool api_passwords_defer(struct api *api, struct request *request, struct reply *reply,
                         struct api_work *work)
{
    bool is_done = defer(api, request, reply, work);
    if (!request->deferred) clear_work(work);
    return is_done;
}

const char *api_password_refuse(const json_t *value, char reason[REASON_SIZE])
{
    size_t len = json_string_length(value);
    if (!json_is_string(value)) return "must be a string";
    if (len < PASSWORD_LEN_MIN) {
        snprintf(reason, REASON_SIZE, "must be at least %d bytes long", PASSWORD_LEN_MIN);
        return reason;
    }
    struct model_user user;
    const struct model_field *field = model_find_field(KIND_USER, SPAN("password"));
    return model_set_field(field, &user, (struct span){json_string_value(value), len}, reason);
}

static bool saves_user(const struct request *request)
{
    handler *handle = request->route->handle;
    return request->route->kind == KIND_USER &&
           (handle == api_records_add || handle == api_records_put || handle == api_records_patch);
}

bool api_password_prepare(struct api *api, struct request *request, struct reply *reply)
{
    struct api_work work = {.state = WORK_FREE};
    char reason[REASON_SIZE];
    json_t *value = json_object_get(request->json, "password");
    if (!saves_user(request) || !json_is_string(value) || json_string_length(value) == 0)
        return true;
    if (request->work) {
        if (!check_done(request, reply)) return false;
        json_object_set_new(request->json, "password", json_string(request->work->hash));
        return true;
    }
    // What is wrong with it is told together with what else is wrong with the record.
    struct span plain = {json_string_value(value), json_string_length(value)};
    const struct model_field *field = model_find_field(KIND_USER, SPAN("password"));
    struct model_user user;
    if (model_set_field(field, &user, plain, reason)) return true;
    const char *refused = api_password_refuse(value, reason);
    if (refused) return api_reply_refused(reply, 422, SPAN("password"), refused);
    text_copy(work.fresh, sizeof work.fresh, span_of(json_string_value(value)));
    bool is_done = defer(api, request, reply, &work);
    sodium_memzero(&work, sizeof work);
    return is_done;
}
