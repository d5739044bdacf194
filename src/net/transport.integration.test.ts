import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Relay, startRelay } from '../../relay/relay.ts'
import { clock, random, timer } from '../app/ports.ts'
import type { PeerId } from '../domain/ids.ts'
import type { RelayConfig } from '../protocol/relay-config.ts'
import { silentLog, until } from '../testing/fake-world.ts'
import { type Person, person } from '../testing/people.ts'
import { type Participant, Recorder, transportContract } from '../testing/transport-contract.ts'
import type { NearbyPeer } from './nearby.ts'
import { Libp2pTransport } from './transport.ts'

let folder: string
let relay: Relay
let port = 0
let people = 1000

async function startOwnRelay(): Promise<Relay> {
  const settings = {
    port,
    host: '127.0.0.1',
    dataDir: folder,
    publicUrl: undefined,
    iceServers: [],
    push: undefined,
    mailboxBytes: 64 * 1024 * 1024,
    serveApp: false,
  }
  const started = await startRelay({ settings, appFolder: '', log: () => undefined })
  port = Number(new URL(started.url).port)
  return started
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gigi-transport-'))
  relay = await startOwnRelay()
})
afterAll(async () => {
  await relay.stop()
  await rm(folder, { recursive: true, force: true })
})

const loadConfig = (): Promise<RelayConfig> =>
  Promise.resolve({ relays: [`/ip4/127.0.0.1/tcp/${port}/ws/p2p/${relay.peerId}`], iceServers: [] })

interface Member extends Participant {
  readonly transport: Libp2pTransport
  readonly nearby: () => readonly NearbyPeer[]
}

const known = new Map<PeerId, Person>()

function member(webRtc: boolean, twin?: PeerId): Member {
  const someone = (twin === undefined ? undefined : known.get(twin)) ?? person('someone', ++people)
  const { peerId, seed, crypto } = someone
  known.set(peerId, someone)
  let nearby: readonly NearbyPeer[] = []
  const transport = new Libp2pTransport({
    self: peerId,
    seed,
    webRtc: webRtc ? {} : null,
    loadConfig,
    clock,
    timer,
    random,
    crypto,
    log: silentLog,
    onNearby: (peers) => (nearby = peers),
  })
  return { peerId, transport, nearby: () => nearby }
}

describe('libp2p over WebSockets and the relay is a Transport', () => {
  transportContract(
    (twin) => Promise.resolve(member(false, twin)),
    () => Promise.resolve(),
  )
})

describe('libp2p over WebRTC is a Transport', () => {
  transportContract(
    (twin) => Promise.resolve(member(true, twin)),
    () => Promise.resolve(),
  )
})

/** Starts a member and waits for its reservation: nobody can be reached before theirs. */
async function online({ transport }: Member): Promise<Recorder> {
  const seen = new Recorder()
  await transport.start(seen)
  await until(() => seen.states.at(-1) === 'online', 'the reservation')
  return seen
}

// That they are direct where both have WebRTC is tested in browsers, which is where it is used: in Node it does not
// always find a path between interfaces of one machine.
test('sessions are relayed where one side has no WebRTC', async () => {
  const [alice, old] = [member(true), member(false)]
  const [seen] = await Promise.all([alice, old].map(online))
  await alice.transport.dial(old.peerId, [], 'best')
  expect(seen?.sessions.map(({ peer, path }) => [peer, path])).toEqual([[old.peerId, 'relayed']])
  await Promise.all([alice, old].map(({ transport }) => transport.stop()))
}, 40_000)

test('a relay that is down is a state; the reservation is made when it comes, and again when it comes back', async () => {
  await relay.stop()
  const alice = member(false)
  const seen = new Recorder()
  await alice.transport.start(seen)
  await until(() => seen.states.at(-1) === 'offline', 'the first attempt to fail')
  relay = await startOwnRelay()
  await until(() => seen.states.at(-1) === 'online', 'the reservation')
  await relay.stop()
  await until(() => seen.states.at(-1) !== 'online', 'the loss to be noticed')
  relay = await startOwnRelay()
  await until(() => seen.states.at(-1) === 'online', 'the second reservation')
  // It is a real one: others reach us by it.
  const bob = member(false)
  await online(bob)
  await bob.transport.dial(alice.peerId, [], 'best')
  await Promise.all([alice.transport.stop(), bob.transport.stop()])
}, 40_000)

test('people nearby see each other by nickname, while they want to be seen', async () => {
  const [alice, bob] = [member(false), member(false)]
  await Promise.all([online(alice), online(bob)])
  await alice.transport.showNearby('Alice')
  await until(() => bob.nearby().length === 1, 'Alice nearby')
  expect(bob.nearby()).toEqual([{ peerId: alice.peerId, nickname: 'Alice' }])
  await alice.transport.showNearby('Alicia')
  await until(() => bob.nearby()[0]?.nickname === 'Alicia', 'her new name')
  await alice.transport.showNearby(null)
  await until(() => bob.nearby().length === 0, 'Alice to hide')
  await Promise.all([alice.transport.stop(), bob.transport.stop()])
})
