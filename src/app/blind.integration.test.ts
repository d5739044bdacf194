/** What a relay sees and keeps of two people who use the shipping client (D10): everything below the interface is real. */
import 'fake-indexeddb/auto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { boundedYamux as BoundedYamux } from '../../relay/muxer.ts'
import { pushService } from '../../relay/push/testing.ts'
import { temporaryFolder, testRelay, type TestRelay, until } from '../../relay/testing.ts'
import { decodeBackup } from '../protocol/backup.ts'
import { fromBase64url, keyOfPeerId } from '../protocol/identifiers.ts'
import { openInvite } from '../protocol/invite.ts'
import { openItem } from '../protocol/letter.ts'
import { BACKUP_SIZES, LETTER_SIZES } from '../protocol/limits.ts'
import { decodeMailboxRequest, MAILBOX_PROTOCOL } from '../protocol/mailbox.ts'
import { readContact } from '../store/people.ts'
import { readRelayConfig, requireIdentity } from '../store/identity.ts'
import { savePush } from '../store/push.ts'
import { GigiDatabase, type IdentityRow } from '../store/schema.ts'
import { findNeedles, type Needle, spellings, textNeedle } from '../testing/needles.ts'
import { RelayTap } from '../testing/relay-tap.ts'
import type { Commands, Queries } from './api.ts'
import { createCommands } from './commands.ts'
import { composeEngine, type ComposedEngine } from './compose.ts'
import { timer } from './ports.ts'
import { createQueries } from './queries.ts'
import { UNKNOWN_STATUS } from './status.ts'

/** Bytes that sealing adds: the tag of AES-GCM. */
const TAG_BYTES = 16
/** Of the relay's table of what owners keep: the backup. */
const BLOB = 2

let tap: RelayTap
vi.mock('../../relay/muxer.ts', async (original) => {
  const { boundedYamux } = await original<{ boundedYamux: typeof BoundedYamux }>()
  const tapped: typeof boundedYamux = (log) => () => {
    const factory = boundedYamux(log)()
    return {
      ...factory,
      createStreamMuxer: (connection) => {
        tap.listen(connection)
        return factory.createStreamMuxer(connection)
      },
    }
  }
  return { boundedYamux: tapped }
})

beforeEach(() => {
  tap = new RelayTap()
  for (const level of ['info', 'warn'] as const) vi.spyOn(console, level).mockReturnValue()
})

interface Client {
  readonly db: GigiDatabase
  readonly identity: IdentityRow
  readonly commands: Commands
  readonly queries: Queries
  /** Starts the node as a tab does. */
  readonly come: () => Promise<ComposedEngine>
}

/** Someone's browser, with a subscription to pushes there. */
async function clientOf(nickname: string, endpoint: string): Promise<Client> {
  const db = new GigiDatabase(nickname)
  const nobody = (): void => undefined
  const keeper = { keep: nobody, keepStorage: () => Promise.resolve(false) }
  const commands = createCommands({ db, show: nobody, compose: nobody, ...keeper })
  await commands.createIdentity(nickname)
  const identity = await requireIdentity(db)
  const come = async (): Promise<ComposedEngine> => {
    const listener = {
      network: nobody,
      peer: nobody,
      trouble: nobody,
      typing: nobody,
      wrote: nobody,
      replaced: nobody,
    }
    const composed = await composeEngine(db, identity, {
      timer,
      listener: { ...listener, fenced: nobody },
      onNearby: nobody,
    })
    onTestFinished(() => composed.engine.stop())
    await composed.engine.start()
    await until(async () => (await readRelayConfig(db)) !== null, 'word of the relay')
    await savePush(db, endpoint, (await readRelayConfig(db))?.vapid ?? '')
    return composed
  }
  const facts = { status: UNKNOWN_STATUS, leads: false, lastTrouble: null }
  return { db, identity, commands, queries: createQueries(db, 'http://gigi.example/', () => facts), come }
}

/** Resolves when what someone wrote has that status. */
const isAt = (client: Client, text: string, status: string): Promise<void> =>
  until(
    async () => {
      const [conversation] = await client.queries.conversations()
      if (conversation === undefined) return false
      const { messages } = await client.queries.messages(conversation.id, 100)
      return messages.some(
        ({ content, status: its }) => content.type === 'Text' && content.text === text && its === status,
      )
    },
    `“${text}” to be ${status}`,
    20_000,
  )

/** Resolves when nothing is left to do: prekey, backup and subscription are at the relay. */
const settled = ({ engine }: ComposedEngine): Promise<void> =>
  until(() => engine.isQuiet, 'the engine to be quiet', 20_000)

/** All that is in the relay's folder at the moment, and all that passed. */
async function seenBy(relay: TestRelay, folder: string): Promise<Map<string, Uint8Array>> {
  const places = new Map(tap.places)
  for (const name of await readdir(folder)) places.set(name, await readFile(join(folder, name)))
  return places.set('the log', Buffer.from(relay.logged.join('\n')))
}

const sizeOfLetter = (item: Uint8Array): number => openItem(item).ciphertext.length - TAG_BYTES
const sizeOfBackup = (blob: Uint8Array): number => decodeBackup(blob).ciphertext.length - TAG_BYTES

test('a relay neither sees nor keeps what two people say, who they say they are, or what lets them meet', async () => {
  const folder = await temporaryFolder()
  const relay = await testRelay({
    dataDir: folder,
    push: { contact: 'mailto:me@gigi.example', local: true },
  })
  const realFetch = fetch
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => realFetch(new URL(path, relay.url), init))
  onTestFinished(() => void vi.unstubAllGlobals())
  const pushes = await pushService()
  const [toAlice, toBob] = [pushes.endpoint('first'), pushes.endpoint('second')]
  const [alice, bob] = [await clientOf('Wilhelmina', toAlice), await clientOf('Bartholomew', toBob)]
  const texts = [
    'Meet me at noon by the old oak.',
    'Nobody else will be there?',
    'Only the ravens, as always.',
  ]
  const [first = '', second = '', third = ''] = texts

  // She is away when he opens her link and writes.
  const atAlice = await alice.come()
  await settled(atAlice)
  const link = (await alice.queries.inviteLink()) ?? ''
  await atAlice.engine.stop()
  const atBob = await bob.come()
  const conversation = await bob.commands.addByInvite(link)
  await bob.commands.sendText(conversation, first)
  await isAt(bob, first, 'Synced')

  // They meet, and a word passes through the relay between them.
  const again = await alice.come()
  await isAt(bob, first, 'Delivered')
  await alice.commands.sendText(conversation, second)
  await isAt(alice, second, 'Delivered')
  await settled(atBob)
  await atBob.engine.stop()

  // Now he is away.
  await alice.commands.sendText(conversation, third)
  await isAt(alice, third, 'Synced')
  await until(() => pushes.posted.some(({ path }) => path === '/second'), 'him to be woken')
  await settled(again)

  const { secret } = openInvite(link).invite
  const needles: Needle[] = [
    ...texts.map((text, i) => textNeedle(`text ${i}`, text)),
    ...[alice, bob].map(({ identity }) => textNeedle('a nickname', identity.nickname)),
    { name: 'the invite’s secret', bytes: fromBase64url(secret) },
    textNeedle('the invite’s secret in words', secret),
    { name: 'the conversation', bytes: fromBase64url(conversation) },
    textNeedle('the conversation in words', conversation),
  ]
  const seen = await seenBy(relay, folder)
  expect(findNeedles(needles, seen)).toEqual([])
  expect(pushes.posted.map(({ body }) => body).join('')).toBe('')

  // What is there, so that the search is known to look where things are.
  const kept = new Map([...seen].filter(([place]) => place.startsWith('mailbox.sqlite')))
  expect([...kept.keys()]).toContain('mailbox.sqlite-wal')
  const passed = new Map([...seen].filter(([place]) => place.includes('connection')))
  for (const { identity } of [alice, bob]) {
    const key = { name: 'a key', bytes: keyOfPeerId(identity.peer_id) }
    for (const places of [kept, passed]) expect(findNeedles([key], places)).not.toEqual([])
  }
  for (const endpoint of [toAlice, toBob])
    for (const places of [kept, passed])
      expect(findNeedles([textNeedle('an endpoint', endpoint)], places)).not.toEqual([])

  expect(
    findNeedles([textNeedle('a relayed connection', '/libp2p/circuit/relay/0.2.0/stop')], passed),
  ).not.toEqual([])

  // Whatever was left or kept has a padded size.
  const requests = tap.framesOf(MAILBOX_PROTOCOL).map(decodeMailboxRequest)
  const items = requests.flatMap((request) => (request?.type === 'deposit' ? [request.item] : []))
  const blobs = requests.flatMap((request) => (request?.type === 'keep' ? [request.blob] : []))
  expect([items.length, blobs.length]).toEqual([expect.toSatisfy(atLeast(2)), expect.toSatisfy(atLeast(2))])
  for (const item of items) expect(LETTER_SIZES).toContain(sizeOfLetter(item))
  for (const blob of blobs) expect(BACKUP_SIZES).toContain(sizeOfBackup(blob))

  // Unsealed, each of them would have been found, whether kept or passing by.
  const { grant_from: grant } = (await readContact(alice.db, bob.identity.peer_id)) ?? {}
  if (grant === undefined) throw new Error('she may not leave him mail')
  const item = Buffer.concat(needles.flatMap((needle) => spellings(needle).map(({ as }) => as)))
  const id = Buffer.alloc(16).toString('base64url')
  const address = { grant, relays: [relay.address] }
  expect(await again.transport.mailbox.deposit(address, { id, item })).toBe('done')
  const found = findNeedles(needles, await seenBy(relay, folder))
  for (const { name } of needles.flatMap(spellings)) {
    expect(found).toContain(`${name} in mailbox.sqlite-wal`)
    expect(found.some((where) => where.startsWith(`${name} in from connection`))).toBe(true)
  }

  await again.engine.stop()
  await relay.stop()
  const database = new DatabaseSync(join(folder, 'mailbox.sqlite'), { readOnly: true })
  onTestFinished(() => database.close())
  const held = database.prepare('SELECT item FROM items WHERE id <> ?').all(Buffer.alloc(16))
  expect(held.map((row) => Buffer.from(row['item'] as Uint8Array))).not.toEqual([])
  for (const row of held) expect(LETTER_SIZES).toContain(sizeOfLetter(row['item'] as Uint8Array))
  // Of whoever left them there is nothing in them, nor in what stands beside them but for what is her own.
  const [hers, his] = [alice, bob].map(({ identity }) => Buffer.from(keyOfPeerId(identity.peer_id)))
  const rows = database.prepare('SELECT owners.key, items.* FROM items JOIN owners USING (owner)').all()
  expect(rows.length).toBeGreaterThan(1)
  for (const row of rows) {
    expect(Buffer.from(row['key'] as Uint8Array)).toEqual(his)
    const place = new Map(
      Object.entries(row).map(([name, value]) => [
        name,
        Buffer.from(value instanceof Uint8Array ? value : String(value)),
      ]),
    )
    expect(findNeedles([{ name: 'the depositor', bytes: hers ?? Buffer.alloc(0) }], place)).toEqual([])
  }
  const grants = database.prepare('SELECT grants.* FROM grants JOIN owners USING (owner) WHERE key = ?')
  expect(grants.all(his ?? '').map((row) => Object.keys(row).join())).toEqual(
    expect.arrayContaining(['owner,grant_id,items,bytes']),
  )
  const backups = database.prepare('SELECT content FROM kept WHERE kind = ?').all(BLOB)
  expect(backups).toHaveLength(2)
  for (const row of backups) expect(BACKUP_SIZES).toContain(sizeOfBackup(row['content'] as Uint8Array))
})

const atLeast =
  (least: number) =>
  (count: number): boolean =>
    count >= least
