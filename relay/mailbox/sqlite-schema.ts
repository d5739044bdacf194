/** The tables of the mailbox, and the triggers by which usage is right whatever adds to them or deletes from them. */
import { type DatabaseSync } from 'node:sqlite'
import { MAILBOX_ROW_BYTES, MAX_COMMIT_BYTES } from '../limits.ts'

/** What an owner may keep one of, besides its items. */
export const KEPT = { prekey: 1, blob: 2 } as const

const TABLES = `
  -- Those of whom there is anything. \`others\` counts rows of kept, revoked and subscriptions.
  CREATE TABLE owners (
    owner INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, last INTEGER NOT NULL DEFAULT 0,
    items INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, others INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE grants (
    owner INTEGER NOT NULL, grant_id BLOB NOT NULL, items INTEGER NOT NULL, bytes INTEGER NOT NULL,
    PRIMARY KEY (owner, grant_id)) WITHOUT ROWID;
  CREATE TABLE items (
    n INTEGER PRIMARY KEY, owner INTEGER NOT NULL, position INTEGER NOT NULL, grant_id BLOB NOT NULL,
    id BLOB NOT NULL, at INTEGER NOT NULL, size INTEGER NOT NULL, item BLOB NOT NULL);
  CREATE UNIQUE INDEX items_by_position ON items (owner, position);
  CREATE UNIQUE INDEX items_by_id ON items (owner, id);
  CREATE INDEX items_by_time ON items (at);
  CREATE TABLE kept (
    owner INTEGER NOT NULL, kind INTEGER NOT NULL, size INTEGER NOT NULL, content BLOB NOT NULL);
  CREATE UNIQUE INDEX kept_by_owner ON kept (owner, kind);
  CREATE TABLE revoked (
    owner INTEGER NOT NULL, grant_id BLOB NOT NULL, ends INTEGER NOT NULL,
    PRIMARY KEY (owner, grant_id)) WITHOUT ROWID;
  CREATE INDEX revoked_by_end ON revoked (ends);
  CREATE TABLE total (bytes INTEGER NOT NULL);
  INSERT INTO total VALUES (0);
`

const FORGET = 'DELETE FROM owners WHERE owner = OLD.owner AND items = 0 AND others = 0;'

const TRIGGERS = `
  CREATE TRIGGER item_came AFTER INSERT ON items BEGIN
    UPDATE owners SET items = items + 1, bytes = bytes + NEW.size, last = NEW.position WHERE owner = NEW.owner;
    INSERT INTO grants VALUES (NEW.owner, NEW.grant_id, 1, NEW.size)
      ON CONFLICT DO UPDATE SET items = items + 1, bytes = bytes + NEW.size;
    UPDATE total SET bytes = bytes + NEW.size + ${MAILBOX_ROW_BYTES};
  END;
  CREATE TRIGGER item_went AFTER DELETE ON items BEGIN
    UPDATE owners SET items = items - 1, bytes = bytes - OLD.size WHERE owner = OLD.owner;
    UPDATE grants SET items = items - 1, bytes = bytes - OLD.size
      WHERE owner = OLD.owner AND grant_id = OLD.grant_id;
    DELETE FROM grants WHERE owner = OLD.owner AND grant_id = OLD.grant_id AND items = 0;
    UPDATE total SET bytes = bytes - OLD.size - ${MAILBOX_ROW_BYTES};
    ${FORGET}
  END;
  CREATE TRIGGER kept_came AFTER INSERT ON kept BEGIN
    UPDATE owners SET others = others + 1 WHERE owner = NEW.owner;
    UPDATE total SET bytes = bytes + NEW.size + ${MAILBOX_ROW_BYTES};
  END;
  CREATE TRIGGER kept_changed AFTER UPDATE ON kept BEGIN
    UPDATE total SET bytes = bytes + NEW.size - OLD.size;
  END;
  CREATE TRIGGER revoked_came AFTER INSERT ON revoked BEGIN
    UPDATE owners SET others = others + 1 WHERE owner = NEW.owner;
    UPDATE total SET bytes = bytes + ${MAILBOX_ROW_BYTES};
  END;
  CREATE TRIGGER revoked_went AFTER DELETE ON revoked BEGIN
    UPDATE owners SET others = others - 1 WHERE owner = OLD.owner;
    UPDATE total SET bytes = bytes - ${MAILBOX_ROW_BYTES};
    ${FORGET}
  END;
`

/** What version 2 added. */
const SUBSCRIPTIONS = `
  CREATE TABLE subscriptions (
    owner INTEGER NOT NULL, endpoint TEXT NOT NULL, size INTEGER NOT NULL, told INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0, not_before INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, endpoint)) WITHOUT ROWID;
  CREATE TRIGGER subscription_came AFTER INSERT ON subscriptions BEGIN
    UPDATE owners SET others = others + 1 WHERE owner = NEW.owner;
    UPDATE total SET bytes = bytes + NEW.size + ${MAILBOX_ROW_BYTES};
  END;
  CREATE TRIGGER subscription_went AFTER DELETE ON subscriptions BEGIN
    UPDATE owners SET others = others - 1 WHERE owner = OLD.owner;
    UPDATE total SET bytes = bytes - OLD.size - ${MAILBOX_ROW_BYTES};
    ${FORGET}
  END;
`

/** What version 3 added. `seen` is when an owner was last there; 0: it is not known. */
const AWAY = `
  ALTER TABLE owners ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX owners_by_seen ON owners (seen);
  CREATE TRIGGER kept_went AFTER DELETE ON kept BEGIN
    UPDATE owners SET others = others - 1 WHERE owner = OLD.owner;
    UPDATE total SET bytes = bytes - OLD.size - ${MAILBOX_ROW_BYTES};
    ${FORGET}
  END;
`

/** What version 4 added: when the relay's clock was read last, and by how much it was ahead. */
const CLOCK = 'CREATE TABLE clock (n INTEGER PRIMARY KEY, read INTEGER NOT NULL, ahead INTEGER NOT NULL);'

/** By version, what it added to the one before it. */
const CHANGES = [`${TABLES} ${TRIGGERS}`, SUBSCRIPTIONS, AWAY, CLOCK]

/** Sets the database up, or takes it as it is. Throws an Error that says why it cannot be used. */
export function prepare(database: DatabaseSync): void {
  // Before the journal: so only this process may have it open, and a second relay in the folder is told at once.
  database.exec('PRAGMA locking_mode = EXCLUSIVE')
  database.exec('PRAGMA journal_mode = WAL')
  // A commit survives loss of power.
  database.exec('PRAGMA synchronous = FULL')
  // The journal grows with the largest transaction, and would stay as large.
  database.exec(`PRAGMA journal_size_limit = ${8 * MAX_COMMIT_BYTES}`)
  // What is confirmed is overwritten, not left lying in free pages.
  database.exec('PRAGMA secure_delete = ON')
  database.exec('BEGIN IMMEDIATE')
  try {
    const version = database.prepare('PRAGMA user_version').get()?.['user_version']
    if (typeof version !== 'number' || version < 0 || version > CHANGES.length)
      throw new Error(`it was made by version ${String(version)} of its tables`)
    for (const change of CHANGES.slice(version)) database.exec(change)
    database.exec(`PRAGMA user_version = ${CHANGES.length}`)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
