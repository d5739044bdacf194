import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import type { InstallationId, PeerId } from '../domain/ids.ts'
import { directConversationId, toBase64url } from '../protocol/identifiers.ts'
import { MAX_GRANTS_BEFORE } from '../protocol/limits.ts'
import type { KeptContact, Profile } from '../protocol/profile.ts'
import { databaseOf, person } from '../testing/people.ts'
import { addContact, setContactState } from './contacts.ts'
import { DEFAULT_SETTINGS, readConfig, readSettings, saveConfig, saveSettings } from './identity.ts'
import { keepGivenGrant, readRevocations } from './grants.ts'
import { raiseEpoch } from './leadership.ts'
import { sendMessage } from './outbox.ts'
import { mergeProfile, readProfile } from './profile.ts'
import type { ContactRow, GigiDatabase } from './schema.ts'

const [alice, bob, carol] = [person('Alice', 1), person('Bob', 2), person('Carol', 3)]
const now = 1_700_000_000_000
const writer = { installation: toBase64url(new Uint8Array(16)) as InstallationId, started: now }
const grant = (n: number, ends = now + 1) => ({ id: `grant ${String(n)}`, ends })
const sealed = new Uint8Array([1])

let db: GigiDatabase
let epoch: number

beforeEach(async () => {
  db = await databaseOf(alice, now)
  epoch = await raiseEpoch(db)
})

const profile = (more: Partial<Profile>): Profile => ({
  writer,
  prekeyMade: 0,
  nickname: 'Alice',
  contacts: [],
  settings: {},
  config: {},
  groups: [],
  ...more,
})

const kept = (more: Partial<KeptContact> = {}): KeptContact => ({
  peer: bob.peerId,
  nickname: 'Bob',
  state: 'accepted',
  relays: [],
  grantFrom: null,
  grantTo: null,
  grantsBefore: [],
  ...more,
})

const befriend = (peerId: PeerId, at = now, more: Partial<ContactRow> = {}) =>
  addContact(db, alice.peerId, { peerId, nickname: 'someone', relays: [] }, at).then(() =>
    db.contacts.update(peerId, more),
  )
const merge = (said: Partial<Profile>) => mergeProfile(db, epoch, profile(said), now)
const block = () => setContactState(db, alice.peerId, bob.peerId, 'blocked')
const revoked = async () => (await readRevocations(db, epoch, 100, now)).map(({ id }) => id).sort()

describe('which contacts are kept first (SPEC 20.3)', () => {
  test('those whom we wrote to, those whom the user chose, and only then those who came by our link', async () => {
    const strangers = [10, 11, 12].map((n) => person('Stranger', n).peerId)
    await befriend(carol.peerId, now - 2)
    await befriend(bob.peerId, now - 3, { brought_secret: 'ours' })
    const blocked = person('Dave', 4).peerId
    await befriend(blocked, now - 4, { brought_secret: 'ours' })
    await setContactState(db, alice.peerId, blocked, 'blocked')
    for (const peer of strangers) await befriend(peer, now + 5, { brought_secret: 'ours' })
    const content = { type: 'Text', text: 'hello' } as const
    const conversation = directConversationId(alice.peerId, bob.peerId)
    await sendMessage(db, conversation, content, now, alice.random.bytes)
    const peers = (await readProfile(db, epoch, writer)).contacts.map(({ peer }) => peer)
    expect(peers.slice(0, 3)).toEqual([bob.peerId, carol.peerId, blocked])
    expect(new Set(peers.slice(3))).toEqual(new Set(strangers))
  })
})

describe('settings and configuration (SPEC 20.4)', () => {
  test('what was chosen here stands, and the rest comes from the backup', async () => {
    await saveSettings(db, { ...DEFAULT_SETTINGS, nearby: false })
    await saveConfig(db, { ...DEFAULT_CONFIG, max_batch_size: 20 })
    await merge({
      settings: { nearby: true, readReceipts: false },
      config: { max_batch_size: 30, retry_interval_seconds: 7 },
    })
    expect(await readSettings(db)).toEqual({ ...DEFAULT_SETTINGS, nearby: false, readReceipts: false })
    expect(await readConfig(db)).toEqual({
      ...DEFAULT_CONFIG,
      max_batch_size: 20,
      retry_interval_seconds: 7,
    })
  })

  test('only what was chosen is kept, also when it is chosen back', async () => {
    await saveSettings(db, { ...DEFAULT_SETTINGS, nearby: false, notifications: true })
    await saveSettings(db, { ...DEFAULT_SETTINGS, nearby: true })
    await saveConfig(db, { ...DEFAULT_CONFIG, max_retry_attempts: 3 })
    const { settings, config } = await readProfile(db, epoch, writer)
    expect(settings).toEqual({ nearby: true })
    expect(config).toEqual({ max_retry_attempts: 3 })
  })
})

describe('grants that still hold (SPEC 20.4)', () => {
  test('come back with a contact, so that blocking it revokes them all', async () => {
    await befriend(bob.peerId)
    for (const n of [1, 2, 3])
      await keepGivenGrant(db, epoch, bob.peerId, { ...grant(n, now + n), sealed }, now)
    const { contacts } = await readProfile(db, epoch, writer)
    db = await databaseOf(alice, now)
    epoch = await raiseEpoch(db)
    await merge({ contacts })
    expect((await db.contacts.get(bob.peerId))?.grant_to?.id).toBe('grant 3')
    await block()
    expect(await revoked()).toEqual(['grant 1', 'grant 2', 'grant 3'])
  })

  test('are added to those of a contact that is known, and are revoked where it is blocked already', async () => {
    await befriend(bob.peerId, now, { grant_to: { ...grant(1), sealed } })
    const contacts = [
      kept({ grantTo: { ...grant(2), sealed }, grantsBefore: [grant(3), grant(4, now)], grantFrom: sealed }),
    ]
    await merge({ contacts })
    const once = await db.contacts.get(bob.peerId)
    expect(once?.grant_to?.id).toBe('grant 1')
    expect(once?.grant_from).toEqual(sealed)
    await merge({ contacts })
    expect(await db.contacts.get(bob.peerId)).toEqual(once)
    await block()
    expect(await revoked()).toEqual(['grant 1', 'grant 2', 'grant 3'])
    await merge({ contacts: [kept({ grantsBefore: [grant(5)] })] })
    expect(await revoked()).toEqual(['grant 1', 'grant 2', 'grant 3', 'grant 5'])
  })

  test('are not believed once they were revoked here', async () => {
    await befriend(bob.peerId, now, { grant_to: { ...grant(1), sealed } })
    const { contacts } = await readProfile(db, epoch, writer)
    await block()
    await setContactState(db, alice.peerId, bob.peerId, 'accepted')
    await merge({ contacts })
    expect((await db.contacts.get(bob.peerId))?.grants_before ?? []).toEqual([])
  })

  test('are so many at most, the last to end', async () => {
    const grantsBefore = Array.from({ length: MAX_GRANTS_BEFORE }, (_, n) => grant(n, now + 1 + n))
    await befriend(bob.peerId, now, { grants_before: [grant(100, now + 1), grant(101, now + 100)] })
    await merge({ contacts: [kept({ grantsBefore })] })
    const row = await db.contacts.get(bob.peerId)
    expect(row?.grants_before).toHaveLength(MAX_GRANTS_BEFORE)
    expect(row?.grants_before?.at(-1)?.id).toBe('grant 101')
  })
})
