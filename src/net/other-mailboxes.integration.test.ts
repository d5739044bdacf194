/** Mailboxes at other relays: how they are found, and what goes wrong with them. */
import { createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { testRelay } from '../../relay/testing.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import { until } from '../testing/fake-world.ts'
import { mailClientAt, outcome, ready, scripted, settled } from '../testing/mail-client.ts'
import { grantOf } from '../testing/mailbox-contract.ts'
import { person } from '../testing/people.ts'
import {
  MAILBOX_ANSWER_MS,
  MAILBOX_OPEN_MS,
  MAX_OTHER_MAILBOXES,
  NO_MAILBOX_MS,
  OTHER_MAILBOX_IDLE_MS,
} from './limits.ts'

const alice = person('Alice', 1)
const item = { id: toBase64url(new Uint8Array(16)), item: Uint8Array.of(1) }
const at = async (...relays: string[]) => ({ relays, grant: await grantOf(alice, null) })

/** Sockets are taken, and never answered. */
async function mute(): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => socket.destroy())))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    sockets.forEach((socket) => socket.destroy())
    server.close()
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port')
  return `/ip4/127.0.0.1/tcp/${bound.port}/ws/p2p/${alice.peerId}`
}

test('those of relays that have none are not asked again for a while', async () => {
  const [relay, other] = [await scripted(), await testRelay({ mailboxBytes: 0 })]
  const client = await mailClientAt(relay.address)
  const { mailbox } = client.transport
  const there = await at(other.address)
  expect(await outcome(mailbox.deposit(there, item))).toContain('no mailbox')
  // It is known without a connection.
  await other.stop()
  expect(await outcome(mailbox.deposit(there, item))).toContain('no mailbox')
  client.time.advance(NO_MAILBOX_MS)
  expect(await outcome(mailbox.deposit(there, item))).toContain('no WebSocket')
})

test('the next of the owner’s relays is asked where our own has none', async () => {
  const [relay, other] = [await testRelay({ mailboxBytes: 0 }), await scripted()]
  const client = await mailClientAt(relay.address)
  const { mailbox } = client.transport
  expect(await mailbox.deposit(await at(relay.address, other.address), item)).toBe('done')
})

test('they are left when nothing is asked for a while, and found again', async () => {
  const [relay, other] = [await scripted(), await scripted()]
  const client = await mailClientAt(relay.address)
  const { mailbox } = client.transport
  const there = await at(other.address)
  await Promise.all([mailbox.deposit(there, item), mailbox.deposit(there, item)])
  expect([other.streams.opened, other.connections()]).toEqual([1, 1])
  client.time.advance(OTHER_MAILBOX_IDLE_MS - 1)
  await mailbox.deposit(there, item)
  client.time.advance(OTHER_MAILBOX_IDLE_MS - 1)
  expect(other.connections()).toBe(1)
  client.time.advance(1)
  await until(() => other.connections() === 0, 'the connection to be closed')
  await mailbox.deposit(there, item)
  expect(other.streams).toEqual({ opened: 2, open: 1 })
  await client.transport.stop()
  await until(() => other.connections() === 0, 'the connection to be closed')
})

test('those that go away in the middle of a request are found again', async () => {
  const relay = await scripted()
  const other = await scripted((asked) => {
    if (other.asked.length === 1) other.cut()
    else asked.answer()
  })
  const client = await mailClientAt(relay.address)
  const there = await at(other.address)
  expect(await outcome(client.transport.mailbox.deposit(there, item))).toContain('ended')
  expect(await client.transport.mailbox.deposit(there, item)).toBe('done')
})

test('those that do not answer, or do not even open, are given up for the next', async () => {
  const [relay, silent, other] = [await scripted(), await scripted(() => undefined), await scripted()]
  const client = await mailClientAt(relay.address)
  const { mailbox } = client.transport
  const call = mailbox.deposit(await at(await mute(), silent.address, other.address), item)
  await settled()
  client.time.advance(MAILBOX_OPEN_MS)
  await until(() => silent.asked.length === 1, 'the request')
  client.time.advance(MAILBOX_ANSWER_MS)
  expect(await call).toBe('done')
  await until(() => silent.connections() === 0, 'the connection to be closed')
  expect(
    await outcome(mailbox.deposit(await at('/p2p-circuit', relay.address + '/p2p-circuit/p2p/x'), item)),
  ).toContain('no address')
})

test('they are a few at a time: the one that was not asked for longest is left', async () => {
  const relay = await scripted()
  const client = await mailClientAt(relay.address)
  const { mailbox } = client.transport
  const others = await Promise.all(Array.from({ length: MAX_OTHER_MAILBOXES + 1 }, () => scripted()))
  for (const { address } of others.slice(0, -1)) await mailbox.deposit(await at(address), item)
  await mailbox.deposit(await at(others[0]?.address ?? ''), item)
  await mailbox.deposit(await at(others.at(-1)?.address ?? ''), item)
  await until(() => others[1]?.connections() === 0, 'the second to be left')
  expect(others.map(({ connections }) => connections())).toEqual(others.map((_, i) => (i === 1 ? 0 : 1)))
})

test('those that become our own have one stream', async () => {
  const [relay, other] = [await scripted(), await scripted()]
  const client = await mailClientAt(relay.address)
  await ready(client)
  await client.transport.mailbox.deposit(await at(other.address), item)
  client.relay = other.address
  relay.cut()
  await until(() => client.sessions.states.at(-1) === 'connecting', 'the end of the reservation')
  client.transport.nudge()
  await ready(client, 2)
  await client.transport.mailbox.deposit(await at(other.address), item)
  await until(() => other.streams.open === 1, 'the first stream to be closed')
  expect([other.streams.opened, other.connections()]).toEqual([2, 1])
  // It is not left as one that nothing is asked of.
  client.time.advance(OTHER_MAILBOX_IDLE_MS)
  await settled()
  expect(await client.transport.mailbox.recall()).toBeNull()
})

test('they are left without a harm to those who are reached by the same relay', async () => {
  const [relay, other] = [await testRelay(), await testRelay()]
  const [client, friend] = [await mailClientAt(relay.address), await mailClientAt(other.address)]
  const there = { relays: [other.address], grant: await grantOf(friend.who, client.who) }
  expect(await client.transport.mailbox.deposit(there, item)).toBe('done')
  await client.transport.dial(friend.who.peerId, [other.address], 'relayed')
  client.time.advance(OTHER_MAILBOX_IDLE_MS)
  await until(() => friend.sessions.sessions.length === 1, 'the session')
  client.sessions.sessions[0]?.send(new TextEncoder().encode('still there'))
  await until(() => friend.sessions.frames.length === 1, 'the frame')
  expect(client.sessions.closedSessions).toEqual([])
})
