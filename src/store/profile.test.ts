import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import type { InstallationId, PeerId } from '../domain/ids.ts'
import { FOR_GOOD, SHELF } from '../domain/shelf.ts'
import { directConversationId, toBase64url } from '../protocol/identifiers.ts'
import { MAX_GRANTS_BEFORE } from '../protocol/limits.ts'
import { decodeProfile, encodeProfile, type KeptContact, type Profile } from '../protocol/profile.ts'
import { databaseOf, person } from '../testing/people.ts'
import { addContact, setAlias, setContactState } from './contacts.ts'
import { DEFAULT_SETTINGS, readConfig, readSettings, saveConfig, saveSettings } from './identity.ts'
import { saveInviteSecret } from './invite-secret.ts'
import { keepGivenGrant, readRevocations } from './grants.ts'
import { raiseEpoch } from './leadership.ts'
import { sendMessage } from './outbox.ts'
import { mergeProfile, readProfile } from './profile.ts'
import { setRetention } from './retention.ts'
import type { ContactRow, GigiDatabase } from './schema.ts'
import { setMuted, setShelf } from './shelf.ts'

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
  revoked: [],
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
  alias: null,
  shelf: SHELF.listed,
  mutedUntil: null,
  retention: null,
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

/** A new database of the same identity, with what the backup of this one brings back. */
async function restore(): Promise<void> {
  const bytes = encodeProfile(await readProfile(db, epoch, writer))
  db = await databaseOf(alice, now)
  epoch = await raiseEpoch(db)
  await mergeProfile(db, epoch, decodeProfile(bytes), now)
}

describe('what the user has made of a contact (SPEC 20.2)', () => {
  const id = directConversationId(alice.peerId, bob.peerId)
  const ofBob = async () => {
    const [contact, conversation] = [await db.contacts.get(bob.peerId), await db.conversations.get(id)]
    const { listed, muted_until, retention_seconds, title } = conversation ?? {}
    return { alias: contact?.alias, title, listed, muted_until, retention_seconds }
  }
  const chosen = {
    alias: 'My brother',
    title: 'My brother',
    listed: SHELF.archived,
    muted_until: FOR_GOOD,
    retention_seconds: 86_400,
  }

  beforeEach(async () => {
    await befriend(bob.peerId)
    await setAlias(db, alice.peerId, bob.peerId, 'My brother')
    await setShelf(db, id, SHELF.archived)
    await setMuted(db, id, FOR_GOOD)
    await setRetention(db, id, 86_400)
  })

  test('comes back', async () => {
    await restore()
    expect(await ofBob()).toEqual(chosen)
  })

  test('is not brought back where it was undone', async () => {
    await setAlias(db, alice.peerId, bob.peerId, null)
    await setShelf(db, id, SHELF.listed)
    await setMuted(db, id, null)
    await setRetention(db, id, null)
    await restore()
    const none = { alias: undefined, muted_until: undefined, retention_seconds: undefined }
    expect(await ofBob()).toEqual({ ...none, title: 'someone', listed: SHELF.listed })
  })

  test('stands here where they are known, and comes with whoever asks again', async () => {
    const { contacts } = await readProfile(db, epoch, writer)
    await setAlias(db, alice.peerId, bob.peerId, null)
    await setShelf(db, id, SHELF.pinned)
    await merge({ contacts })
    expect(await ofBob()).toMatchObject({ alias: undefined, listed: SHELF.pinned })
    await db.contacts.update(bob.peerId, { state: 'request' })
    await merge({ contacts: contacts.map((contact) => ({ ...contact, shelf: SHELF.hidden })) })
    expect(await ofBob()).toMatchObject({ alias: 'My brother', listed: SHELF.pinned })
  })

  test('is hidden where they are blocked, or the conversation was deleted', async () => {
    await block()
    await restore()
    expect(await ofBob()).toEqual({ ...chosen, listed: SHELF.hidden })
    await setContactState(db, alice.peerId, bob.peerId, 'accepted')
    await db.conversations.update(id, { listed: SHELF.hidden })
    await restore()
    expect(await ofBob()).toEqual({ ...chosen, listed: SHELF.hidden })
  })
})

test('settings come back that are not of one browser', async () => {
  const { notificationNames, sound, badge } = DEFAULT_SETTINGS
  const kept = { notificationNames: !notificationNames, sound: !sound, badge: !badge }
  await saveSettings(db, { ...DEFAULT_SETTINGS, ...kept, notifications: true, language: 'ar' })
  await restore()
  expect(await readSettings(db)).toEqual({ ...DEFAULT_SETTINGS, ...kept })
})

describe('what was revoked (SPEC 18.13)', () => {
  const GRANT = { id: toBase64url(new Uint8Array(16).fill(7)), ends: now + 9, sealed }

  test('is told to a mailbox that lost its store by whoever comes back with the phrase', async () => {
    await befriend(bob.peerId)
    await keepGivenGrant(db, epoch, bob.peerId, GRANT, now)
    await block()
    for (const letter of ['A', 'B']) {
      const secret = `${letter.repeat(21)}A`
      await saveInviteSecret(db, { secret, expires: now + 5 })
    }
    const before = await revoked()
    expect(before).toHaveLength(2)
    await restore()
    expect(await revoked()).toEqual(before)
  })

  test('is not believed of a contact, and forgotten when it has ended', async () => {
    await merge({
      contacts: [kept({ grantTo: GRANT })],
      revoked: [
        { id: GRANT.id, ends: GRANT.ends },
        { id: 'ended', ends: now },
      ],
    })
    expect(await revoked()).toEqual([GRANT.id])
    expect((await db.contacts.get(bob.peerId))?.grant_to).toBeUndefined()
  })
})
