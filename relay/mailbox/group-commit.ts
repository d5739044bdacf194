/**
 * Work on a SQLite database, of which much shares one transaction. The engine waits for the disk in the calling thread; so
 * what is asked for in one turn of the event loop waits for it once, and each hears of it after the commit.
 */
import type { DatabaseSync } from 'node:sqlite'
import { MAX_COMMIT_BYTES } from '../limits.ts'

interface Operation {
  readonly bytes: number
  /** Does the work, and gives what tells its caller that it is committed. */
  readonly attempt: () => () => void
  readonly fail: (error: unknown) => void
}

export class GroupCommit {
  readonly #database: DatabaseSync
  #waiting: Operation[] = []
  #closed = false

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /**
   * Does `work`, which brings so many bytes into the database, after all that was asked for before. Resolves with what it
   * returned when that is durable. Rejects with what it threw, or with what kept it from being committed: then nothing
   * of it was done. The work may be done twice, the first time undone.
   */
  run<T>(work: () => T, bytes = 0): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new Error('the mailbox is closed')
      if (this.#waiting.length === 0) setImmediate(this.#next)
      this.#waiting.push({
        bytes,
        attempt: () => {
          const value = work()
          return () => resolve(value)
        },
        fail: reject,
      })
    })
  }

  /** Does what was asked for. Whatever comes later rejects. */
  close(): void {
    this.#closed = true
    while (this.#waiting.length > 0) this.#commit(this.#group())
  }

  readonly #next = (): void => {
    const group = this.#group()
    if (this.#waiting.length > 0) setImmediate(this.#next)
    this.#commit(group)
  }

  /** Takes from what waits as much as one transaction is for. */
  #group(): readonly Operation[] {
    let bytes = 0
    const end = this.#waiting.findIndex((operation) => (bytes += operation.bytes) > MAX_COMMIT_BYTES)
    // One by itself may be over it.
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(1, end))
  }

  #commit(group: readonly Operation[]): void {
    if (group.length === 0) return
    let done: readonly (() => void)[]
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      done = group.map(({ attempt }) => attempt())
      this.#database.exec('COMMIT')
    } catch (error) {
      const problem = this.#rolledBack(error)
      // What finds no room on the disk must not undo, time and again, the deletions beside it that would make room.
      if (group.length > 1) for (const operation of group) this.#commit([operation])
      else group[0]?.fail(problem)
      return
    }
    for (const tell of done) tell()
  }

  #rolledBack(error: unknown): unknown {
    try {
      // After some errors the engine has done so by itself.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      return error
    } catch (second) {
      return new AggregateError([error, second], `${String(error)}; rolling back: ${String(second)}`)
    }
  }
}
