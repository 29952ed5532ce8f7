// SPDX-License-Identifier: Apache-2.0
// Backing the data directory up while the server runs, and putting a back-up in its place. The
// databases are copied by SQLite as of one moment each, and looked at before anything is kept.
#include "store/archive.h"
#include "store/sqlite_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, BUSY_MS = 10000 };

static const char *const databases[] = {"lineward.db", "journal.db", NULL};
static const char *const contents[] = {"lineward.db", "journal.db", "secret.key", NULL};
// What belongs to the settings that are replaced, and must not be found beside others.
static const char *const replaced[] = {
    "lineward.db",    "lineward.db-wal", "lineward.db-shm", "journal.db", "journal.db-wal",
    "journal.db-shm", "secret.key",      "registrations",   NULL,
};

static enum err fail(struct store_problem *problem, const char *path, const char *what)
{
    int number = errno;
    return store_problem_set(problem, store_err_of_errno(number), "%s: %s: %s", path, what,
                             strerror(number));
}

// Prints "folder/name"; a path that is too long becomes one that is not there.
static const char *path_of(char path[PATH_SIZE], const char *folder, const char *name)
{
    if (snprintf(path, PATH_SIZE, "%s/%s", folder, name) >= PATH_SIZE) path[0] = '\0';
    return path;
}

static void remove_folder(const char *folder)
{
    DIR *listing = opendir(folder);
    const struct dirent *entry;
    while (listing && (entry = readdir(listing))) unlinkat(dirfd(listing), entry->d_name, 0);
    if (listing) closedir(listing);
    rmdir(folder);
}

static enum err sync_folder(const char *folder, struct store_problem *problem)
{
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err err = file >= 0 && fsync(file) == 0 ? ERR_NONE
                                                 : fail(problem, folder, "cannot be written");
    if (file >= 0) close(file);
    return err;
}

// ---- Copies

static enum err fail_database(sqlite3 *database, const char *path, struct store_problem *problem)
{
    return store_problem_set(problem, ERR_IO, "%s: %s", path,
                             database ? sqlite3_errmsg(database) : "out of memory");
}

static enum err copy_pages(sqlite3 *from, sqlite3 *to, const char *path,
                           struct store_problem *problem)
{
    sqlite3_busy_timeout(from, BUSY_MS);
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup) return fail_database(to, path, problem);
    int code = sqlite3_backup_step(backup, -1); // all at once: as of one moment
    sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE) return fail_database(to, path, problem);
    // A single file, without a log beside it.
    code = sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_NONE : fail_database(to, path, problem);
}

static enum err copy_database(const char *directory, const char *folder, const char *name,
                              struct store_problem *problem)
{
    char from_path[PATH_SIZE], to_path[PATH_SIZE];
    sqlite3 *from = NULL, *to = NULL;
    path_of(from_path, directory, name);
    path_of(to_path, folder, name);
    int code = sqlite3_open_v2(from_path, &from, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_open_v2(to_path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    }
    enum err err = code == SQLITE_OK ? copy_pages(from, to, from_path, problem)
                                     : fail_database(to ? to : from, from_path, problem);
    sqlite3_close(to);
    sqlite3_close(from);
    return err;
}

static enum err copy_key(const char *directory, const char *folder, struct store_problem *problem)
{
    char path[PATH_SIZE];
    struct secret_key key;
    enum err err = secret_key_load(directory, false, &key, problem);
    if (err != ERR_NONE) return err;
    int out = open(path_of(path, folder, "secret.key"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                   0600);
    bool is_written = out >= 0 &&
                      write(out, key.bytes, sizeof key.bytes) == (ssize_t)sizeof key.bytes;
    if (!is_written) err = fail(problem, path, "cannot be written");
    if (out >= 0) close(out);
    secret_key_wipe(&key);
    return err;
}

// ---- What a copy must be

static enum err check_integrity(const char *folder, const char *name, struct store_problem *problem)
{
    char path[PATH_SIZE];
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_open_v2(path_of(path, folder, name), &database, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_prepare_v2(database, "PRAGMA integrity_check(1)", -1, &statement, NULL);
    }
    enum err err = ERR_NONE;
    if (code != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW) {
        err = fail_database(database, name, problem);
    } else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0) {
        err = store_problem_set(problem, ERR_CORRUPT, "%s: is damaged: %s", name,
                                sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return err;
}

static bool is_readable(void *context, uint32_t id, const void *record)
{
    (void)id;
    const struct model_line *line = record;
    *(bool *)context = !line->is_password_lost;
    return *(bool *)context;
}

// The databases are sound, of a schema that this program knows, and the key opens the passwords.
static enum err check_folder(const char *folder, struct store_problem *problem)
{
    enum err err = ERR_NONE;
    bool is_whole = true;
    struct store_query query = {.kind = KIND_LINE};
    for (size_t i = 0; databases[i] && err == ERR_NONE; i++) {
        err = check_integrity(folder, databases[i], problem);
    }
    if (err != ERR_NONE) return err;
    struct store *store = store_open_sqlite(folder, problem);
    if (!store) return problem->err;
    err = store_list(store, &query, is_readable, &is_whole);
    if (err != ERR_NONE) *problem = store->problem;
    store_close(store);
    if (err != ERR_NONE || is_whole) return err;
    return store_problem_set(
        problem, ERR_CORRUPT,
        "secret.key: is not the key that the lines' passwords are sealed with");
}

// ---- Backing up

static enum err gather(const char *directory, const char *folder, struct store_problem *problem)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; databases[i] && err == ERR_NONE; i++) {
        err = copy_database(directory, folder, databases[i], problem);
        if (err == ERR_NONE) err = check_integrity(folder, databases[i], problem);
    }
    return err == ERR_NONE ? copy_key(directory, folder, problem) : err;
}

// The folder that a file is in.
static void put_folder_of(char folder[PATH_SIZE], const char *file)
{
    const char *slash = strrchr(file, '/');
    size_t len = slash ? (size_t)(slash - file) : 0;
    snprintf(folder, PATH_SIZE, "%.*s", (int)len, file);
    if (len == 0) snprintf(folder, PATH_SIZE, "%s", slash ? "/" : ".");
}

enum err store_backup(const char *directory, const char *file, struct store_problem *problem)
{
    char folder[PATH_SIZE], draft[PATH_SIZE + 8], parent[PATH_SIZE];
    if (sodium_init() < 0) return store_problem_set(problem, ERR_NO_MEMORY, "out of memory");
    put_folder_of(parent, file);
    bool fits = snprintf(folder, PATH_SIZE, "%s.XXXXXX", file) < PATH_SIZE - 8;
    if (!fits || !mkdtemp(folder)) return fail(problem, parent, "cannot be written");
    snprintf(draft, sizeof draft, "%s.part", folder);
    enum err err = gather(directory, folder, problem);
    if (err == ERR_NONE) err = archive_write(draft, folder, contents, problem);
    remove_folder(folder);
    if (err != ERR_NONE) return err;
    if (rename(draft, file) == 0) return sync_folder(parent, problem);
    err = fail(problem, file, "cannot be created");
    unlink(draft);
    return err;
}

// ---- Restoring

// Files that root has put there belong to whom the directory belongs.
static void hand_over(const char *directory, const char *path)
{
    struct stat status;
    if (geteuid() != 0 || stat(directory, &status) != 0) return;
    if (chown(path, status.st_uid, status.st_gid) != 0) return;
}

static enum err move(const char *from, const char *to, const char *name,
                     struct store_problem *problem)
{
    char from_path[PATH_SIZE], to_path[PATH_SIZE];
    path_of(from_path, from, name);
    path_of(to_path, to, name);
    if (rename(from_path, to_path) == 0) return ERR_NONE;
    return errno == ENOENT ? ERR_NONE : fail(problem, from_path, "cannot be moved");
}

// Nobody must start between the old settings and the new ones: the mark says so.
static enum err exchange(const char *directory, const char *folder, const char *aside,
                         struct store_problem *problem)
{
    char mark[PATH_SIZE], path[PATH_SIZE];
    int file = open(path_of(mark, directory, STORE_RESTORING), O_WRONLY | O_CREAT | O_CLOEXEC,
                    0600);
    if (file < 0) return fail(problem, mark, "cannot be created");
    close(file);
    enum err err = sync_folder(directory, problem);
    for (size_t i = 0; replaced[i] && err == ERR_NONE; i++) {
        err = move(directory, aside, replaced[i], problem);
    }
    for (size_t i = 0; contents[i] && err == ERR_NONE; i++) {
        err = move(folder, directory, contents[i], problem);
        hand_over(directory, path_of(path, directory, contents[i]));
    }
    if (err == ERR_NONE) err = sync_folder(directory, problem);
    if (err != ERR_NONE) return err;
    unlink(mark);
    return sync_folder(directory, problem);
}

static void put_aside_name(char aside[PATH_SIZE], const char *directory)
{
    uint64_t now_s = (uint64_t)time(NULL);
    struct civil_date date = civil_date_of((int32_t)(now_s / CIVIL_DAY_S));
    unsigned clock_s = (unsigned)(now_s % CIVIL_DAY_S);
    int len = snprintf(aside, PATH_SIZE, "%s/before-restore-%04d%02d%02dT%02u%02u%02uZ", directory,
                       date.year, date.month, date.day, clock_s / 3600, clock_s / 60 % 60,
                       clock_s % 60);
    if (len >= PATH_SIZE) aside[0] = '\0';
}

enum err store_restore(const char *file, const char *directory, char aside[STORE_PATH_SIZE],
                       struct store_problem *problem)
{
    char folder[PATH_SIZE];
    if (sodium_init() < 0) return store_problem_set(problem, ERR_NO_MEMORY, "out of memory");
    path_of(folder, directory, "restore.XXXXXX");
    if (!mkdtemp(folder)) return fail(problem, directory, "cannot be written");
    enum err err = archive_read(file, folder, contents, problem);
    if (err == ERR_NONE) err = check_folder(folder, problem);
    put_aside_name(aside, directory);
    if (err == ERR_NONE && mkdir(aside, 0700) != 0) err = fail(problem, aside, "cannot be made");
    if (err == ERR_NONE) hand_over(directory, aside);
    if (err == ERR_NONE) err = exchange(directory, folder, aside, problem);
    remove_folder(folder);
    return err;
}
