/** One simulation from a seed: people write while everything fails, then all heals, then accounts are settled. */
import './event-loop.ts'
import 'fake-indexeddb/auto'
import type { PersistenceConfig } from '../../domain/config.ts'
import { FAULT_NAMES, type FaultName } from './fault-names.ts'
import { closeAccounts, type Accounts } from './accounts.ts'
import { GigiDatabase } from '../../store/schema.ts'
import { World } from './world.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** Virtual time in which one person writes a message, on average, unless it is said otherwise, minutes. */
const MINUTES_PER_MESSAGE = 3
/** Longest time that healing may take, in steps of ten minutes: two days. */
const HEALING_STEPS = 288

export interface SimulationOptions {
  readonly seed: number
  readonly messages: number
  readonly peers: number
  readonly faults: ReadonlySet<FaultName>
  readonly config?: Partial<PersistenceConfig>
  /** Contacts of one person: an even number. */
  readonly contacts?: number
  /** Virtual time in which one person writes a message, on average: longer, for what is rare to happen. */
  readonly minutesPerMessage?: number
  /** From half of the time on people never meet again: mail alone brings what is left. */
  readonly apart?: boolean
}

export interface SimulationResult extends Accounts {
  readonly seed: number
  readonly messages: number
  readonly virtualDays: number
  readonly seconds: number
  /** Messages that came by mail. */
  readonly byMail: number
  /** How often each fault struck. */
  readonly struck: Readonly<Partial<Record<FaultName, number>>>
  /** Stands for all that was committed, when and by whom: the same each time for the same seed. */
  readonly course: string
  /** What went wrong, in words. */
  readonly findings: readonly string[]
}

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const begun = performance.now()
  // Two who have shut each other out hold no grant that is worth anything: they have to meet to get new ones.
  const faults = options.apart === true ? options.faults.difference(new Set(['blocks'])) : options.faults
  const world = new World({ ...options, faults })
  for (const device of world.devices) await device.create(world.config)
  for (const device of world.devices) device.open()
  world.faults.begin()
  const { minutesPerMessage = MINUTES_PER_MESSAGE } = options
  const duration = (options.messages / options.peers) * minutesPerMessage * MINUTE
  world.people.begin(options.messages, duration)
  await world.run(duration / 2)
  if (options.apart === true) world.shifts.begin(true)
  await world.run(duration / 2)
  world.faults.stop()
  if (options.apart === true) {
    world.mailFaults.confess()
    await heal(world)
  } else {
    world.shifts.end()
    await heal(world)
    await world.people.lookEverywhere()
    await world.run(10 * MINUTE)
  }
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
    struck: Object.fromEntries([...world.links.struck, ...world.faults.struck, ...world.mailFaults.struck]),
    byMail: world.oracle.byMail,
    course: world.oracle.course(),
    findings: world.oracle.findings,
  }
}

async function heal(world: World): Promise<void> {
  for (let step = 0; step < HEALING_STEPS; step++) {
    await world.run(10 * MINUTE)
    if (!world.people.isWriting && !world.quarrels.areOpen && (await isQuiet(world))) return
  }
}

async function isQuiet(world: World): Promise<boolean> {
  for (const { name } of world.devices) {
    const db = new GigiDatabase(name)
    const queued = await db.offline_queue.count()
    db.close()
    if (queued > 0) return false
  }
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
    result.fencedCommits +
    result.trespasses +
    result.unkept ===
  0

/** How to run the same again. */
export const replay = ({ seed, messages, peers, faults, apart }: SimulationOptions): string => {
  const names = faults.size === FAULT_NAMES.length ? 'all' : [...faults].join() || 'none'
  return `npm run simulate -- --seed ${String(seed)} --messages ${String(messages)} --peers ${String(peers)} --faults ${names}${apart === true ? ' --apart' : ''}`
}
