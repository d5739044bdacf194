/** One simulation of a group: people write, come, go and are removed while everything fails, then all heals, and accounts are settled. */
import './event-loop.ts'
import 'fake-indexeddb/auto'
import type { ConversationId, PeerId } from '../../domain/ids.ts'
import { endOf, fromOf, memberOf } from '../../domain/group.ts'
import { SYNC_STATUSES } from '../../domain/status.ts'
import { memberStatuses } from '../../store/group-status.ts'
import { contentOf } from '../../store/messages.ts'
import { GigiDatabase, type GroupRow, type MessageRow } from '../../store/schema.ts'
import { Chance } from './chance.ts'
import type { Device } from './device.ts'
import type { FaultName } from './fault-names.ts'
import { GroupPeople } from './group-people.ts'
import { World } from './world.ts'

const MINUTE = 60_000
/** Longest time that healing may take, in steps of ten minutes: two days. */
const HEALING_STEPS = 288
/** Healed is what was so at so many looks, one after another. */
const STEADY_STEPS = 2

export interface GroupSimulationOptions {
  readonly seed: number
  readonly members: number
  readonly messages: number
  readonly changes: number
  readonly faults: ReadonlySet<FaultName>
  readonly history?: 'joining' | 'all'
  /** How many of those who have written are gone for good from half of the time on. */
  readonly gone?: number
}

export interface GroupAccounts {
  readonly seed: number
  readonly said: number
  readonly members: number
  /** Of a message that anybody has who is still a member, one who should have it and has not. */
  readonly lost: number
  readonly duplicated: number
  /** Members who do not agree on who is in it, or have what counts for nobody. */
  readonly divided: number
  /** With all members who are there, and its author does not know. */
  readonly unconfirmed: number
  /** An author is told that a member has it who has not. */
  readonly falseStatus: number
  readonly sentToRemoved: number
  readonly doublePushes: number
  readonly fencedCommits: number
  readonly envelopes: number
  readonly redundant: number
  readonly mostSessions: number
  readonly findings: readonly string[]
}

export async function simulateGroup(options: GroupSimulationOptions): Promise<GroupAccounts> {
  const { seed, members, messages, changes, faults, history = 'all', gone = 0 } = options
  // Of one identity there is one device; who shuts the creator out is not in the group.
  const usable = new Set([...faults].filter((name) => !['blocks', 'apart', 'links'].includes(name)))
  const world = new World({
    ...{ seed, peers: members, faults: usable, star: true },
    config: { message_ttl_seconds: 30 * 86_400, sync_interval_seconds: 60 },
  })
  const people = new GroupPeople(world, new Chance(seed * 16 + 9))
  for (const device of world.devices) await device.create(world.config)
  for (const device of world.devices) device.open()
  world.faults.begin()
  const durationMs = Math.max(240, messages * 2) * MINUTE
  people.begin({ messages, durationMs, changes, history })
  let mostSessions = 0
  const run = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 10 * MINUTE) {
      await world.run(Math.min(left, 10 * MINUTE))
      const counts = world.devices.flatMap(({ tabs }) => tabs.map(({ transport }) => transport.sessions.size))
      mostSessions = Math.max(mostSessions, ...counts)
    }
  }
  await run(durationMs / 2)
  // They have written, and never come back.
  const lostDevices = world.devices
    .slice(1)
    .filter(({ who }) => people.said.some(({ author }) => author === who.peerId))
  const away = lostDevices.slice(0, gone)
  for (const device of away) device.bar()
  await run(durationMs / 2)
  world.faults.stop()
  world.mailFaults.confess()
  const present = world.devices.filter((device) => !away.includes(device))
  let accounts = await account(people, present)
  for (let step = 0, steady = 0; step < HEALING_STEPS && steady < STEADY_STEPS; step++) {
    await run(10 * MINUTE)
    accounts = await account(people, present)
    const { lost, divided, unconfirmed } = accounts
    steady = !people.isWriting && lost + divided + unconfirmed === 0 ? steady + 1 : 0
  }
  for (const device of world.devices) device.close()
  await world.run(MINUTE)
  const { oracle } = world
  return {
    seed,
    said: people.said.length,
    members,
    ...accounts,
    sentToRemoved: oracle.groups.sentToRemoved,
    doublePushes: oracle.violations.doublePushes,
    fencedCommits: oracle.violations.fencedCommits,
    envelopes: oracle.groups.envelopes,
    redundant: oracle.groups.redundant,
    mostSessions,
    findings: [...accounts.findings, ...oracle.groups.findings, ...oracle.findings],
  }
}

interface Holding {
  readonly device: Device
  readonly db: GigiDatabase
  readonly row: GroupRow
  readonly texts: ReadonlyMap<string, readonly MessageRow[]>
}

type Balance = Pick<
  GroupAccounts,
  'lost' | 'duplicated' | 'divided' | 'unconfirmed' | 'falseStatus' | 'findings'
>

async function account(people: GroupPeople, present: readonly Device[]): Promise<Balance> {
  const { group } = people
  const findings: string[] = []
  const balance = { lost: 0, duplicated: 0, divided: 0, unconfirmed: 0, falseStatus: 0 }
  if (group === undefined) return { ...balance, lost: 1, findings: ['there is no group'] }
  const holdings: Holding[] = []
  for (const device of present) {
    const holding = await holdingOf(device, group)
    if (holding?.row.standing === 'joined') holdings.push(holding)
    else holding?.db.close()
  }
  const creator = holdings.find(({ row }) => row.creator === row.state.creator && row.choice === 'joined')
  const truth = JSON.stringify(membersOf(creator?.row))
  const everything = new Map<string, MessageRow>()
  for (const { texts } of holdings)
    for (const [text, [row]] of texts) if (row !== undefined) everything.set(text, row)
  for (const { device, row, texts } of holdings) {
    if (JSON.stringify(membersOf(row)) !== truth) {
      balance.divided++
      findings.push(`divided: ${device.name} knows ${JSON.stringify(membersOf(row))}, not ${truth}`)
    }
    const us = memberOf(row.state, device.who.peerId)
    for (const [text, message] of everything) {
      const author = memberOf(row.state, message.peer_id)
      const isOver = author !== undefined && message.seq > endOf(author, message.log_id)
      const isBefore = us !== undefined && message.seq <= fromOf(us, message.log_id)
      const held = texts.get(text) ?? []
      if (held.length === 0 && !isOver && !isBefore) {
        balance.lost++
        findings.push(`lost: ${text} is not with ${device.name}`)
      }
      if (held.length > 0 && isOver) {
        balance.divided++
        findings.push(`divided: ${device.name} has ${text}, which does not count`)
      }
      if (held.length > 1) {
        balance.duplicated++
        findings.push(`duplicated: ${text} at ${device.name}`)
      }
    }
  }
  const byPeer = new Map<PeerId, Holding>(holdings.map((holding) => [holding.device.who.peerId, holding]))
  for (const { text, author } of people.said) {
    const own = byPeer.get(author)
    const row = own?.texts.get(text)?.[0]
    if (own === undefined) continue
    if (row === undefined) {
      balance.lost++
      findings.push(`lost: ${text} is not with its author`)
      continue
    }
    const [statuses = []] = await memberStatuses(own.db, own.row, [row])
    for (const { peer, status } of statuses) {
      const other = byPeer.get(peer)
      if (other === undefined) continue
      const isThere = (other.texts.get(text) ?? []).length > 0
      const isKnown = SYNC_STATUSES.indexOf(status) >= SYNC_STATUSES.indexOf('Delivered')
      // Added once more since, they need not have what was written before.
      const us = memberOf(other.row.state, peer)
      const isBefore = us !== undefined && row.seq <= fromOf(us, row.log_id)
      if (isKnown && !isThere && !isBefore) {
        balance.falseStatus++
        findings.push(`falseStatus: ${text} is said to be with ${other.device.name}`)
      }
      if (isThere && !isKnown) {
        balance.unconfirmed++
        findings.push(`unconfirmed: ${text} of ${own.device.name} with ${other.device.name}`)
      }
    }
  }
  for (const { db } of holdings) db.close()
  return { ...balance, findings: findings.slice(0, 20) }
}

const membersOf = (row: GroupRow | undefined): string[] =>
  (row?.state.members ?? []).map(({ peer, standing }) => `${peer.slice(-4)} ${standing}`).sort()

async function holdingOf(device: Device, group: ConversationId): Promise<Holding | undefined> {
  const db = new GigiDatabase(device.name)
  const row = await db.groups.get(group)
  if (row === undefined) {
    db.close()
    return undefined
  }
  const texts = new Map<string, MessageRow[]>()
  await db.messages.each((message) => {
    const content = contentOf(message)
    if (message.conversation_id === group && content.type === 'Text')
      texts.set(content.text, [...(texts.get(content.text) ?? []), message])
  })
  return { device, db, row, texts }
}

/** Whether a result is as it must be. */
export const isFlawlessGroup = (result: GroupAccounts): boolean =>
  result.lost +
    result.duplicated +
    result.divided +
    result.unconfirmed +
    result.falseStatus +
    result.sentToRemoved +
    result.doublePushes +
    result.fencedCommits ===
  0
