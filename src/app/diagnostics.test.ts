import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { directConversationId, toBase64url } from '../protocol/identifiers.ts'
import { inviteLink } from '../protocol/invite.ts'
import { phraseOf } from '../protocol/recovery-phrase.ts'
import { addContact } from '../store/contacts.ts'
import { saveInviteSecret, saveRelayConfig } from '../store/identity.ts'
import { sendMessage } from '../store/outbox.ts'
import { savePush } from '../store/push.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { findNeedles, textNeedle } from '../testing/needles.ts'
import { databaseOf, person } from '../testing/people.ts'
import { describe, type NodeFacts } from './diagnostics.ts'

const NOW = Date.UTC(2026, 0, 1)
const [bob, alice] = [person('Bobbington', 1), person('Alicelein', 2)]
const RELAY_ID = person('', 3).peerId
const SECRET = toBase64url(bob.random.bytes(16))
const VAPID = toBase64url(Uint8Array.of(4, ...bob.random.bytes(64)))
const CONTENT = { type: 'Text', text: 'meet me at the old mill' } as const

const NODE: NodeFacts = {
  status: {
    network: 'online',
    peers: { [alice.peerId]: { online: true, path: 'direct', typing: false } },
    nearby: [{ peerId: alice.peerId, nickname: alice.nickname }],
    writers: {},
    trouble: null,
  },
  leads: true,
  lastTrouble: { trouble: 'storage-full', at: NOW - 5_000 },
}

let db: GigiDatabase

beforeEach(async () => {
  db = await databaseOf(bob, NOW)
  await saveRelayConfig(db, {
    relays: [`/dns4/relay.example/tcp/443/wss/p2p/${RELAY_ID}`, `/memory/${RELAY_ID}`],
    iceServers: [{ urls: 'turn:turn.example', username: 'turn-user-name', credential: 'turn-password' }],
    vapid: VAPID,
  })
  await saveInviteSecret(db, { secret: SECRET, expires: NOW + 1_000_000 })
  await savePush(db, 'https://push.example/endpoint-of-bob', VAPID)
  await addContact(db, bob.peerId, { peerId: alice.peerId, nickname: alice.nickname, relays: [] }, NOW)
  const conversation = directConversationId(bob.peerId, alice.peerId)
  await sendMessage(db, conversation, CONTENT, NOW - 7_000, bob.random.bytes)
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await db.delete()
})

test('it says how one is connected and what waits', async () => {
  const lines = (await describe(db, NODE, NOW)).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'tab: runs the node',
      'reservation: held',
      'sessions: 1 direct, 0 relayed',
      'people: 1 online, 1 nearby',
      'last trouble: storage-full, 5 s ago',
      'relays: relay.example port 443 wss, not readable',
      'ICE servers: turn',
      'contacts: 1 accepted, 0 requests, 0 blocked',
      'waiting: 2 messages, the oldest for 7 s',
      'push: on, push.example, the relay has a key',
    ]),
  )
  expect(lines.find((line) => line.startsWith('configuration:'))).toContain('max_batch_size=50')
})

test('it holds no secret, no name, no text and no id, nor a piece of one', async () => {
  // What is read of the browser fails here, in words that hold a secret as well.
  vi.stubGlobal('navigator', {
    get userAgent() {
      throw new Error(`of ${SECRET}`)
    },
  })
  const text = await describe(db, NODE, NOW)
  expect(text).toContain('browser: cannot be read (Error)')
  const invite = { peer: bob.peerId, nickname: bob.nickname, relays: [], secret: SECRET, expires: NOW }
  const link = inviteLink('https://gigi.example/', invite, new Uint8Array(64))
  const pieces = [
    ...[bob.peerId, alice.peerId, RELAY_ID, SECRET, VAPID, link.split('#invite=')[1] ?? ''],
    ...[bob.nickname, alice.nickname, CONTENT.text, 'turn-user-name', 'turn-password', 'endpoint-of-bob'],
    phraseOf(bob.entropy),
  ].flatMap((secret) => Array.from(secret, (_, at) => secret.slice(at, at + 9)))
  expect(pieces.filter((piece) => piece.length === 9 && text.includes(piece))).toEqual([])
  const needles = [{ name: 'the entropy', bytes: bob.entropy }, textNeedle('the secret', SECRET)]
  expect(findNeedles(needles, new Map([['the text', Buffer.from(text)]]))).toEqual([])
})

test('a database that cannot be read is said, and the rest is there', async () => {
  db.close()
  const text = await describe(db, NODE, NOW)
  expect(text).toMatch(/^messages: cannot be read \(\w+\)$/m)
  expect(text).toContain('network: online')
})
