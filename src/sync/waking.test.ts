import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { saveRelayConfig } from '../store/identity.ts'
import { endPush, readPush, savePush } from '../store/push.ts'
import { Device } from '../testing/device.ts'
import { FakeTime, until } from '../testing/fake-world.ts'
import { MemoryPost } from '../testing/memory-mailbox.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { databaseOf, person } from '../testing/people.ts'

const [KEY, OTHER_KEY] = ['a', 'b'].map((letter) => `B${letter.repeat(86)}`)
const [HERE, THERE] = ['https://push.example/here', 'https://push.example/there']

let time: FakeTime
let post: MemoryPost
let alice: Device

beforeEach(async () => {
  time = new FakeTime()
  const who = person('Alice', 1)
  post = new MemoryPost(time, who.crypto.verify)
  alice = new Device(who, await databaseOf(who, time.now()), new MemoryNetwork(), time)
  alice.post = post
  await relaySays(KEY)
})
afterEach(() => alice.goOffline())

const relaySays = (vapid: string | undefined): Promise<void> =>
  saveRelayConfig(alice.db, { relays: [], iceServers: [], ...(vapid === undefined ? {} : { vapid }) })

const knownEndpoints = async (): Promise<string[]> =>
  (await post.store().subscriptions(alice.who.peerId)).map(({ endpoint }) => endpoint)

const isWokenAt = (...endpoints: readonly string[]): Promise<void> =>
  until(
    async () => (await knownEndpoints()).join() === endpoints.join(),
    `the relay to know of ${endpoints.join(' and ') || 'nothing'}`,
  )

/** Whatever the mailbox is told was told, and time for more has passed. */
async function settled(): Promise<void> {
  time.advance(60_000)
  await until(() => alice.engine?.isQuiet === true, 'the engine to be quiet')
}

test('the mailbox hears where this browser is woken: when it comes, when that changes, and when it is over', async () => {
  await savePush(alice.db, HERE, KEY ?? '')
  await alice.comeOnline()
  await isWokenAt(HERE)
  await savePush(alice.db, THERE, KEY ?? '')
  await isWokenAt(HERE, THERE)
  await endPush(alice.db)
  await isWokenAt(HERE)
  await until(async () => (await readPush(alice.db)) === null, 'it to be forgotten')
  await savePush(alice.db, THERE, KEY ?? '')
  await isWokenAt(HERE, THERE)
})

test('a mailbox that lost its store hears it anew when it can be reached again', async () => {
  await savePush(alice.db, HERE, KEY ?? '')
  await alice.comeOnline()
  await isWokenAt(HERE)
  post.close()
  post.wipe()
  post.open()
  alice.mailbox?.connect()
  await isWokenAt(HERE)
})

test('what ended while no mailbox could be reached is told later', async () => {
  await savePush(alice.db, HERE, KEY ?? '')
  await alice.comeOnline()
  await isWokenAt(HERE)
  post.close()
  await endPush(alice.db)
  time.advance(60_000)
  expect(await readPush(alice.db)).toMatchObject({ endpoint: HERE, wanted: 0 })
  await alice.goOffline()
  post.open()
  await alice.comeOnline()
  await isWokenAt()
})

test('a relay is told only of subscriptions with its own key, and asked nothing where it has none', async () => {
  await savePush(alice.db, HERE, OTHER_KEY ?? '')
  await alice.comeOnline()
  await settled()
  await isWokenAt()
  await relaySays(undefined)
  await settled()
  await isWokenAt()
  await relaySays(OTHER_KEY)
  await isWokenAt(HERE)
})

test('an endpoint that the relay does not go to is not told of again and again', async () => {
  await savePush(alice.db, 'ftp://push.example/', KEY ?? '')
  await alice.comeOnline()
  const { mailbox: counter } = alice
  if (counter === undefined) throw new Error('no mail')
  let asked = 0
  const subscribe = counter.subscribe.bind(counter)
  counter.subscribe = (endpoint) => {
    asked += 1
    return subscribe(endpoint)
  }
  counter.connect()
  await until(() => asked === 1, 'it to be told')
  await settled()
  expect(asked).toBe(1)
})

test('that the relay does not go there is noted, until it does', async () => {
  post.serve = (_peer, request, honest) =>
    request.type === 'subscribe' ? Promise.resolve({ code: 'malformed', payload: null }) : honest()
  await savePush(alice.db, HERE, KEY ?? '')
  await alice.comeOnline()
  await until(async () => (await readPush(alice.db))?.refused === 1, 'the refusal to be noted')
  post.serve = (_peer, _request, honest) => honest()
  alice.mailbox?.disconnect()
  alice.mailbox?.connect()
  await until(async () => (await readPush(alice.db))?.refused === 0, 'it to be taken')
  await isWokenAt(HERE)
})

test('what changes nothing is not written', async () => {
  await savePush(alice.db, HERE, KEY ?? '')
  let writes = 0
  alice.db.meta.hook('updating', () => void (writes += 1))
  await savePush(alice.db, HERE, KEY ?? '')
  expect(writes).toBe(0)
  await endPush(alice.db)
  await endPush(alice.db)
  expect(writes).toBe(1)
})
