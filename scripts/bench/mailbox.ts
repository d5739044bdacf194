/**
 * Deposits and fetches a second through a relay in a process of its own, and the same rows written and read by bare
 * `node:sqlite` with the same durability: each round one after the other, on the same disk. Of the bare writes one kind
 * waits for the disk after each row, the other after as many as the relay has under way at most.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Libp2p } from '@libp2p/interface'
import { MAX_MAILBOX_REQUESTS_UNDER_WAY } from '../../relay/limits.ts'
import { MailboxClient } from '../../relay/mailbox/test-client.ts'
import { ownerOf } from '../../relay/mailbox/testing.ts'
import { clientNode } from '../../relay/test-node.ts'
import { keyOfPeerId, toBase64url } from '../../src/protocol/identifiers.ts'
import { FETCH_BYTES, MAX_ITEMS_PER_FETCH } from '../../src/protocol/limits.ts'
import { startRelayProcess } from '../../src/testing/relay-process.ts'

const ROUNDS = 5
const DEPOSITORS = 16
/** Deposits of each: under what one grant allows in a minute. */
const DEPOSITS = 250
/** Bytes of an item: a letter with a short text, padded. */
const ITEM_BYTES = 4096
const ITEMS = DEPOSITORS * DEPOSITS
const UNDER_WAY = DEPOSITORS * MAX_MAILBOX_REQUESTS_UNDER_WAY

/** Items a second. */
interface Figures {
  readonly deposits: number
  readonly fetches: number
}

const rate = (since: number): number => (ITEMS * 1000) / (performance.now() - since)

async function throughRelay(folder: string): Promise<Figures> {
  const relay = await startRelayProcess(folder)
  const nodes: Libp2p[] = []
  try {
    const joined = async (n: number): Promise<MailboxClient> => {
      const node = await clientNode(undefined, (await ownerOf(n)).privateKey)
      nodes.push(node)
      return MailboxClient.open(node, relay.config.relays[0] ?? '')
    }
    const owner = await ownerOf(100)
    const depositors = await Promise.all(
      Array.from({ length: DEPOSITORS }, async (_, n) => {
        const { peerId } = await ownerOf(n + 1)
        const id = toBase64url(randomBytes(16))
        return { client: await joined(n + 1), grant: owner.grant(peerId, { id }), left: DEPOSITS }
      }),
    )
    const item = randomBytes(ITEM_BYTES)
    let since = performance.now()
    await Promise.all(
      depositors.flatMap((depositor) =>
        Array.from({ length: MAX_MAILBOX_REQUESTS_UNDER_WAY }, async () => {
          while (depositor.left-- > 0) {
            const { client, grant } = depositor
            const id = toBase64url(randomBytes(16))
            const { code } = await client.ask({ type: 'deposit', grant, id, item })
            if (code !== 'done') throw new Error(`a deposit was ${code}`)
          }
        }),
      ),
    )
    const deposits = rate(since)
    const atOwner = await joined(100)
    since = performance.now()
    const { length } = await atOwner.fetchAll()
    if (length !== ITEMS) throw new Error(`${length} of ${ITEMS} items came back`)
    return { deposits, fetches: rate(since) }
  } finally {
    for (const node of nodes) await node.stop()
    await relay.kill()
  }
}

/** `group` rows in one transaction. */
async function bare(path: string, group: number): Promise<Figures> {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec(`CREATE TABLE items (
    n INTEGER PRIMARY KEY, owner BLOB, position INTEGER, grant_id BLOB, id BLOB, at INTEGER, item BLOB)`)
  database.exec('CREATE UNIQUE INDEX by_position ON items (owner, position)')
  const insert = database.prepare(
    'INSERT INTO items (owner, position, grant_id, id, at, item) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const [owner, grant, item] = [
    keyOfPeerId((await ownerOf(100)).peerId),
    randomBytes(16),
    randomBytes(ITEM_BYTES),
  ]
  let since = performance.now()
  for (let n = 0; n < ITEMS;) {
    database.exec('BEGIN IMMEDIATE')
    for (const end = Math.min(ITEMS, n + group); n < end; n++)
      insert.run(owner, n + 1, grant, randomBytes(16), Date.now(), item)
    database.exec('COMMIT')
  }
  const deposits = rate(since)
  const limit = Math.min(MAX_ITEMS_PER_FETCH, FETCH_BYTES / ITEM_BYTES)
  const page = database.prepare(
    'SELECT position, id, item FROM items WHERE owner = ? AND position > ? ORDER BY position LIMIT ?',
  )
  since = performance.now()
  for (let read = 0; read < ITEMS;) {
    const { length } = page.all(owner, read, limit)
    if (length === 0) throw new Error(`${read} of ${ITEMS} rows came back`)
    read += length
  }
  const fetches = rate(since)
  database.close()
  return { deposits, fetches }
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)
}

export async function bench(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gigi-bench-'))
  const measured: { relay: Figures; each: Figures; grouped: Figures }[] = []
  try {
    for (let round = 0; round < ROUNDS; round++)
      measured.push({
        relay: await throughRelay(join(folder, `relay-${round}`)),
        each: await bare(join(folder, `each-${round}.sqlite`), 1),
        grouped: await bare(join(folder, `grouped-${round}.sqlite`), UNDER_WAY),
      })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  console.log(`${ITEMS} items of ${ITEM_BYTES} bytes, ${DEPOSITORS} depositors; medians of ${ROUNDS} rounds`)
  for (const what of ['deposits', 'fetches'] as const) {
    const of = (kind: 'relay' | 'each' | 'grouped'): number =>
      median(measured.map((round) => round[kind][what]))
    const against = (kind: 'each' | 'grouped'): string =>
      `${of(kind)} (ratio ${(of('relay') / of(kind)).toFixed(2)})`
    console.log(`${what} a second: ${of('relay')} through the relay`)
    if (what === 'deposits') console.log(`  bare SQLite, a commit for each: ${against('each')}`)
    console.log(
      `  bare SQLite${what === 'deposits' ? `, a commit for ${UNDER_WAY}` : ''}: ${against('grouped')}`,
    )
  }
}
