/** One simulation from a seed: people write while everything fails, then all heals, then accounts are settled. */
import './event-loop.ts'
import 'fake-indexeddb/auto'
import type { PersistenceConfig } from '../../domain/config.ts'
import { FAULT_NAMES, type FaultName } from './fault-names.ts'
import { closeAccounts, type Accounts } from './accounts.ts'
import { World } from './world.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** Virtual time in which one person writes a message, on average, milliseconds. */
const PER_MESSAGE_MS = 8 * MINUTE
/** Longest time that healing may take, in steps of ten minutes: two days. */
const HEALING_STEPS = 288

export interface SimulationOptions {
  readonly seed: number
  readonly messages: number
  readonly peers: number
  readonly faults: ReadonlySet<FaultName>
  readonly config?: Partial<PersistenceConfig>
}

export interface SimulationResult extends Accounts {
  readonly seed: number
  readonly messages: number
  readonly virtualDays: number
  readonly seconds: number
  /** How often each fault struck. */
  readonly struck: Readonly<Partial<Record<FaultName, number>>>
  /** Stands for all that was committed, when and by whom: the same each time for the same seed. */
  readonly course: string
  /** What went wrong, in words. */
  readonly findings: readonly string[]
}

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const begun = performance.now()
  const world = new World(options)
  for (const device of world.devices) await device.create(world.config)
  for (const device of world.devices) device.open()
  world.faults.begin()
  const duration = (options.messages / options.peers) * PER_MESSAGE_MS
  world.people.begin(options.messages, duration)
  await world.run(duration)
  world.faults.stop()
  await heal(world)
  await world.people.lookEverywhere()
  await world.run(10 * MINUTE)
  const accounts = await closeAccounts(world)
  const virtualDays = Number(((world.schedule.now - world.begin) / DAY).toFixed(2))
  for (const device of world.devices) device.close()
  await world.run(MINUTE)
  return {
    seed: options.seed,
    messages: world.people.sent.length,
    ...accounts,
    virtualDays,
    seconds: Number(((performance.now() - begun) / 1000).toFixed(1)),
    struck: Object.fromEntries([...world.links.struck, ...world.faults.struck]),
    course: world.oracle.course(),
    findings: world.oracle.findings,
  }
}

async function heal(world: World): Promise<void> {
  for (let step = 0; step < HEALING_STEPS; step++) {
    await world.run(10 * MINUTE)
    if (!world.people.isWriting && (await isQuiet(world))) return
  }
}

async function isQuiet(world: World): Promise<boolean> {
  for (const { tab } of world.devices) if (((await tab?.db?.offline_queue.count()) ?? 1) > 0) return false
  return true
}

/** Whether a result is as it must be. */
export const isFlawless = (result: SimulationResult): boolean =>
  result.lost +
    result.duplicated +
    result.misordered +
    result.falseStatus +
    result.unconfirmed +
    result.doublePushes +
    result.fencedCommits ===
  0

/** How to run the same again. */
export const replay = ({ seed, messages, peers, faults }: SimulationOptions): string => {
  const names = faults.size === FAULT_NAMES.length ? 'all' : [...faults].join() || 'none'
  return `npm run simulate -- --seed ${String(seed)} --messages ${String(messages)} --peers ${String(peers)} --faults ${names}`
}
