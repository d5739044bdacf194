/** The tables of the message index. It is made from the message store, and can be made again at any time. */
import type { Database } from '@sqlite.org/sqlite-wasm'

/** Raised whenever the tables, or what the keys of a text are, change. */
const VERSION = 1

/**
 * `terms` holds no text, only which documents have which keys; beginnings have lists of their own, so that no key pressed
 * has to put lists together. `ascii` takes the keys as they are made (domain/search/index-terms.ts).
 */
const TABLES = `
  CREATE TABLE about (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE logs (log TEXT PRIMARY KEY, done TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE names (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE docs (place INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, at INTEGER NOT NULL);
  CREATE VIRTUAL TABLE terms USING fts5(
    keys, content='', contentless_delete=1, detail=none, prefix='1 2 3 4 5 6 7', tokenize='ascii'
  );
`

/** The index is of another version: it has to be made anew. */
export class OtherVersionError extends Error {
  override readonly name = 'OtherVersionError'
}

/** Makes the tables where there are none. Throws OtherVersionError, or what SQLite says of a file that is broken. */
export function prepareTables(db: Database): void {
  const version = Number(db.selectValue('PRAGMA user_version'))
  if (version === VERSION) return
  if (version !== 0) throw new OtherVersionError(`the index has version ${version}`)
  db.transaction(() => {
    db.exec(TABLES)
    db.exec(`PRAGMA user_version = ${VERSION}`)
  })
}
