/** A relay that wakes people, over real connections, against a push service on loopback. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { RelaySettings } from '../config.ts'
import { SqliteMailboxStore } from '../mailbox/sqlite-store.ts'
import { roomOf } from '../mailbox/store.ts'
import { MailboxClient } from '../mailbox/test-client.ts'
import { idOf, type Owner, ownerOf } from '../mailbox/testing.ts'
import { networkTo, temporaryFolder, testClient, testRelay, type TestRelay, until } from '../testing.ts'
import { type PushService, pushService, status } from './testing.ts'

const [alice, bob, eve] = await Promise.all([ownerOf(1), ownerOf(2), ownerOf(3)])
const PUSH = { contact: 'mailto:me@gigi.example', local: true }

const wakingRelay = (settings: Partial<RelaySettings> = {}): Promise<TestRelay> =>
  testRelay({ push: PUSH, ...settings })

/** A stream of that person at the relay, over a connection of its own. */
const joined = async ({ address }: Pick<TestRelay, 'address'>, who: Owner): Promise<MailboxClient> =>
  MailboxClient.open(await testClient(undefined, who.privateKey), address)

/** Ends a stream, and resolves when the relay knows. */
async function leave(client: MailboxClient): Promise<void> {
  await client.stream.close()
  await until(() => client.stream.status === 'closed', 'the relay to close its half')
}

/** Someone says where they are to be woken, and leaves. */
async function goToSleep(relay: TestRelay, who: Owner, ...endpoints: readonly string[]): Promise<void> {
  const client = await joined(relay, who)
  for (const endpoint of endpoints)
    expect((await client.ask({ type: 'subscribe', endpoint })).code).toBe('done')
  await leave(client)
}

let items = 0
/** Bob leaves something. */
async function deposit(atBob: MailboxClient, owner: Owner, quiet = false): Promise<void> {
  const item = {
    type: 'deposit',
    grant: owner.grant(bob.peerId),
    id: idOf(++items),
    item: Uint8Array.of(1),
  } as const
  expect((await atBob.ask(quiet ? { ...item, quiet } : item)).code).toBe('done')
}

const namesOf = ({ posted }: PushService): string[] => posted.map(({ path }) => path.slice(1)).sort()

/** Someone else is woken: whatever was to be pushed before was pushed. */
async function sentinel(relay: TestRelay, service: PushService, atBob: MailboxClient): Promise<void> {
  const name = `sentinel-${++items}`
  const owner = await ownerOf(100 + items)
  await goToSleep(relay, owner, service.endpoint(name))
  await deposit(atBob, owner)
  await until(() => namesOf(service).includes(name), 'the sentinel to be woken')
  const at = service.posted.findIndex(({ path }) => path === `/${name}`)
  service.posted.splice(at, 1)
}

const vapidOf = async ({ url }: TestRelay): Promise<unknown> =>
  ((await (await fetch(`${url}/config.json`)).json()) as Record<string, unknown>)['vapid']

/** How pushing went, from the file of a relay that has ended. */
async function subscriptionsIn(dataDir: string, who: Owner) {
  const store = new SqliteMailboxStore(new DatabaseSync(join(dataDir, 'mailbox.sqlite')), roomOf(1e9))
  const found = await store.subscriptions(who.peerId)
  await store.close()
  return found
}

test('mail for someone who sleeps wakes each of their browsers, once, with the key that the relay names', async () => {
  const [relay, service] = [await wakingRelay(), await pushService()]
  await goToSleep(relay, alice, service.endpoint('one'), service.endpoint('two'))
  await goToSleep(relay, eve, service.endpoint('eve'))
  const atBob = await joined(relay, bob)
  await deposit(atBob, alice)
  await deposit(atBob, alice)
  await until(() => service.posted.length === 2, 'both to be woken')
  await sentinel(relay, service, atBob)
  expect(namesOf(service)).toEqual(['one', 'two'])
  const key = await vapidOf(relay)
  for (const { method, headers, body } of service.posted) {
    expect([method, body, headers['ttl'], headers['urgency']]).toEqual(['POST', '', '2419200', 'high'])
    expect(headers.authorization).toMatch(new RegExp(`^vapid t=.*, k=${String(key)}$`))
  }
  expect(relay.logged).toEqual([])
})

test('who listens is not woken; who does not take what was told them is, when their connection has ended', async () => {
  const [relay, service] = [await wakingRelay(), await pushService()]
  await goToSleep(relay, alice, service.endpoint('alice'))
  const atBob = await joined(relay, bob)
  const network = await networkTo(relay)
  const [atAlice, dying] = [await joined(relay, alice), await joined(network, alice)]
  await Promise.all([atAlice.fetch(), dying.fetch()])
  await deposit(atBob, alice)
  await until(() => atAlice.mail === 1, 'the news')
  const [item] = await atAlice.fetchAll()
  await atAlice.ask({ type: 'confirm', ids: [item?.id ?? ''] })
  await leave(atAlice)
  await sentinel(relay, service, atBob)
  expect(namesOf(service)).toEqual([])

  // Of this one the relay does not know yet that it is dead.
  await deposit(atBob, alice)
  await sentinel(relay, service, atBob)
  expect(namesOf(service)).toEqual([])
  network.cut()
  await until(() => service.posted.length === 1, 'her to be woken')
  expect(namesOf(service)).toEqual(['alice'])
})

test('nobody is woken for what is quiet, though they are told of it', async () => {
  const [relay, service] = [await wakingRelay(), await pushService()]
  await goToSleep(relay, alice, service.endpoint('alice'))
  const atBob = await joined(relay, bob)
  await deposit(atBob, alice, true)
  await sentinel(relay, service, atBob)
  const atAlice = await joined(relay, alice)
  await atAlice.fetch()
  await deposit(atBob, alice, true)
  await until(() => atAlice.mail === 1, 'the news')
  await leave(atAlice)
  await sentinel(relay, service, atBob)
  expect(namesOf(service)).toEqual([])
  await deposit(atBob, alice)
  await until(() => service.posted.length === 1, 'her to be woken')
})

test('an endpoint that is given up, or gone, is not asked any more', async () => {
  const dataDir = await temporaryFolder()
  const relay = await wakingRelay({ dataDir })
  const service = await pushService((name, response) => status(name === 'gone' ? 410 : 201)(name, response))
  const [here, gone, given] = ['here', 'gone', 'given up'].map((name) => new URL(service.endpoint(name)).href)
  await goToSleep(relay, alice, here ?? '', gone ?? '', given ?? '')
  const atAlice = await joined(relay, alice)
  expect((await atAlice.ask({ type: 'unsubscribe', endpoint: given ?? '' })).code).toBe('done')
  await leave(atAlice)
  const atBob = await joined(relay, bob)
  await deposit(atBob, alice)
  await until(() => service.posted.length === 2, 'the others to be asked')
  await sentinel(relay, service, atBob)
  expect(namesOf(service)).toEqual(['gone', 'here'])
  await relay.stop()
  expect(await subscriptionsIn(dataDir, alice)).toMatchObject([{ endpoint: here, failures: 0 }])
})

test('push services that fail or hang hold up nobody, are tried again later, and the log names none of it', async () => {
  const dataDir = await temporaryFolder()
  const relay = await wakingRelay({ dataDir })
  const service = await pushService((name, response) => {
    if (name !== 'hangs') status(name === 'fails' ? 500 : 201)(name, response)
  })
  const endpoints = ['fails', 'hangs', 'works'].map((name) => service.endpoint(name))
  await goToSleep(relay, alice, ...endpoints)
  const atBob = await joined(relay, bob)
  const before = Date.now()
  await deposit(atBob, alice)
  await until(() => service.posted.length === 3 && relay.logged.length === 1, 'all to be asked')
  await sentinel(relay, service, atBob)
  expect(relay.logged).toEqual(['a push was not taken: the push service answered 500'])
  await relay.stop()
  await until(() => service.open() === 0, 'the relay to leave the one that hangs')
  const [fails, hangs, works] = await subscriptionsIn(dataDir, alice)
  expect(fails).toMatchObject({ endpoint: endpoints[0], failures: 1 })
  expect(fails?.notBefore).toBeGreaterThan(before + 20_000)
  expect(hangs).toEqual({ endpoint: endpoints[1], failures: 0, notBefore: 0 })
  expect(works).toMatchObject({ endpoint: endpoints[2], failures: 0 })
  expect(relay.logged).toHaveLength(1)
})

const HOSTILE = [
  'http://push.example/',
  'https://push.example:22/',
  'https://127.0.0.1/',
  'https://169.254.169.254/',
  'https://[::1]/',
  'http://localhost:8080/',
  'file:///etc/passwd',
  'nothing of the kind',
]

test('endpoints by which the relay would reach what only it can reach are refused', async () => {
  const [relay, service] = [await testRelay({ push: { ...PUSH, local: false } }), await pushService()]
  const atAlice = await joined(relay, alice)
  for (const endpoint of [...HOSTILE, service.endpoint('a')])
    expect([endpoint, (await atAlice.ask({ type: 'subscribe', endpoint })).code]).toEqual([
      endpoint,
      'malformed',
    ])
  expect((await atAlice.ask({ type: 'subscribe', endpoint: 'https://push.example/' })).code).toBe('done')
})

test('after a restart the key is the same, and who was to be woken is', async () => {
  const [dataDir, service] = [await temporaryFolder(), await pushService()]
  const first = await wakingRelay({ dataDir })
  const key = await vapidOf(first)
  await goToSleep(first, alice, service.endpoint('alice'))
  await first.stop()
  expect((await readdir(dataDir)).sort()).toEqual(['mailbox.sqlite', 'push.key', 'relay.key'])

  const second = await wakingRelay({ dataDir })
  expect(await vapidOf(second)).toBe(key)
  await deposit(await joined(second, bob), alice)
  await until(() => service.posted.length === 1, 'her to be woken')
})

test.each([{ push: undefined }, { push: PUSH, mailboxBytes: 0 }])(
  'a relay with %j names no key, makes none, and takes no endpoints',
  async (settings) => {
    const dataDir = await temporaryFolder()
    const relay = await testRelay({ dataDir, ...settings })
    expect(await vapidOf(relay)).toBeUndefined()
    expect(await readdir(dataDir)).not.toContain('push.key')
    if (settings.mailboxBytes === 0) return
    const atAlice = await joined(relay, alice)
    const endpoint = 'https://push.example/'
    expect((await atAlice.ask({ type: 'subscribe', endpoint })).code).toBe('malformed')
    expect((await atAlice.ask({ type: 'unsubscribe', endpoint })).code).toBe('done')
  },
)
