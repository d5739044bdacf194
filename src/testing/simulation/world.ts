/** Everything there is in a simulation, and the loop that moves its time. */
import { createHash } from 'node:crypto'
import { DEFAULT_CONFIG, type PersistenceConfig } from '../../domain/config.ts'
import type { ConversationId, PeerId } from '../../domain/ids.ts'
import { directConversationId, keyOfPeerId } from '../../protocol/identifiers.ts'
import type { Crypto } from '../../sync/ports.ts'
import { type Person, person } from '../people.ts'
import { Chance } from './chance.ts'
import { Device } from './device.ts'
import { goOn, settled } from './event-loop.ts'
import type { FaultName } from './fault-names.ts'
import { Faults } from './faults.ts'
import { LinkFaults } from './link-faults.ts'
import { SimulatedMail } from './mail.ts'
import { MailFaults } from './mail-faults.ts'
import { SimulatedNetwork } from './network.ts'
import { Oracle } from './oracle.ts'
import { People } from './people.ts'
import { Quarrels } from './quarrels.ts'
import { Schedule } from './schedule.ts'
import { Shifts } from './shifts.ts'

/** Contacts of one person, unless it is said otherwise; in a small world everyone knows everyone. */
const CONTACTS = 6

export interface WorldOptions {
  readonly seed: number
  readonly peers: number
  readonly faults: ReadonlySet<FaultName>
  readonly config?: Partial<PersistenceConfig>
  /** Contacts of one person: an even number. */
  readonly contacts?: number
  /** The first one knows all others, who know nobody else. */
  readonly star?: boolean
}

let worlds = 0

export class World {
  readonly chance: Chance
  readonly schedule = new Schedule()
  readonly begin = this.schedule.now
  readonly links: LinkFaults
  readonly network: SimulatedNetwork
  readonly oracle: Oracle
  readonly faults: Faults
  readonly mailFaults: MailFaults
  readonly people: People
  readonly quarrels: Quarrels
  readonly devices: readonly Device[]
  readonly shifts: Shifts
  readonly config: PersistenceConfig

  constructor({ seed, peers, faults, config = {}, contacts = CONTACTS, star = false }: WorldOptions) {
    const chanceOf = (purpose: number): Chance => new Chance(seed * 16 + purpose)
    this.chance = chanceOf(0)
    this.links = new LinkFaults(chanceOf(1), faults)
    const mail = new SimulatedMail(this.schedule, this.links, verify)
    this.network = new SimulatedNetwork(this.schedule, chanceOf(2), this.links, mail)
    this.faults = new Faults(this, chanceOf(3), faults)
    this.mailFaults = new MailFaults(this, chanceOf(6), faults)
    mail.post.serve = this.mailFaults.serve
    mail.post.lose = this.mailFaults.lose
    this.people = new People(this, chanceOf(4))
    this.quarrels = new Quarrels(this.schedule, chanceOf(8))
    this.config = { ...DEFAULT_CONFIG, ...configOf(chanceOf(5)), ...config }
    const persons = Array.from({ length: peers }, (_, i) =>
      person(faults.has('nicknames') ? 'Robin' : `Person ${String(i)}`, seed * 10_000 + i),
    )
    const world = String(++worlds)
    this.devices = persons.map(
      (who, i) =>
        new Device(
          this,
          who,
          `world-${world}/device-${String(i)}`,
          star ? aroundTheFirst(persons, i) : contactsOf(persons, i, contacts),
        ),
    )
    this.shifts = new Shifts(this.schedule, chanceOf(7), this.devices)
    const others = new Map<ConversationId, PeerId[]>()
    for (const { who, contacts } of this.devices)
      for (const { peerId } of contacts)
        others.set(directConversationId(who.peerId, peerId), [who.peerId, peerId])
    this.oracle = new Oracle((self, conversation) => others.get(conversation)?.find((peer) => peer !== self))
  }

  /** Signatures that cost little: a hash of key and bytes, which nobody forges in here. */
  crypto(self: PeerId): Crypto {
    const own = keyOfPeerId(self)
    return {
      sign: (bytes) => Promise.resolve(signature(own, bytes)),
      verify,
    }
  }

  /** Moves on by `ms`, through everything that is due on the way. Time stands while a store has work to do. */
  async run(ms: number): Promise<void> {
    const end = this.schedule.now + ms
    for (;;) {
      await settled()
      let event = this.schedule.next(end)
      if (event === undefined) return
      // What is due in the same instant comes while the stores are still at work.
      while (event !== undefined) {
        event()
        await goOn(this.chance.between(0, 12))
        event = this.schedule.next(this.schedule.now)
      }
    }
  }
}

const verify: Crypto['verify'] = (key, signed, bytes) => Promise.resolve(signature(key, bytes).equals(signed))

const signature = (key: Uint8Array, bytes: Uint8Array): Buffer =>
  createHash('sha512').update(key).update(bytes).digest()

const aroundTheFirst = (persons: readonly Person[], i: number): Person[] =>
  i === 0 ? persons.slice(1) : persons.slice(0, 1)

/** Everyone knows those next to them in a circle. */
function contactsOf(persons: readonly Person[], i: number, count: number): Person[] {
  const contacts = new Set<Person>()
  for (let step = 1; step <= count / 2; step++)
    for (const j of [i + step, i - step + persons.length * step]) {
      const other = persons[j % persons.length]
      if (other !== undefined && other !== persons[i]) contacts.add(other)
    }
  return [...contacts]
}

/** Worlds differ: in some messages expire within hours, in some batches are small. */
const configOf = (chance: Chance): Partial<PersistenceConfig> => ({
  sync_interval_seconds: chance.pick([60, 120, 600]),
  max_batch_size: chance.pick([3, 10, 50]),
  message_ttl_seconds: chance.pick([7 * 86_400, 7 * 86_400, 30 * 3600, 2 * 3600]),
})
