/** Opens the index: on disk where this browser lets a worker have files, otherwise in memory. */
import sqlite3InitModule, { type SAHPoolUtil, type Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import wasmUrl from '@sqlite.org/sqlite-wasm/sqlite3.wasm?url'
import { MessageIndex } from './message-index.ts'
import { OtherVersionError } from './schema.ts'

/** The folder of the index among the files of this origin. */
const FOLDER = 'gigi-search'
const FILE = '/index.sqlite3'
/** Memory for pages of the index, KiB. */
const CACHE_KIB = 16 * 1024

/** Files of a worker that has just ended may be kept a little longer: how often they are tried, and how long apart, milliseconds. */
const MAX_TRIES = 10
const RETRY_MS = 200

export interface OpenIndex {
  readonly index: MessageIndex
  /** Whether it outlives this worker. */
  readonly lasts: boolean
}

/**
 * disk: the index as it was left. fresh: on disk, made anew. memory: made anew, and gone with this worker. What cannot be
 * had on disk is in memory.
 */
export type Where = 'disk' | 'fresh' | 'memory'

/** Throws what SQLite says of a file that is broken, and what the browser says when SQLite itself cannot be loaded. */
export async function openIndex(where: Where): Promise<OpenIndex> {
  // SQLite's own options, which its types leave out.
  const options = { locateFile: () => wasmUrl, print: () => undefined }
  const sqlite = await (sqlite3InitModule as (o: typeof options) => Promise<Sqlite3Static>)(options)
  const pool = where === 'memory' ? null : await openPool(sqlite)
  if (pool === null) return { index: new MessageIndex(new sqlite.oo1.DB(':memory:')), lasts: false }
  if (where === 'fresh') await pool.wipeFiles()
  try {
    return { index: openFile(pool), lasts: true }
  } catch (error) {
    if (!(error instanceof OtherVersionError)) throw error
    await pool.wipeFiles()
    return { index: openFile(pool), lasts: true }
  }
}

/** Null where there are no files, as in some private windows, or where another worker keeps them. */
async function openPool(sqlite: Sqlite3Static): Promise<SAHPoolUtil | null> {
  const options = {
    name: FOLDER,
    directory: `/${FOLDER}`,
    initialCapacity: 4,
    forceReinitIfPreviouslyFailed: true,
  }
  for (let tries = 1; ; tries++)
    try {
      return await sqlite.installOpfsSAHPoolVfs(options)
    } catch (error) {
      const isKept = error instanceof DOMException && error.name === 'NoModificationAllowedError'
      if (!isKept || tries === MAX_TRIES) {
        console.info('[gigi] the message index is held in memory', { reason: String(error) })
        return null
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
}

function openFile(pool: SAHPoolUtil): MessageIndex {
  const db = new pool.OpfsSAHPoolDb(FILE)
  try {
    // A crash of the browser loses nothing; of a crash of the machine, it is enough that it shows.
    db.exec(
      `PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = NORMAL;
       PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${CACHE_KIB}`,
    )
    return new MessageIndex(db)
  } catch (error) {
    db.close()
    throw error
  }
}
