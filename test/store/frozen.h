// SPDX-License-Identifier: Apache-2.0
// The settings' schemas as each version of Lineward has left them on people's disks: frozen here,
// so that an edited step of src/store/sqlite_schema.c is noticed. Schema N is what the first N
// make. With each migration its text is appended.
#pragma once

// What a version from the first on has written, by the columns that it knew.
static const char rows[] =
    "INSERT INTO groups(name, enabled, server, domain, register_interval_s, register_rate,"
    "  country_code, area_code, main_number, outside_prefix, national_prefix,"
    "  international_prefix, internal_ranges, diversion, decline_unavailable, max_diversions)"
    "  VALUES('trial', 1, '192.0.2.1:5060', 'pbx.example', 600, 20, '49', '89', '+498912340',"
    "  '0', '0', '00', '100-199', 'both', '480', 7);"
    "INSERT INTO users(name, display_name, business, mobile, home, mailbox, dnd, login)"
    "  VALUES('sales', 'Sales', '101', '+491701234567', '', '700', 1, 'off');"
    "INSERT INTO lines(\"group\", extension, enabled, user, display_name, auth_user, password,"
    "  number_withheld) VALUES('trial', '101', 1, 'sales', 'Front desk', 'auth101', x'', 1),"
    "  ('trial', '102', 0, '', '', '', x'', 0);"
    "INSERT INTO forwardings(\"group\", extension, condition, origin, target, enabled)"
    "  VALUES('trial', '101', 'immediate', 'external', '103', 1),"
    "  ('trial', '101', 'dnd', 'internal', 'mailbox', 0);";

static const char *const frozen[] = {
    // 1
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
    // 2
    "ALTER TABLE groups ADD COLUMN realm TEXT NOT NULL DEFAULT '';",
    // 3
    "ALTER TABLE groups ADD COLUMN bar_premium INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE groups ADD COLUMN bar_foreign INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE groups ADD COLUMN barred_prefixes TEXT NOT NULL DEFAULT '';",
    // 4
    "ALTER TABLE groups ADD COLUMN transport TEXT NOT NULL DEFAULT 'udp';"
    "ALTER TABLE groups ADD COLUMN tls_ca_file TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE groups ADD COLUMN tls_verify INTEGER NOT NULL DEFAULT 1;",
    // 5
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
    // 6
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
    // 7
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
    // 8
    "ALTER TABLE groups ADD COLUMN allowed_sources TEXT NOT NULL DEFAULT '';",
    // 9
    "ALTER TABLE groups ADD COLUMN journal_days INTEGER NOT NULL DEFAULT 90;",
    // 10
    "ALTER TABLE groups ADD COLUMN hep_server TEXT NOT NULL DEFAULT '';",
    // 11
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
    // 12
    "ALTER TABLE users ADD COLUMN busy_on_any_line INTEGER NOT NULL DEFAULT 0;",
    // 13
    "CREATE TABLE devices("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,"
    "  name TEXT NOT NULL,"
    "  line TEXT NOT NULL,"
    "  sip_user TEXT NOT NULL UNIQUE,"
    "  password BLOB NOT NULL,"
    "  UNIQUE(user, name)"
    ") STRICT;",
    // 14
    "ALTER TABLE groups ADD COLUMN forward_by TEXT NOT NULL DEFAULT 'auto';"
    "ALTER TABLE groups ADD COLUMN bridge_caller_id TEXT NOT NULL DEFAULT 'caller_in_pai';",
    // 15
    "ALTER TABLE groups ADD COLUMN feature_codes TEXT NOT NULL DEFAULT"
    " 'immediate=21, dnd=26, logged_off=70, busy=67, no_answer=61';"
    "ALTER TABLE groups ADD COLUMN feature_tones INTEGER NOT NULL DEFAULT 1;",
    // 16
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
    // 17
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
    // 18
    "ALTER TABLE groups ADD COLUMN desk_phone_state TEXT NOT NULL DEFAULT 'auto';",
};
enum { FROZEN_COUNT = sizeof frozen / sizeof frozen[0] };

// The same of journal.db.
static const char *const frozen_journal[] = {
    // 1
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
    // 2
    "ALTER TABLE journal ADD COLUMN outgoing INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE journal ADD COLUMN answered_us INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE journal ADD COLUMN device TEXT NOT NULL DEFAULT '';",
    // 3
    "ALTER TABLE journal ADD COLUMN user_id INTEGER NOT NULL DEFAULT 0;",
    // 4
    "ALTER TABLE journal ADD COLUMN legs TEXT NOT NULL DEFAULT '';",
    // 5, of a journal without entries
    "CREATE TABLE entries(id INTEGER PRIMARY KEY AUTOINCREMENT, entry BLOB NOT NULL) STRICT;"
    "DROP TABLE journal;"
    "ALTER TABLE entries RENAME TO journal;",
    // 6
    "CREATE TABLE figures("
    "  hour INTEGER NOT NULL,"
    "  \"group\" TEXT NOT NULL,"
    "  figures BLOB NOT NULL,"
    "  PRIMARY KEY(hour, \"group\")"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE uncounted(before_id INTEGER NOT NULL) STRICT;",
};
enum { FROZEN_JOURNAL_COUNT = sizeof frozen_journal / sizeof frozen_journal[0] };

// A call, as the versions up to 4 have written it.
static const char journal_columns[] =
    "INSERT INTO journal(\"group\",extension,line_id,started_us,ended_us,caller,caller_display,"
    "dialled,diverted_by,call_id,internal,verdict,outcome,reason,status,target,trace) VALUES"
    "('trial','101',1,1790000000000001,1790000000250000,'+491701234567','','101','','a@b',0,"
    "'redirect','forwarded','unconditional',302,'103',x'0100020000000000')";

// The same call, as those from 5 on have.
static const char journal_bytes[] =
    "INSERT INTO journal(entry) VALUES(x'"
    "05747269616c033130310181c097d1edff960390e1a6d1edff96030d2b343931373031323334"
    "3536370003313031000361406200000000ae02033130330801000200000000000000000000"
    "')";
