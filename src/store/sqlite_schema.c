// SPDX-License-Identifier: Apache-2.0
// The schemas of both databases, as the list of steps that made them. PRAGMA user_version counts
// the steps done. A step, once released, is never changed; a new one is appended.
//
// The columns of a settings table are the fields of its kind (model/field.c), each with its name; a
// test compares them.
#include "store/sqlite_int.h"

static const char *const settings_steps[] = {
    // 1: groups, users, lines, forwardings. `owner` makes an empty `user` no reference at all.
    "CREATE TABLE groups("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  name TEXT NOT NULL UNIQUE,"
    "  enabled INTEGER NOT NULL,"
    "  server TEXT NOT NULL,"
    "  domain TEXT NOT NULL,"
    "  register_interval_s INTEGER NOT NULL,"
    "  register_rate INTEGER NOT NULL,"
    "  country_code TEXT NOT NULL,"
    "  area_code TEXT NOT NULL,"
    "  main_number TEXT NOT NULL,"
    "  outside_prefix TEXT NOT NULL,"
    "  national_prefix TEXT NOT NULL,"
    "  international_prefix TEXT NOT NULL,"
    "  internal_ranges TEXT NOT NULL,"
    "  diversion TEXT NOT NULL,"
    "  decline_unavailable TEXT NOT NULL,"
    "  max_diversions INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE users("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  name TEXT NOT NULL UNIQUE,"
    "  display_name TEXT NOT NULL,"
    "  business TEXT NOT NULL,"
    "  mobile TEXT NOT NULL,"
    "  home TEXT NOT NULL,"
    "  mailbox TEXT NOT NULL,"
    "  dnd INTEGER NOT NULL,"
    "  login TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE lines("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  \"group\" TEXT NOT NULL REFERENCES groups(name),"
    "  extension TEXT NOT NULL,"
    "  enabled INTEGER NOT NULL,"
    "  user TEXT NOT NULL,"
    "  display_name TEXT NOT NULL,"
    "  auth_user TEXT NOT NULL,"
    "  password BLOB NOT NULL,"
    "  number_withheld INTEGER NOT NULL,"
    "  owner TEXT GENERATED ALWAYS AS (nullif(user, '')) VIRTUAL REFERENCES users(name),"
    "  UNIQUE(\"group\", extension)"
    ") STRICT;"
    "CREATE INDEX lines_by_user ON lines(user, \"group\", extension);"
    "CREATE INDEX lines_by_owner ON lines(owner);"
    "CREATE TABLE forwardings("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  \"group\" TEXT NOT NULL,"
    "  extension TEXT NOT NULL,"
    "  condition TEXT NOT NULL,"
    "  origin TEXT NOT NULL,"
    "  target TEXT NOT NULL,"
    "  enabled INTEGER NOT NULL,"
    "  UNIQUE(\"group\", extension, condition, origin),"
    "  FOREIGN KEY(\"group\", extension) REFERENCES lines(\"group\", extension) ON DELETE CASCADE"
    ") STRICT;",
    // 2: the realm of a group's passwords
    "ALTER TABLE groups ADD COLUMN realm TEXT NOT NULL DEFAULT '';",
    // 3: what groups bar as targets of forwardings.
    "ALTER TABLE groups ADD COLUMN bar_premium INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE groups ADD COLUMN bar_foreign INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE groups ADD COLUMN barred_prefixes TEXT NOT NULL DEFAULT '';",
    // 4: how the PBX is spoken to, and whom TLS believes
    "ALTER TABLE groups ADD COLUMN transport TEXT NOT NULL DEFAULT 'udp';"
    "ALTER TABLE groups ADD COLUMN tls_ca_file TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE groups ADD COLUMN tls_verify INTEGER NOT NULL DEFAULT 1;",
    // 5: who may use the API
    "ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'user';"
    "ALTER TABLE users ADD COLUMN password BLOB NOT NULL DEFAULT x'';"
    "CREATE TABLE sessions("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  hash TEXT NOT NULL UNIQUE,"
    "  user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,"
    "  started_s INTEGER NOT NULL,"
    "  used_s INTEGER NOT NULL,"
    "  address TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX sessions_by_user ON sessions(user, hash);"
    "CREATE TABLE tokens("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  serial TEXT NOT NULL UNIQUE,"
    "  name TEXT NOT NULL,"
    "  user TEXT NOT NULL,"
    "  \"group\" TEXT NOT NULL,"
    "  scope TEXT NOT NULL,"
    "  created_s INTEGER NOT NULL,"
    "  expires_s INTEGER NOT NULL,"
    "  used_s INTEGER NOT NULL,"
    "  hash BLOB NOT NULL,"
    "  owner TEXT GENERATED ALWAYS AS (nullif(user, '')) VIRTUAL"
    "    REFERENCES users(name) ON DELETE CASCADE,"
    "  of_group TEXT GENERATED ALWAYS AS (nullif(\"group\", '')) VIRTUAL"
    "    REFERENCES groups(name) ON DELETE CASCADE"
    ") STRICT;"
    "CREATE INDEX tokens_by_user ON tokens(user, serial);"
    "CREATE INDEX tokens_by_owner ON tokens(owner);"
    "CREATE INDEX tokens_by_group ON tokens(of_group);",
    // 6: all conditions and levels: time zones, limits, what busy means; exceptions, administrative
    // forwardings, calendars
    "ALTER TABLE groups ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE groups ADD COLUMN pbx_ring_timeout INTEGER NOT NULL DEFAULT 30;"
    "ALTER TABLE groups ADD COLUMN other_contacts_grace INTEGER NOT NULL DEFAULT 15;"
    "ALTER TABLE groups ADD COLUMN max_forwarded_calls INTEGER NOT NULL DEFAULT 5;"
    "ALTER TABLE groups ADD COLUMN max_forwarded_per_hour INTEGER NOT NULL DEFAULT 60;"
    "ALTER TABLE groups ADD COLUMN group_call TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE groups ADD COLUMN decline_rejected TEXT NOT NULL DEFAULT '486';"
    "ALTER TABLE groups ADD COLUMN callers_as_dialled INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE users ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE users ADD COLUMN presence TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE lines ADD COLUMN second_call TEXT NOT NULL DEFAULT 'auto';"
    "ALTER TABLE lines ADD COLUMN max_calls INTEGER NOT NULL DEFAULT 2;"
    "ALTER TABLE lines ADD COLUMN other_contacts INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE forwardings ADD COLUMN delay INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE forwardings ADD COLUMN until INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE exceptions("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  \"group\" TEXT NOT NULL,"
    "  extension TEXT NOT NULL,"
    "  position INTEGER NOT NULL,"
    "  condition TEXT NOT NULL,"
    "  origin TEXT NOT NULL,"
    "  caller TEXT NOT NULL,"
    "  schedule TEXT NOT NULL,"
    "  presence TEXT NOT NULL,"
    "  ring INTEGER NOT NULL,"
    "  target TEXT NOT NULL,"
    "  delay INTEGER NOT NULL,"
    "  until INTEGER NOT NULL,"
    "  calls INTEGER NOT NULL,"
    "  enabled INTEGER NOT NULL,"
    "  UNIQUE(\"group\", extension, position),"
    "  FOREIGN KEY(\"group\", extension) REFERENCES lines(\"group\", extension) ON DELETE CASCADE"
    ") STRICT;"
    "CREATE TABLE calendars("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  name TEXT NOT NULL UNIQUE,"
    "  days TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE admin_forwardings("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  \"group\" TEXT NOT NULL REFERENCES groups(name) ON DELETE CASCADE,"
    "  name TEXT NOT NULL,"
    "  position INTEGER NOT NULL,"
    "  mandatory INTEGER NOT NULL,"
    "  condition TEXT NOT NULL,"
    "  origin TEXT NOT NULL,"
    "  schedule TEXT NOT NULL,"
    "  calendar TEXT NOT NULL,"
    "  holidays TEXT NOT NULL,"
    "  target TEXT NOT NULL,"
    "  delay INTEGER NOT NULL,"
    "  until INTEGER NOT NULL,"
    "  enabled INTEGER NOT NULL,"
    "  of_days TEXT GENERATED ALWAYS AS (nullif(calendar, '')) VIRTUAL REFERENCES calendars(name),"
    "  UNIQUE(\"group\", name)"
    ") STRICT;"
    "CREATE INDEX admin_forwardings_by_days ON admin_forwardings(of_days);",
    // 7: who changed what. Rows are only added, and the oldest removed after their time.
    "CREATE TABLE audit("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  at_us INTEGER NOT NULL,"
    "  actor TEXT NOT NULL,"
    "  for_user TEXT NOT NULL,"
    "  action TEXT NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  key TEXT NOT NULL,"
    "  before TEXT NOT NULL,"
    "  after TEXT NOT NULL"
    ") STRICT;"
    "CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit"
    "  BEGIN SELECT raise(ABORT, 'the audit is never changed'); END;",
    // 8: where else a group's calls come from
    "ALTER TABLE groups ADD COLUMN allowed_sources TEXT NOT NULL DEFAULT '';",
    // 9: how long calls are kept
    "ALTER TABLE groups ADD COLUMN journal_days INTEGER NOT NULL DEFAULT 90;",
    // 10: where copies of a group's SIP messages go
    "ALTER TABLE groups ADD COLUMN hep_server TEXT NOT NULL DEFAULT '';",
    // 11: what users put on with one touch
    "CREATE TABLE profiles("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,"
    "  name TEXT NOT NULL,"
    "  presence TEXT NOT NULL,"
    "  dnd TEXT NOT NULL,"
    "  forwardings TEXT NOT NULL,"
    "  minutes INTEGER NOT NULL,"
    "  end_at TEXT NOT NULL,"
    "  applied INTEGER NOT NULL,"
    "  until INTEGER NOT NULL,"
    "  UNIQUE(user, name)"
    ") STRICT;",
    // 12: whether a call on one line of a user makes the others busy
    "ALTER TABLE users ADD COLUMN busy_on_any_line INTEGER NOT NULL DEFAULT 0;",
    // 13: SIP devices of users
    "CREATE TABLE devices("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,"
    "  name TEXT NOT NULL,"
    "  line TEXT NOT NULL,"
    "  sip_user TEXT NOT NULL UNIQUE,"
    "  password BLOB NOT NULL,"
    "  UNIQUE(user, name)"
    ") STRICT;",
    // 14: whether forwardings are redirected or bridged, and as whom a bridged one calls
    "ALTER TABLE groups ADD COLUMN forward_by TEXT NOT NULL DEFAULT 'auto';"
    "ALTER TABLE groups ADD COLUMN bridge_caller_id TEXT NOT NULL DEFAULT 'caller_in_pai';",
    // 15: feature codes
    "ALTER TABLE groups ADD COLUMN feature_codes TEXT NOT NULL DEFAULT"
    " 'immediate=21, dnd=26, logged_off=70, busy=67, no_answer=61';"
    "ALTER TABLE groups ADD COLUMN feature_tones INTEGER NOT NULL DEFAULT 1;",
    // 16: checks of groups, and what they have found out
    "CREATE TABLE checks("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  \"group\" TEXT NOT NULL REFERENCES groups(name) ON DELETE CASCADE,"
    "  number INTEGER NOT NULL,"
    "  state TEXT NOT NULL,"
    "  started INTEGER NOT NULL,"
    "  ended INTEGER NOT NULL,"
    "  server TEXT NOT NULL,"
    "  lines TEXT NOT NULL,"
    "  external TEXT NOT NULL,"
    "  rows TEXT NOT NULL,"
    "  UNIQUE(\"group\", number)"
    ") STRICT;",
    // 17: what tables are sorted by (store_sorts), so that a page costs what it shows
    "CREATE INDEX lines_by_extension ON lines(extension, \"group\");"
    "CREATE INDEX lines_by_name ON lines(display_name COLLATE NOCASE, \"group\", extension);"
    "CREATE INDEX lines_by_name_in_group"
    "  ON lines(\"group\", display_name COLLATE NOCASE, extension);"
    "CREATE INDEX lines_by_user_name ON lines(user COLLATE NOCASE, \"group\", extension);"
    "CREATE INDEX lines_by_user_in_group ON lines(\"group\", user COLLATE NOCASE, extension);"
    "CREATE INDEX users_by_display_name ON users(display_name COLLATE NOCASE, name);"
    "CREATE INDEX devices_by_name ON devices(name, user);"
    "CREATE INDEX devices_by_sip_user ON devices(sip_user COLLATE NOCASE, user, name);"
    "CREATE INDEX devices_by_line ON devices(line COLLATE NOCASE, user, name);",
    // 18: whether the PBX is asked about desk phones
    "ALTER TABLE groups ADD COLUMN desk_phone_state TEXT NOT NULL DEFAULT 'auto';",
};

static const char *const journal_steps[] = {
    // 1: the entries. What a search compares stands in front; there is no index on purpose.
    "CREATE TABLE journal("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  \"group\" TEXT NOT NULL,"
    "  extension TEXT NOT NULL,"
    "  line_id INTEGER NOT NULL,"
    "  started_us INTEGER NOT NULL,"
    "  ended_us INTEGER NOT NULL,"
    "  caller TEXT NOT NULL,"
    "  caller_display TEXT NOT NULL,"
    "  dialled TEXT NOT NULL,"
    "  diverted_by TEXT NOT NULL,"
    "  call_id TEXT NOT NULL,"
    "  internal INTEGER NOT NULL,"
    "  verdict TEXT NOT NULL,"
    "  outcome TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  status INTEGER NOT NULL,"
    "  target TEXT NOT NULL,"
    "  trace BLOB NOT NULL"
    ") STRICT;",
    // 2: calls of devices: made by them, answered by them.
    "ALTER TABLE journal ADD COLUMN outgoing INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE journal ADD COLUMN answered_us INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE journal ADD COLUMN device TEXT NOT NULL DEFAULT '';",
    // 3: who owned the line when the call came. Of older calls nobody knows.
    "ALTER TABLE journal ADD COLUMN user_id INTEGER NOT NULL DEFAULT 0;",
    // 4: whom else the call went to, one line for each (model/journal.h)
    "ALTER TABLE journal ADD COLUMN legs TEXT NOT NULL DEFAULT '';",
    // 5: an entry is one value (sqlite_entry.c). Ids go on where they were, also when none is left.
    "CREATE TABLE entries(id INTEGER PRIMARY KEY AUTOINCREMENT, entry BLOB NOT NULL) STRICT;"
    "INSERT INTO entries SELECT id, entry_of_columns(\"group\", extension, line_id, started_us,"
    "  ended_us, caller, caller_display, dialled, diverted_by, call_id, internal, verdict, outcome,"
    "  reason, status, target, trace, outgoing, answered_us, device, user_id, legs)"
    "  FROM journal ORDER BY id;"
    "DELETE FROM sqlite_sequence WHERE name='entries';"
    "INSERT INTO sqlite_sequence SELECT 'entries', seq FROM sqlite_sequence WHERE name='journal';"
    "DROP TABLE journal;"
    "ALTER TABLE entries RENAME TO journal;",
    // 6: figures of each hour and group (sqlite_figures.c). Entries before that are not counted
    // yet.
    "CREATE TABLE figures("
    "  hour INTEGER NOT NULL,"
    "  \"group\" TEXT NOT NULL,"
    "  figures BLOB NOT NULL,"
    "  PRIMARY KEY(hour, \"group\")"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE uncounted(before_id INTEGER NOT NULL) STRICT;"
    "INSERT INTO uncounted SELECT id + 1 FROM journal ORDER BY id DESC LIMIT 1;",
};

struct schema {
    const char *const *steps;
    int version; // how many steps there are
};

#define SCHEMA(of_steps)                                                                           \
    {                                                                                              \
        (of_steps), sizeof(of_steps) / sizeof(of_steps)[0]                                         \
    }
static const struct schema schemas[] = {
    [SCHEMA_SETTINGS] = SCHEMA(settings_steps),
    [SCHEMA_JOURNAL] = SCHEMA(journal_steps),
};

// Reads a statement's single number.
static enum err read_number(struct sqlite_store *store, const struct database *database,
                            const char *sql, int *number)
{
    sqlite3_stmt *none = NULL;
    sqlite3_stmt *statement = sqlite_take(store, database, &none, sql);
    if (!statement) return store->base.problem.err;
    enum err err = ERR_NONE;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        *number = sqlite3_column_int(statement, 0);
    } else {
        err = sqlite_fail(store, database);
    }
    sqlite3_finalize(statement);
    return err;
}

// Refuses what this program must not touch: a newer schema, or somebody else's tables.
static enum err check_version(struct sqlite_store *store, const struct database *database,
                              const struct schema *schema, int *version)
{
    int table_count = 0;
    enum err err = read_number(store, database, "PRAGMA user_version", version);
    if (err != ERR_NONE) return err;
    if (*version > schema->version) {
        return store_fail(&store->base, ERR_TOO_NEW,
                          "%s: was written by a newer version of Lineward (schema %d, this program "
                          "knows up to %d): run that version, or restore a back-up",
                          database->file, *version, schema->version);
    }
    err = read_number(store, database, "SELECT count(*) FROM sqlite_schema", &table_count);
    if (err != ERR_NONE) return err;
    if (*version < 0 || (*version == 0 && table_count > 0)) {
        return store_fail(&store->base, ERR_CORRUPT, "%s: is not a database of Lineward",
                          database->file);
    }
    return ERR_NONE;
}

static enum err take_steps(struct sqlite_store *store, const struct database *database,
                           const struct schema *schema)
{
    char pragma[64];
    int version = 0;
    // Another handle may have been faster: look again, now that nobody else writes.
    enum err err = check_version(store, database, schema, &version);
    for (; err == ERR_NONE && version < schema->version; version++) {
        err = sqlite_run(store, database, schema->steps[version]);
    }
    if (err != ERR_NONE) return err;
    struct buffer out = buffer_over(pragma, sizeof pragma);
    buffer_printf(&out, "PRAGMA user_version=%d", schema->version);
    return sqlite_run(store, database, pragma);
}

enum err sqlite_migrate(struct sqlite_store *store, const struct database *database,
                        enum sqlite_schema schema)
{
    int version = 0;
    enum err err = check_version(store, database, &schemas[schema], &version);
    if (err != ERR_NONE || version == schemas[schema].version) return err;
    if (sqlite_offer_entry_of_columns(database->handle) != SQLITE_OK) {
        return sqlite_fail(store, database);
    }
    err = sqlite_run(store, database, "BEGIN IMMEDIATE");
    if (err != ERR_NONE) return err;
    err = take_steps(store, database, &schemas[schema]);
    if (err == ERR_NONE) err = sqlite_run(store, database, "COMMIT");
    if (err != ERR_NONE) sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    return err;
}
