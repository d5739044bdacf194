import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { clock, random, timer } from '../app/ports.ts'
import type { RelayConfig } from '../protocol/relay-config.ts'
import { Crowd } from '../testing/crowd.ts'
import { FakeTime, silentLog } from '../testing/fake-world.ts'
import { LossyProxy } from '../testing/lossy-proxy.ts'
import { person } from '../testing/people.ts'
import { type RelayProcess, startRelayProcess } from '../testing/relay-process.ts'
import { Recorder } from '../testing/transport-contract.ts'
import { RELAY_OPEN_MS, STALE_ATTEMPT_MS } from './limits.ts'
import { Libp2pTransport } from './transport.ts'

/** After the network is back, milliseconds: what is asked of us. */
const BACK_MS = 5_000
/** For what takes its time: a silent connection is given up after some pings. */
const PATIENCE_MS = 20_000

let folder: string
let relay: RelayProcess
let people = 5000

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gigi-link-'))
  relay = await startRelayProcess(folder)
})
afterAll(async () => {
  await relay.kill()
  await rm(folder, { recursive: true, force: true })
})

/** Looks every few milliseconds: a busy wait would take the core that many clients need. */
const until = (condition: () => boolean, what: string, timeout = 10_000): Promise<void> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error(`never came: ${what}`)
    },
    { timeout, interval: 10 },
  )

interface Client {
  readonly transport: Libp2pTransport
  readonly seen: Recorder
  readonly proxy: LossyProxy
  /** How often it asked where the relay is: once for each attempt. */
  attempts: number
}

interface Surroundings {
  /** Stands for the real clock and its timers. */
  readonly time: FakeTime
  readonly loadConfig: () => Promise<RelayConfig>
}

/** A client behind a network of its own, not started. */
async function clientOf(surroundings: Partial<Surroundings> = {}): Promise<Client> {
  const proxy = await LossyProxy.before(relay.port)
  const config = {
    relays: relay.config.relays.map((address) => address.replace(/tcp\/\d+/, `tcp/${proxy.port}`)),
    iceServers: [],
  }
  const { peerId, seed, crypto } = person('someone', ++people)
  const client: Client = {
    proxy,
    seen: new Recorder(),
    attempts: 0,
    transport: new Libp2pTransport({
      self: peerId,
      seed,
      webRtc: null,
      loadConfig: () => {
        client.attempts += 1
        return surroundings.loadConfig?.() ?? Promise.resolve(config)
      },
      clock: surroundings.time ?? clock,
      timer: surroundings.time ?? timer,
      random,
      crypto,
      log: silentLog,
      onNearby: () => undefined,
    }),
  }
  onTestFinished(async () => {
    await client.transport.stop()
    proxy.close()
  })
  return client
}

const online = ({ seen }: Client): boolean => seen.states.at(-1) === 'online'

describe('where packets vanish and flow again, and nobody is told', () => {
  test('a reservation that was held is back within seconds', async () => {
    const client = await clientOf()
    await client.transport.start(client.seen)
    await until(() => online(client), 'the reservation')
    client.proxy.vanish()
    await until(() => client.proxy.swallowed > 0, 'the loss to be noticed', PATIENCE_MS)
    // The worst moment: an attempt has just begun, and will hang.
    client.proxy.restore()
    await until(() => online(client), 'the reservation to be back', BACK_MS)
    expect(client.seen.states).toEqual(['connecting', 'online', 'connecting', 'offline', 'online'])
  }, 40_000)

  test('so is a client that never had one, however long it waited', async () => {
    const client = await clientOf()
    client.proxy.vanish()
    await client.transport.start(client.seen)
    await until(() => client.proxy.swallowed === 4, 'some attempts', PATIENCE_MS)
    client.proxy.restore()
    await until(() => online(client), 'the reservation', BACK_MS)
    expect(client.seen.states).toEqual(['connecting', 'offline', 'online'])
    // Browsers let no WebSocket open while another one to the same address hangs.
    await until(() => client.proxy.open === 1, 'those that were given up to be closed')
  }, 40_000)
})

// Time stands still, so that no timer does what the nudge is to do.
describe('a nudge', () => {
  test('gives an attempt up that hangs, and makes one new one however often it comes', async () => {
    const time = new FakeTime()
    const client = await clientOf({ time })
    client.proxy.vanish()
    await client.transport.start(client.seen)
    await until(() => client.proxy.swallowed === 1, 'the attempt')
    client.proxy.restore()
    time.advance(STALE_ATTEMPT_MS + 1)
    for (let i = 0; i < 5; i++) client.transport.nudge()
    await until(() => online(client), 'the reservation')
    expect(client.attempts).toBe(2)
    // What was given up has not failed.
    expect(client.seen.states).toEqual(['connecting', 'online'])
  })

  test('leaves a young attempt alone, which is made anew at once should it fail', async () => {
    const time = new FakeTime()
    const client = await clientOf({ time })
    client.proxy.vanish()
    await client.transport.start(client.seen)
    await until(() => client.proxy.swallowed === 1, 'the attempt')
    client.proxy.restore()
    client.transport.nudge()
    expect(client.proxy.open).toBe(1)
    time.advance(RELAY_OPEN_MS)
    await until(() => online(client), 'the reservation')
    expect(client.seen.states).toEqual(['connecting', 'offline', 'online'])
  })

  test('finds out that a reservation is dead, and comes back', async () => {
    const client = await clientOf({ time: new FakeTime() })
    await client.transport.start(client.seen)
    await until(() => online(client), 'the reservation')
    client.proxy.vanish()
    client.proxy.restore()
    for (let i = 0; i < 5; i++) client.transport.nudge()
    await until(() => client.seen.states.length === 4, 'the reservation to be back', BACK_MS)
    expect(client.seen.states).toEqual(['connecting', 'online', 'connecting', 'online'])
    expect(client.attempts).toBe(2)
  })
})

describe('stopping does not wait for', () => {
  test('a relay that does not answer', async () => {
    const client = await clientOf()
    client.proxy.vanish()
    await client.transport.start(client.seen)
    await until(() => client.proxy.swallowed === 1, 'the attempt')
    const begun = performance.now()
    await client.transport.stop()
    expect(performance.now() - begun).toBeLessThan(1_000)
  })

  test('a configuration that does not come', async () => {
    const client = await clientOf({ loadConfig: () => new Promise(() => undefined) })
    await client.transport.start(client.seen)
    await client.transport.stop()
    expect(client.seen.states).toEqual(['connecting'])
  })
})

/** A relay that stays away until all have noticed. */
async function killed(crowd: Crowd, old: RelayProcess): Promise<void> {
  await old.kill()
  await until(() => crowd.online === 0, 'all to notice', PATIENCE_MS)
}

test('two hundred clients are all back within 10 s of a relay that crashed, then of one that moved, each in its own time', async () => {
  const count = 200
  const other = join(folder, 'other')
  let current = await startRelayProcess(join(folder, 'crowded'))
  onTestFinished(() => current.kill())
  const crowd = new Crowd(count, current.config, 10_000)
  onTestFinished(() => crowd.stop())
  const backAfter = async (started: RelayProcess): Promise<readonly number[]> => {
    current = started
    crowd.config = started.config
    await until(() => crowd.online === count, 'all reservations', PATIENCE_MS)
    return crowd.since.map((at) => at - started.since)
  }
  await crowd.start()
  await killed(crowd, current)
  const again = await backAfter(await startRelayProcess(join(folder, 'crowded'), current.port))
  await killed(crowd, current)
  const moved = await backAfter(await startRelayProcess(other))

  for (const times of [again, moved]) {
    expect(times.at(-1)).toBeLessThan(10_000)
    // Half of the waits is chance: they do not come as one.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(500)
  }
}, 120_000)
