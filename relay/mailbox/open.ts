/** The mailbox of a relay, in its data folder: store, service and the look for what had its time. */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Libp2p } from '@libp2p/interface'
import { StartError } from '../config.ts'
import { MAILBOX_SWEEP_MS, MAX_LINES_OF_A_KIND_PER_MINUTE } from '../limits.ts'
import { limitedLog, type Log, reasonOf } from '../log.ts'
import { openPush, type SignedPush } from '../push/open.ts'
import { MailboxService } from './service.ts'
import { SqliteMailboxStore } from './sqlite-store.ts'
import { roomOf } from './store.ts'
import { verifySignature } from './verify.ts'

const FILE = 'mailbox.sqlite'
const SQLITE_BUSY = 5

export interface OpenMailbox {
  readonly serve: (node: Libp2p) => Promise<void>
  /** Ends what was begun, and closes the file; once no client is served any more. */
  readonly close: () => Promise<void>
}

/** Opens the mailbox in `dataDir`, with room for so many bytes; without `push` it wakes nobody. Throws StartError. */
export function openMailbox(
  dataDir: string,
  bytes: number,
  log: Log,
  push: SignedPush | undefined,
): OpenMailbox {
  const store = openStore(join(dataDir, FILE), bytes)
  const failures = limitedLog(log, MAX_LINES_OF_A_KIND_PER_MINUTE)
  const cutOffs = limitedLog(log, MAX_LINES_OF_A_KIND_PER_MINUTE)
  const failed = (error: unknown): void => failures(`the mailbox failed: ${reasonOf(error)}`)
  const waker = push && openPush({ ...push, store, failed, log })
  const service = new MailboxService({
    ...{ store, verify: verifySignature, now: Date.now, failed, log: cutOffs, push: waker },
  })
  let closing = false
  const sweep = (): void =>
    void service.mailbox.sweep().catch((error: unknown) => {
      // One that the end of the relay cuts short goes on at the next start.
      if (!closing) failed(error)
    })
  const begun = service.mailbox.begin()
  const sweeping = setInterval(sweep, MAILBOX_SWEEP_MS)
  // What keeps it from beginning is told to whoever has it serve.
  begun.then(sweep, () => undefined)
  return {
    serve: async (node) => {
      await begun
      await service.serve(node)
    },
    close: async () => {
      closing = true
      clearInterval(sweeping)
      waker?.close()
      await store.close().catch(failed)
    },
  }
}

function openStore(path: string, bytes: number): SqliteMailboxStore {
  try {
    // As the key beside it: whom there is mail for is for nobody else on this machine.
    closeSync(openSync(path, 'a', 0o600))
    return new SqliteMailboxStore(new DatabaseSync(path), roomOf(bytes))
  } catch (error) {
    const inUse = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
    throw new StartError(
      inUse
        ? `The mailbox ${path} is in use: stop the other relay, or set DATA_DIR to a folder of its own.`
        : `Cannot use the mailbox ${path} (${reasonOf(error)}): check who may write to it, restore it from a backup, or delete it to begin with an empty one.`,
      { cause: error },
    )
  }
}
