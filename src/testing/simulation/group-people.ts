/** What people do in a group: they join, write, look, leave and come back; and its creator removes and invites. */
import type { ConversationId, PeerId } from '../../domain/ids.ts'
import { isActive, memberOf } from '../../domain/group.ts'
import { markAllAsRead } from '../../store/history.ts'
import { createGroup, inviteToGroup, joinGroup, leaveGroup, removeFromGroup } from '../../store/membership.ts'
import { sendMessage } from '../../store/outbox.ts'
import type { GigiDatabase } from '../../store/schema.ts'
import type { Chance } from './chance.ts'
import type { Device } from './device.ts'
import type { World } from './world.ts'

const MINUTE = 60_000
const AGAIN_MS = MINUTE

export interface Said {
  readonly text: string
  readonly author: PeerId
}

export interface GroupPlan {
  readonly messages: number
  readonly durationMs: number
  /** How often someone is removed, and comes back, or leaves. */
  readonly changes: number
  readonly history: 'joining' | 'all'
}

export class GroupPeople {
  /** What the app said was sent. */
  readonly said: Said[] = []
  readonly removed = new Set<PeerId>()
  group: ConversationId | undefined
  readonly #world: World
  readonly #chance: Chance
  #toWrite = 0

  constructor(world: World, chance: Chance) {
    this.#world = world
    this.#chance = chance
  }

  get isWriting(): boolean {
    return this.#toWrite > 0
  }

  begin({ messages, durationMs, changes, history }: GroupPlan): void {
    const { schedule, devices } = this.#world
    const [creator, ...others] = devices
    if (creator === undefined) throw new Error('nobody is there')
    const chance = this.#chance
    this.#repeat(1000, async () => {
      const { db, now, random } = appOf(creator)
      const members = others.map(({ who }) => who.peerId)
      this.group ??= await createGroup(db, { name: 'Everyone', history, members }, now, random)
    })
    for (const device of others) this.#joinSometimes(device)
    this.#toWrite = messages
    for (let i = 0; i < messages; i++) {
      const device = chance.pick(devices)
      const text = `said ${String(i)}`
      schedule.after(chance.between(10 * MINUTE, durationMs), () => {
        this.#say(device, text)
      })
    }
    for (let i = 0; i < changes; i++)
      schedule.after(chance.between(20 * MINUTE, durationMs), () => {
        this.#change(creator, chance.pick(others))
      })
    for (const device of devices) this.#lookSometimes(device)
  }

  /** Again and again until it could be done. */
  #repeat(delay: number, task: () => Promise<unknown>): void {
    this.#world.schedule.after(delay, () => {
      task().catch(() => {
        this.#repeat(AGAIN_MS, task)
      })
    })
  }

  #say(device: Device, text: string): void {
    const { schedule } = this.#world
    const attempt = async (): Promise<void> => {
      const { db, tab, now, random } = appOf(device)
      const group = this.group === undefined ? undefined : await db.groups.get(this.group)
      // Who is not in it has nothing to say there.
      if (group?.standing !== 'joined') {
        this.#toWrite--
        return
      }
      await sendMessage(db, group.id, { type: 'Text', text }, now, random, text)
      if (tab.isDead) throw new Error('nobody saw that it was stored')
      this.#toWrite--
      this.said.push({ text, author: device.who.peerId })
    }
    attempt().catch(() => {
      schedule.after(AGAIN_MS, () => {
        this.#say(device, text)
      })
    })
  }

  /** The creator removes someone, or invites them once more; or they leave. */
  #change(creator: Device, whom: Device): void {
    const { peerId } = whom.who
    const leaves = this.#chance.happens(0.3)
    this.#repeat(0, async () => {
      const { group } = this
      if (group === undefined) throw new Error('there is no group yet')
      const { db, now, random } = appOf(creator)
      const row = await db.groups.get(group)
      const member = row === undefined ? undefined : memberOf(row.state, peerId)
      if (member === undefined || !isActive(member)) {
        await inviteToGroup(db, group, [peerId], now, random)
        this.removed.delete(peerId)
      } else if (leaves) {
        const app = appOf(whom)
        if ((await app.db.groups.get(group))?.standing === 'joined')
          await leaveGroup(app.db, group, app.now, app.random)
      } else {
        await removeFromGroup(db, group, peerId, now, random)
        this.removed.add(peerId)
      }
    })
  }

  /** Takes up invitations, sooner or later. */
  #joinSometimes(device: Device): void {
    this.#world.schedule.after(this.#chance.spread(MINUTE, 30 * MINUTE), () => {
      this.join(device).catch(() => undefined)
      this.#joinSometimes(device)
    })
  }

  async join(device: Device): Promise<void> {
    const { db, now, random } = appOf(device)
    for (const { id, choice, creator, state } of await db.groups.toArray())
      if (choice === 'asked') await joinGroup(db, { id, name: state.name, inviter: creator }, now, random)
  }

  #lookSometimes(device: Device): void {
    this.#world.schedule.after(this.#chance.spread(MINUTE, 180 * MINUTE), () => {
      this.#look(device).catch(() => undefined)
      this.#lookSometimes(device)
    })
  }

  async #look(device: Device): Promise<void> {
    if (this.group === undefined) return
    const { db, now } = appOf(device)
    await markAllAsRead(db, this.group, now)
  }
}

interface App {
  readonly db: GigiDatabase
  readonly tab: NonNullable<Device['tab']>
  readonly now: number
  readonly random: (count: number) => Uint8Array
}

function appOf(device: Device): App {
  const { tab, clock, who } = device
  if (tab?.db == null) throw new Error('the app is closed')
  return { db: tab.db, tab, now: clock.now(), random: who.random.bytes }
}
