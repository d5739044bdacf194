/** What people do: they write, alone and in bursts, look into conversations, and send again what was given up. */
import type { PeerId } from '../../domain/ids.ts'
import { directConversationId } from '../../protocol/identifiers.ts'
import { markAsRead, getHistory } from '../../store/history.ts'
import { sendMessage } from '../../store/outbox.ts'
import { sendAgain } from '../../store/retry.ts'
import type { GigiDatabase } from '../../store/schema.ts'
import type { Chance } from './chance.ts'
import type { Device } from './device.ts'
import type { Tab } from './tab.ts'
import type { World } from './world.ts'

const MINUTE = 60_000
/** The wait before someone tries again what the app could not do, milliseconds. */
const AGAIN_MS = 60_000
/** Messages on one screen. */
const PAGE = 50

export interface SentMessage {
  readonly text: string
  readonly author: PeerId
  readonly recipient: PeerId
}

export class People {
  /** What the app said was sent. */
  readonly sent: SentMessage[] = []
  readonly #world: World
  readonly #chance: Chance
  #toWrite = 0

  constructor(world: World, chance: Chance) {
    this.#world = world
    this.#chance = chance
  }

  /** Whether something is still to be written. */
  get isWriting(): boolean {
    return this.#toWrite > 0
  }

  /** Writes `count` messages within `durationMs`, and looks now and then. */
  begin(count: number, durationMs: number): void {
    const { schedule, devices } = this.#world
    const chance = this.#chance
    this.#toWrite = count
    for (let planned = 0; planned < count;) {
      const device = chance.pick(devices)
      const recipient = chance.pick(device.contacts).peerId
      const burst = Math.min(
        count - planned,
        chance.happens(0.1) ? chance.between(10, 60) : chance.between(1, 5),
      )
      let at = chance.between(0, durationMs)
      for (let i = 0; i < burst; i++) {
        const text = `message ${String(++planned)}`
        schedule.after((at += chance.spread(5, 5000)), () => {
          void this.#write(device, { text, author: device.who.peerId, recipient })
        })
      }
    }
    for (const device of devices) this.#lookSometimes(device)
  }

  async #write(device: Device, message: SentMessage): Promise<void> {
    const { schedule } = this.#world
    const { who, clock } = device
    const conversation = directConversationId(message.author, message.recipient)
    const content = { type: 'Text', text: message.text } as const
    try {
      const { tab, db } = this.#appOf(device)
      // The same token each time: what was stored before the tab died is not sent twice.
      await sendMessage(db, conversation, content, clock.now(), who.random.bytes, message.text)
      if (tab.isDead) throw new Error('nobody saw that it was stored')
    } catch {
      schedule.after(AGAIN_MS, () => void this.#write(device, message))
      return
    }
    this.#toWrite--
    this.sent.push(message)
  }

  #appOf({ tab }: Device): { tab: Tab; db: GigiDatabase } {
    if (tab?.db == null) throw new Error('the app is closed')
    return { tab, db: tab.db }
  }

  #lookSometimes(device: Device): void {
    const chance = this.#chance
    this.#world.schedule.after(chance.spread(MINUTE, 180 * MINUTE), () => {
      const { peerId } = chance.pick(device.contacts)
      if (chance.happens(0.3)) device.tab?.show(new Set([peerId]))
      this.#look(device, peerId).catch(() => undefined)
      this.#lookSometimes(device)
    })
  }

  /** Looks into every conversation as far back as something is unread. */
  async lookEverywhere(): Promise<void> {
    for (const device of this.#world.devices)
      for (const { peerId } of device.contacts) await this.#look(device, peerId, true)
  }

  async #look(device: Device, peer: PeerId, toTheEnd = false): Promise<void> {
    const { db } = this.#appOf(device)
    const conversation = directConversationId(device.who.peerId, peer)
    const limit = toTheEnd ? 1_000_000 : PAGE
    const { rows } = await getHistory(db, conversation, null, limit)
    const shown = rows.filter((row) => row.direction === 'Received').map((row) => row.id)
    await markAsRead(db, conversation, shown, device.clock.now())
    for (const row of rows) {
      const givenUp = row.direction === 'Sent' && (row.expired_at !== undefined || row.refusal !== undefined)
      if (!toTheEnd && givenUp && row.delivered === 0 && this.#chance.happens(0.5))
        await sendAgain(db, row.id, device.clock.now(), device.who.random.bytes)
    }
  }
}
