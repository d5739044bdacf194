/**
 * What it costs to be a client of Gigi's relay, against a bare libp2p server that relays: each round both, one after the
 * other, each in a process of its own on loopback. Clients are here, but for the one that is talked to. Wall clock times
 * are those of clients and server on the cores they share; `core` is the server's work alone. `--clients` is how many
 * reserve, `--json` adds a last line of JSON.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { MAX_RESERVATIONS } from '../../relay/limits.ts'
import { clientNode } from '../../relay/test-node.ts'
import { type Server, startBare, startGigi } from './relay/server.ts'
import { echo, pour, POURED_BYTES } from './relay/talk.ts'

const LISTENER = fileURLToPath(new URL('relay/listener.ts', import.meta.url))

const ROUNDS = 5
/** Milliseconds for all rounds: none begins that would end after them. On a busy machine there are fewer. */
const ALL_ROUNDS_MS = 170_000
const CLIENTS = 300
/** Clients that come and go first: what a server loads and compiles for its first ones belongs to none of them. */
const FIRST_CLIENTS = 30
/** Clients in the middle of reserving. */
const AT_A_TIME = 8
/** Relayed connections whose bytes are measured: with the two before them as many as libp2p takes in a second from one address. */
const POURS = 3
const ECHOES = 1000
/** Milliseconds for a server to notice that clients have left. */
const PATIENCE_MS = 20_000

/** What is measured, in the order that it is shown, with its words and decimals. */
const SHOWN = {
  reservations: ['reservations held', 0],
  reserveP50Ms: ['time to reserve, p50, ms', 1],
  reserveP99Ms: ['time to reserve, p99, ms', 1],
  coreMsPerReservation: ['core for each reservation, ms', 2],
  memoryKiBPerReservation: ['resident memory for each, KiB', 0],
  liveKiBPerReservation: ['live objects for each, KiB', 0],
  relayedMBps: ['relayed, MB/s', 1],
  coreMsPerMB: ['core for each MB relayed, ms', 2],
  echoesPerSecond: ['echoes of 300 bytes a second', 0],
} as const

type Figure = keyof typeof SHOWN
type Figures = Readonly<Record<Figure, number>>

const FIGURES = Object.keys(SHOWN) as Figure[]

/** Has `nodes` reserve, a few at a time; resolves with the milliseconds that each took, shortest first. */
async function reserve(nodes: readonly Libp2p[]): Promise<readonly number[]> {
  const times: number[] = []
  const waiting = [...nodes]
  const reserveNext = async (): Promise<void> => {
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      const since = performance.now()
      await node.start()
      times.push(performance.now() - since)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, reserveNext))
  return times.sort((a, b) => a - b)
}

/** Runs `during` with clients that have not started, and stops them. */
async function withClients<T>(
  { address }: Server,
  count: number,
  during: (nodes: readonly Libp2p[]) => Promise<T>,
): Promise<T> {
  const nodes = await Promise.all(Array.from({ length: count }, () => clientNode(address, undefined, false)))
  try {
    return await during(nodes)
  } finally {
    await Promise.all(nodes.map(async (node) => node.stop()))
  }
}

type Talked = Pick<Figures, 'relayedMBps' | 'coreMsPerMB' | 'echoesPerSecond'>

/** Two clients, each in a process of its own, talk through the server. */
async function talk(server: Server): Promise<Talked> {
  const listener = spawn(process.execPath, [LISTENER, server.address], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(listener, 'exit')
  try {
    const [peer] = (await Promise.race([once(listener, 'message'), ended])) as [unknown]
    if (typeof peer !== 'string') throw new Error('the client that is talked to did not start')
    return await withClients(server, 1, async ([node]) => {
      if (node === undefined) throw new Error('there is no client')
      await node.start()
      const connect = () => node.dial(multiaddr(`${server.address}/p2p-circuit/p2p/${peer}`))
      const poured = async (): Promise<number> => {
        const connection = await connect()
        const took = await pour(connection)
        await connection.close()
        return took
      }
      const called = await connect()
      await echo(called, ECHOES / 10)
      const echoed = await echo(called, ECHOES)
      await called.close()
      await poured()
      const workBefore = await server.work()
      let took = 0
      for (let i = 0; i < POURS; i++) took += await poured()
      const work = (await server.work()) - workBefore
      const megabytes = (POURS * POURED_BYTES) / 1e6
      return {
        relayedMBps: (megabytes * 1000) / took,
        coreMsPerMB: work / megabytes,
        echoesPerSecond: (ECHOES * 1000) / echoed,
      }
    })
  } finally {
    listener.kill('SIGKILL')
    await ended
  }
}

async function allGone(server: Server): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while ((await server.held()).connections > 0) {
    if (performance.now() > end) throw new Error('the server did not notice that its clients left')
    await delay(10)
  }
}

/** What `clients` take that reserve and leave. */
async function crowded(server: Server, clients: number): Promise<Omit<Figures, keyof Talked>> {
  const before = await server.held()
  return withClients(server, clients, async (nodes) => {
    const memoryBefore = await server.memory()
    const workBefore = await server.work()
    const times = await reserve(nodes)
    const work = (await server.work()) - workBefore
    const memory = await server.memory()
    const reservations = (await server.held()).reservations - before.reservations
    const at = (share: number): number => times[Math.ceil(share * times.length) - 1] ?? 0
    const kiBForEach = (kind: keyof typeof memory): number =>
      (memory[kind] - memoryBefore[kind]) / 1024 / reservations
    return {
      reservations,
      reserveP50Ms: at(0.5),
      reserveP99Ms: at(0.99),
      coreMsPerReservation: work / reservations,
      memoryKiBPerReservation: kiBForEach('resident'),
      liveKiBPerReservation: kiBForEach('live'),
    }
  })
}

async function measured(starting: Promise<Server>, clients: number): Promise<Figures> {
  const server = await starting
  try {
    await withClients(server, FIRST_CLIENTS, reserve)
    await allGone(server)
    const crowd = await crowded(server, clients)
    await allGone(server)
    return { ...crowd, ...(await talk(server)) }
  } finally {
    await server.kill()
  }
}

function medianOf(rounds: readonly Figures[]): Figures {
  const median = (figure: Figure): number => {
    const sorted = rounds.map((round) => round[figure]).sort((a, b) => a - b)
    const [low = 0, high = low] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
    return Number(((low + high) / 2).toFixed(SHOWN[figure][1]))
  }
  return Object.fromEntries(FIGURES.map((figure) => [figure, median(figure)])) as Record<Figure, number>
}

function show(gigi: Figures, bare: Figures, ratios: Figures): void {
  const row = (what: string, ...cells: string[]): void => {
    console.log(what.padEnd(36) + cells.map((cell) => cell.padStart(10)).join(''))
  }
  row('', 'Gigi', 'bare', 'ratio')
  for (const figure of FIGURES) {
    const [what, decimals] = SHOWN[figure]
    row(what, gigi[figure].toFixed(decimals), bare[figure].toFixed(decimals), ratios[figure].toFixed(2))
  }
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

export async function bench(): Promise<void> {
  const { values } = parseArgs({
    allowPositionals: true,
    options: {
      clients: { type: 'string', default: String(CLIENTS) },
      json: { type: 'boolean', default: false },
    },
  })
  const clients = Number(values.clients)
  if (!Number.isInteger(clients) || clients < 1 || clients > MAX_RESERVATIONS)
    throw new Error(`--clients is a number from 1 to ${MAX_RESERVATIONS}`)
  const folder = await mkdtemp(join(tmpdir(), 'gigi-bench-'))
  const rounds = { gigi: [] as Figures[], bare: [] as Figures[] }
  const begun = performance.now()
  let longest = 0
  try {
    for (let n = 0; n < ROUNDS && performance.now() + longest < begun + ALL_ROUNDS_MS; n++) {
      const since = performance.now()
      const gigi = async () => rounds.gigi.push(await measured(startGigi(join(folder, String(n))), clients))
      const bare = async () => rounds.bare.push(await measured(startBare(), clients))
      // Neither has the advantage of being first, or of being last, each time.
      for (const measure of n % 2 === 0 ? [gigi, bare] : [bare, gigi]) await measure()
      longest = Math.max(longest, performance.now() - since)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const gigi = medianOf(rounds.gigi)
  const bare = medianOf(rounds.bare)
  const ratios = Object.fromEntries(
    FIGURES.map((figure) => [figure, Number((gigi[figure] / bare[figure]).toFixed(2))]),
  ) as Record<Figure, number>
  console.log(`${clients} clients, ${AT_A_TIME} reserving at a time; medians of ${rounds.gigi.length} rounds`)
  show(gigi, bare, ratios)
  if (!values.json) return
  const prefixed = Object.fromEntries(FIGURES.map((figure) => [`bare${capital(figure)}`, bare[figure]]))
  console.log(JSON.stringify({ clients, rounds: rounds.gigi.length, ...gigi, ...prefixed, ratios }))
}
