/** That the service worker is asked for whenever something is left to be said: the tab may close at any moment. */
import 'fake-indexeddb/auto'
import { beforeEach, expect, test, vi } from 'vitest'
import type { MessageId } from '../domain/ids.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import { inviteLink, inviteSignedBytes } from '../protocol/invite.ts'
import { setContactState } from '../store/contacts.ts'
import { keepGivenGrant } from '../store/grants.ts'
import { saveInviteSecret } from '../store/invite-secret.ts'
import { alice, bob, conversation, Pair, start } from '../testing/pair.ts'
import { person } from '../testing/people.ts'
import type { Commands } from './api.ts'
import { createCommands } from './commands.ts'

const { asked } = vi.hoisted(() => ({ asked: vi.fn() }))
vi.mock('./background.ts', () => ({ askForErrand: asked }))

const carol = person('Carol', 3)
const secret = (letter: string): string => `${letter.repeat(21)}A`

let pair: Pair
let commands: Commands

beforeEach(async () => {
  pair = await Pair.open()
  const nobody = (): void => undefined
  const keepStorage = () => Promise.resolve(true)
  commands = createCommands({ db: pair.db, show: nobody, compose: nobody, keep: nobody, keepStorage })
  await saveInviteSecret(pair.db, { secret: secret('A'), expires: Date.now() + 90 * 86_400_000 })
  const grant = {
    id: toBase64url(new Uint8Array(16)),
    ends: Date.now() + 86_400_000,
    sealed: new Uint8Array(),
  }
  await keepGivenGrant(pair.db, pair.epoch, bob.peerId, grant, start)
  asked.mockClear()
})

async function linkOfCarol(): Promise<string> {
  const invite = {
    ...{ peer: carol.peerId, nickname: 'Carol', relays: [], secret: secret('C') },
    expires: Date.now() + 86_400_000,
  }
  return inviteLink('https://gigi.example/', invite, await carol.crypto.sign(inviteSignedBytes(invite)))
}

async function received(): Promise<MessageId> {
  const id = await pair.bobWrites('hello')
  await pair.receive()
  return id
}

async function given(): Promise<MessageId> {
  const sent = await commands.sendText(conversation, 'hello')
  await pair.db.messages.update(sent, { refusal: 'too-large' })
  await pair.db.offline_queue.clear()
  return sent
}

/** All that goes by mail, or to the mailbox. */
async function toSay(): Promise<string> {
  const { offline_queue, owed, revoked_grants } = pair.db
  return JSON.stringify(
    await Promise.all([offline_queue, owed, revoked_grants].map((table) => table.toArray())),
  )
}

const block = () => setContactState(pair.db, alice.peerId, bob.peerId, 'blocked')

/** What someone does after something else. */
const DONE: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = {
  writing: () => Promise.resolve(() => commands.sendText(conversation, 'hello')),
  'sending again': async () => {
    const id = await given()
    return () => commands.sendAgain(id)
  },
  reading: async () => {
    const id = await received()
    return () => commands.markAsRead(conversation, [id])
  },
  'reading all': async () => {
    await received()
    return () => commands.markAllAsRead(conversation)
  },
  'opening a link': async () => {
    const link = await linkOfCarol()
    return () => commands.addByInvite(link)
  },
  'a new link': () => Promise.resolve(() => commands.renewInvite()),
  blocking: () => Promise.resolve(() => commands.block(conversation)),
  unblocking: async () => {
    await block()
    return () => commands.unblock(bob.peerId)
  },
  'unblocking by accepting': async () => {
    await block()
    return () => commands.acceptRequest(conversation)
  },
  'unblocking by writing to them': async () => {
    await block()
    return () => commands.startConversation(bob.peerId, 'Bob')
  },
  'deleting a contact': () => Promise.resolve(() => commands.deleteContact(bob.peerId)),
  'bringing back what was not sent yet': async () => {
    const id = await commands.sendText(conversation, 'hello')
    const restore = await commands.deleteMessage(id)
    if (restore === null) throw new Error('nothing was deleted')
    return restore
  },
}

test.each(Object.entries(DONE))('%s asks for an errand', async (_name, prepare) => {
  const act = await prepare()
  const before = await toSay()
  asked.mockClear()
  // Once it stands in the database, since the worker may be as fast as it likes.
  let standing: string | undefined
  asked.mockImplementation(() => {
    void toSay().then((said) => (standing ??= said))
  })
  await act()
  expect(await toSay()).not.toBe(before)
  await vi.waitFor(async () => {
    expect(standing).toBe(await toSay())
  })
})
