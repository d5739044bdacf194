/** The mailboxes of the simulated world: the relay's own rules, on a line that takes virtual time. */
import type { PeerId } from '../../domain/ids.ts'
import { type MailLine, type MemoryMailbox, MemoryPost } from '../memory-mailbox.ts'
import type { Crypto } from '../../sync/ports.ts'
import type { Gate } from './event-loop.ts'
import type { LinkFaults } from './link-faults.ts'
import type { Schedule } from './schedule.ts'

const RELAY = 'relay'

export class SimulatedMail {
  readonly post: MemoryPost
  readonly #schedule: Schedule
  readonly #links: LinkFaults

  constructor(schedule: Schedule, links: LinkFaults, verify: Crypto['verify']) {
    this.#schedule = schedule
    this.#links = links
    this.post = new MemoryPost({ now: () => Math.floor(schedule.now) }, verify)
    this.post.open(RELAY)
  }

  /** The client of a tab. What it sends arrives even if the tab dies; what comes back goes through its gate. */
  client(self: PeerId, gate: Gate): MemoryMailbox {
    const line: MailLine = {
      there: () =>
        this.#passing((run) => {
          run()
        }),
      back: () => this.#passing(gate),
      here: gate,
    }
    return this.post.mailbox(self, RELAY, line)
  }

  #passing(gate: Gate): Promise<void> {
    const delay = this.#links.delay(this.#schedule.now)
    return new Promise((resolve) => {
      this.#schedule.after(delay, () => {
        gate(resolve)
      })
    })
  }
}
