// SPDX-License-Identifier: Apache-2.0
// The store in SQLite: opening and closing, transactions, statements at rest; what goes wrong with
// files.
#include "store/sqlite_int.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS_MAX = 2000, PATH_SIZE = 4096 };

struct sqlite_store *sqlite_of(struct store *store)
{
    return (struct sqlite_store *)store;
}

// ---- Problems

static enum err err_of_code(int code, int system_errno)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ERR_BUSY;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return ERR_ACCESS;
    case SQLITE_CANTOPEN: return store_err_of_errno(system_errno);
    case SQLITE_NOMEM: return ERR_NO_MEMORY;
    case SQLITE_TOOBIG: return ERR_TOO_BIG;
    case SQLITE_CONSTRAINT: return ERR_CONFLICT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: // a table or column of ours is missing
    case SQLITE_SCHEMA: return ERR_CORRUPT;
    default: return ERR_IO;
    }
}

static const char *words_of_code(int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "is locked by another program";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return "cannot be written";
    case SQLITE_CANTOPEN: return "cannot be opened";
    case SQLITE_FULL: return "the disk is full";
    case SQLITE_NOMEM: return "out of memory";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return "is damaged, or no database: restore a back-up";
    case SQLITE_IOERR: return "reading or writing failed";
    default: return "failed";
    }
}

enum err sqlite_fail(struct sqlite_store *store, const struct database *database)
{
    int code = sqlite3_extended_errcode(database->handle);
    int system_errno = sqlite3_system_errno(database->handle);
    enum err err = err_of_code(code, system_errno);
    bool is_of_system = (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_IOERR;
    const char *detail = is_of_system && system_errno != 0 ? strerror(system_errno)
                                                           : sqlite3_errmsg(database->handle);
    return store_fail(&store->base, err, "%s: %s (%s)", database->file, words_of_code(code),
                      detail);
}

// ---- Statements

enum err sqlite_run(struct sqlite_store *store, const struct database *database, const char *sql)
{
    int code = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_NONE : sqlite_fail(store, database);
}

sqlite3_stmt *sqlite_take(struct sqlite_store *store, const struct database *database,
                          sqlite3_stmt **slot, const char *sql)
{
    sqlite3_stmt *statement = *slot;
    *slot = NULL;
    if (statement) return statement;
    int code = sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                                  NULL);
    if (code != SQLITE_OK) sqlite_fail(store, database);
    return statement;
}

void sqlite_give(sqlite3_stmt **slot, sqlite3_stmt *statement)
{
    if (*slot) {
        sqlite3_finalize(statement);
        return;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    *slot = statement;
}

// ---- Files that are gone

// Which file stands under the name of the database with `suffix`; all zeros where none does.
static struct file_identity identify(const struct database *database, const char *suffix)
{
    char path[PATH_SIZE];
    struct stat status;
    const char *name = sqlite3_db_filename(database->handle, "main");
    if (!name || snprintf(path, sizeof path, "%s%s", name, suffix) >= PATH_SIZE ||
        stat(path, &status) != 0) {
        return (struct file_identity){0};
    }
    return (struct file_identity){status.st_dev, status.st_ino};
}

static bool is_same_file(struct file_identity a, struct file_identity b)
{
    return a.device == b.device && a.number == b.number;
}

// SQLite goes on writing into files that were removed or replaced, and nothing of it would be there
// after a restart: so nothing must be acknowledged until they are back.
static enum err check_present(struct sqlite_store *store, const struct database *database)
{
    if (is_same_file(identify(database, ""), database->main) &&
        is_same_file(identify(database, "-wal"), database->log)) {
        return ERR_NONE;
    }
    return store_fail(&store->base, ERR_IO,
                      "%s: it, or its log beside it, was removed or replaced while in use: put it "
                      "back, or restart the server with a back-up",
                      database->file);
}

// ---- Transactions

static enum err begin(struct store *base)
{
    struct sqlite_store *store = sqlite_of(base);
    enum err err = check_present(store, &store->settings);
    if (err != ERR_NONE) return err;
    return sqlite_run(store, &store->settings, "BEGIN IMMEDIATE");
}

static void rollback(struct store *base)
{
    struct sqlite_store *store = sqlite_of(base);
    // After some failures SQLite has gone back by itself.
    if (sqlite3_get_autocommit(store->settings.handle)) return;
    sqlite3_exec(store->settings.handle, "ROLLBACK", NULL, NULL, NULL);
}

static enum err commit(struct store *base)
{
    struct sqlite_store *store = sqlite_of(base);
    enum err err = sqlite_run(store, &store->settings, "COMMIT");
    if (err != ERR_NONE) rollback(base);
    return err;
}

// ---- Opening

static enum err fail_file(struct sqlite_store *store, const char *file, const char *what)
{
    int number = errno;
    return store_fail(&store->base, store_err_of_errno(number), "%s: %s: %s", file, what,
                      strerror(number));
}

static enum err check_directory(struct sqlite_store *store, const char *directory)
{
    struct stat status;
    if (stat(directory, &status) != 0) return fail_file(store, directory, "cannot be used");
    if (S_ISDIR(status.st_mode)) return ERR_NONE;
    return store_fail(&store->base, ERR_NOT_FOUND, "%s: is not a directory", directory);
}

// Makes the names of new files last: they are in the directory, and that is on the disk.
static enum err sync_directory(struct sqlite_store *store, const char *directory)
{
    int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return fail_file(store, directory, "cannot be opened");
    enum err err = ERR_NONE;
    if (fsync(file) != 0) err = fail_file(store, directory, "cannot be written");
    close(file);
    return err;
}

// Sees to it that the file is there, for us alone; SQLite's side files take over its mode. By name
// only: closing a descriptor of a database would take away the locks that another handle of this
// process has on it (POSIX, fcntl).
static enum err prepare_file(struct sqlite_store *store, const char *path, const char *file)
{
    if (mknod(path, S_IFREG | S_IRUSR | S_IWUSR, 0) == 0) return ERR_NONE;
    if (errno != EEXIST) return fail_file(store, file, "cannot be created");
    struct stat status;
    if (stat(path, &status) != 0) return fail_file(store, file, "cannot be opened");
    if (!(status.st_mode & (S_IRWXG | S_IRWXO))) return ERR_NONE;
    if (chmod(path, S_IRUSR | S_IWUSR) == 0) return ERR_NONE;
    return fail_file(store, file, "others may read it, and that cannot be changed");
}

// Chooses the write-ahead log, and asks whether SQLite follows: not every file system allows it.
static enum err choose_wal(struct sqlite_store *store, const struct database *database)
{
    sqlite3_stmt *none = NULL;
    sqlite3_stmt *statement = sqlite_take(store, database, &none, "PRAGMA journal_mode=WAL");
    if (!statement) return store->base.problem.err;
    enum err err = ERR_NONE;
    if (sqlite3_step(statement) != SQLITE_ROW) {
        err = sqlite_fail(store, database);
    } else if (strcmp((const char *)sqlite3_column_text(statement, 0), "wal") != 0) {
        err = store_fail(&store->base, ERR_IO,
                         "%s: its file system allows no write-ahead log (WAL)", database->file);
    }
    sqlite3_finalize(statement);
    return err;
}

static enum err configure(struct sqlite_store *store, const struct database *database,
                          enum sqlite_schema schema)
{
    sqlite3_busy_timeout(database->handle, BUSY_MS_MAX);
    // Names in quotation marks are columns, never texts; the schema can only be changed by SQL.
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (sqlite3_db_readonly(database->handle, "main") == 1) {
        return store_fail(&store->base, ERR_ACCESS, "%s: cannot be written", database->file);
    }
    const char *pragmas = schema == SCHEMA_SETTINGS
                              ? "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"
                              : "PRAGMA synchronous=NORMAL";
    return sqlite_run(store, database, pragmas);
}

static enum err open_database(struct sqlite_store *store, const char *directory,
                              struct database *database, enum sqlite_schema schema)
{
    char path[PATH_SIZE];
    if (snprintf(path, sizeof path, "%s/%s", directory, database->file) >= PATH_SIZE) {
        return store_fail(&store->base, ERR_TOO_BIG, "the directory's path is too long");
    }
    enum err err = prepare_file(store, path, database->file);
    if (err != ERR_NONE) return err;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &database->handle, flags, NULL);
    if (code != SQLITE_OK) return sqlite_fail(store, database);
    err = configure(store, database, schema);
    if (err == ERR_NONE) err = sqlite_migrate(store, database, schema);
    if (err == ERR_NONE) err = choose_wal(store, database);
    // The log is made when something is read or written.
    if (err == ERR_NONE) err = sqlite_run(store, database, "SELECT count(*) FROM sqlite_schema");
    database->main = identify(database, "");
    database->log = identify(database, "-wal");
    database->shared = identify(database, "-shm");
    return err;
}

static bool is_file(const char *directory, const char *file)
{
    char path[PATH_SIZE];
    struct stat status;
    return snprintf(path, sizeof path, "%s/%s", directory, file) < PATH_SIZE &&
           stat(path, &status) == 0;
}

static enum err open_all(struct sqlite_store *store, const char *directory)
{
    enum err err = check_directory(store, directory);
    if (err != ERR_NONE) return err;
    if (is_file(directory, STORE_RESTORING)) {
        return store_fail(&store->base, ERR_CORRUPT,
                          "%s: restoring a back-up was interrupted: do it again", directory);
    }
    // The key comes first; where there are settings already, a new one would be of no use.
    bool is_new = !is_file(directory, store->settings.file);
    err = secret_key_load(directory, is_new, &store->key, &store->base.problem);
    if (err != ERR_NONE) return err;
    err = open_database(store, directory, &store->settings, SCHEMA_SETTINGS);
    if (err != ERR_NONE) return err;
    err = open_database(store, directory, &store->journal, SCHEMA_JOURNAL);
    return err == ERR_NONE ? sync_directory(store, directory) : err;
}

// ---- A journal that was removed or replaced

// Removes what the database has left behind under its name: a new one must not take it for its own.
static void remove_left(const struct database *database, const char *suffix,
                        struct file_identity ours)
{
    char path[PATH_SIZE];
    const char *name = sqlite3_db_filename(database->handle, "main");
    if (!is_same_file(identify(database, suffix), ours)) return;
    if (snprintf(path, sizeof path, "%s%s", name, suffix) < PATH_SIZE) (void)unlink(path);
}

static void finalize_journal(struct sqlite_store *store)
{
    for (int i = 0; i < JOURNAL_FORM_END; i++) {
        sqlite3_finalize(store->journal_statements[i]);
        store->journal_statements[i] = NULL;
    }
    for (int i = 0; i < FIGURES_FORM_END; i++) {
        sqlite3_finalize(store->figures_statements[i]);
        store->figures_statements[i] = NULL;
    }
}

// Opens what stands under the journal's name, or makes a new one.
static bool reopen_journal(struct sqlite_store *store)
{
    char directory[PATH_SIZE];
    struct database *old = &store->journal;
    struct database fresh = {.file = old->file};
    const char *name = sqlite3_db_filename(old->handle, "main");
    const char *slash = strrchr(name, '/');
    struct span folder = {name, slash ? (size_t)(slash - name) : 0};
    if (!text_copy(directory, sizeof directory, folder)) return false;
    if (is_same_file(identify(old, "-wal"), old->log)) {
        // Whoever moved the file away has all that was written so far in it.
        (void)sqlite3_wal_checkpoint_v2(old->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    remove_left(old, "-wal", old->log);
    remove_left(old, "-shm", old->shared);
    if (open_database(store, directory, &fresh, SCHEMA_JOURNAL) != ERR_NONE) {
        sqlite3_close(fresh.handle);
        return false;
    }
    finalize_journal(store);
    sqlite3_close(old->handle);
    *old = fresh;
    return true;
}

void sqlite_follow_journal(struct sqlite_store *store)
{
    // What one handle removes must not be what another one has just made.
    static pthread_mutex_t reopening = PTHREAD_MUTEX_INITIALIZER;
    struct database *journal = &store->journal;
    bool is_present = is_same_file(identify(journal, ""), journal->main);
    bool is_log_away = is_present && !is_same_file(identify(journal, "-wal"), journal->log);
    bool is_reopened = false;
    if (!is_present) {
        pthread_mutex_lock(&reopening);
        is_reopened = reopen_journal(store);
        pthread_mutex_unlock(&reopening);
    }
    bool is_away = (!is_present && !is_reopened) || is_log_away;
    if (is_reopened) {
        store->base.notice = "journal.db was removed or replaced: the one there now is used, or a "
                             "new one";
    } else if (is_away && !store->is_journal_away) {
        store->base.notice = "journal.db, or its log beside it, was moved away: entries are lost "
                             "unless it is put back";
    }
    store->is_journal_away = is_away;
}

// ---- The handle

static void close_sqlite(struct store *base)
{
    struct sqlite_store *store = sqlite_of(base);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        for (int i = 0; i < FORM_END; i++) sqlite3_finalize(store->statements[kind][i]);
    }
    finalize_journal(store);
    for (int i = 0; i < AUDIT_FORM_END; i++) sqlite3_finalize(store->audit_statements[i]);
    sqlite3_close(store->settings.handle);
    sqlite3_close(store->journal.handle);
    secret_key_wipe(&store->key);
    free(store->journal_bytes);
    free(store);
}

struct store *store_open_sqlite(const char *directory, struct store_problem *problem)
{
    static const struct store_ops ops = {
        .close = close_sqlite,
        .begin = begin,
        .commit = commit,
        .rollback = rollback,
        .add = sqlite_add,
        .replace = sqlite_replace,
        .rename = sqlite_rename,
        .remove = sqlite_remove,
        .get = sqlite_get,
        .list = sqlite_list,
        .count = sqlite_count,
        .journal_append = sqlite_journal_append,
        .journal_list = sqlite_journal_list,
        .journal_trim = sqlite_journal_trim,
        .figures_list = sqlite_figures_list,
        .figures_count = sqlite_figures_count,
        .audit_append = sqlite_audit_append,
        .audit_list = sqlite_audit_list,
        .audit_trim = sqlite_audit_trim,
    };
    struct sqlite_store *store = sodium_init() < 0 ? NULL : calloc(1, sizeof *store);
    if (!store) {
        store_problem_set(problem, ERR_NO_MEMORY, "out of memory");
        return NULL;
    }
    store->base.ops = &ops;
    store->settings.file = "lineward.db";
    store->journal.file = "journal.db";
    if (open_all(store, directory) == ERR_NONE) return &store->base;
    *problem = store->base.problem;
    store_close(&store->base);
    return NULL;
}
