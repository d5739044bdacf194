import 'fake-indexeddb/auto'
import { Dexie } from 'dexie'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { directConversationId } from '../protocol/identifiers.ts'
import { createIdentity } from '../store/identity.ts'
import { GigiDatabase } from '../store/schema.ts'
import { person } from '../testing/people.ts'
import { openConversation } from './notifications.ts'

const [bob, alice] = [person('Bob', 1), person('Alice', 2)]
const PATH = `/#/c/${directConversationId(bob.peerId, alice.peerId)}`

beforeEach(async () => {
  const db = new GigiDatabase()
  const { peerId, nickname, entropy } = bob
  await createIdentity(db, { peerId, nickname, entropy, installationId: 'i' as never, now: 0 })
  db.close()
})
afterEach(() => Dexie.delete('gigi'))

/** What comes of a click on Alice's notification where these pages are open. */
async function click(...pages: readonly string[]): Promise<readonly string[]> {
  const done: string[] = []
  const windows = pages.map((page) => ({
    url: `https://gigi.example${page}`,
    navigate: (path: string) => Promise.resolve(done.push(`${page} goes to ${path}`)).then(() => null),
    focus: () => Promise.resolve(done.push(`${page} comes to the front`)),
  }))
  const clients = {
    matchAll: () => Promise.resolve(windows),
    openWindow: (path: string) => Promise.resolve(done.push(`${path} is opened`)),
  }
  await openConversation(
    { clients } as unknown as ServiceWorkerGlobalScope,
    { data: directConversationId(bob.peerId, alice.peerId) } as Notification,
  )
  return done
}

test('a click brings a tab to the front with the conversation, or opens one', async () => {
  expect(await click('/')).toEqual([`/ goes to ${PATH}`, '/ comes to the front'])
  expect(await click('/healthz', '/#/c/x')).toEqual([`/#/c/x goes to ${PATH}`, '/#/c/x comes to the front'])
  expect(await click('/healthz')).toEqual([`${PATH} is opened`])
})
