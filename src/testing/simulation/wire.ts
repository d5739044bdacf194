/** One session between two transports: two ends, and what happens to frames between them. */
import type { PeerId } from '../../domain/ids.ts'
import type { Session } from '../../sync/ports.ts'
import type { SimulatedTransport } from './network.ts'

/** Opens a session and tells both sides. */
export function openWire(dialler: SimulatedTransport, dialled: SimulatedTransport): void {
  const wire: Wire = { initiator: dialler.self, dark: false, path: pathOf(dialler) }
  const near = new SimulatedSession(dialler, dialled.self, wire)
  const far = new SimulatedSession(dialled, dialler.self, wire)
  near.other = far
  far.other = near
  near.open()
  far.open()
}

const pathOf = ({ network }: SimulatedTransport) => (network.chance.happens(0.2) ? 'relayed' : 'direct')

interface Wire {
  readonly initiator: PeerId
  readonly path: 'direct' | 'relayed'
  /** What is sent does not arrive any more; what is on its way does. */
  dark: boolean
}

export class SimulatedSession implements Session {
  readonly id: string
  readonly peer: PeerId
  readonly initiator: PeerId
  readonly path: 'direct' | 'relayed'
  readonly owner: SimulatedTransport
  readonly #wire: Wire
  other: SimulatedSession | undefined
  /** When the last frame or the close that this side sent arrives. */
  #arrival = 0
  #closing = false

  constructor(owner: SimulatedTransport, peer: PeerId, wire: Wire) {
    this.id = owner.nextSession()
    this.owner = owner
    this.peer = peer
    this.initiator = wire.initiator
    this.path = wire.path
    this.#wire = wire
  }

  open(): void {
    this.owner.sessions.add(this)
    this.owner.tell((listener) => {
      listener.opened(this)
    })
  }

  /** Whether its owner has not been told of its end. */
  get isOpen(): boolean {
    return this.owner.sessions.has(this)
  }

  send(frame: Uint8Array): void {
    const { network } = this.owner
    if (this.#closing || !this.isOpen || !this.owner.isAlive) return
    this.owner.onSend(this, frame)
    if (network.isCut(this.owner.self, this.peer)) this.goDark()
    if (this.#wire.dark) return
    const fate = network.links.fate()
    if (fate === 'goes dark') {
      this.goDark()
      return
    }
    if (fate === 'outlives') {
      this.#outlivedBy(frame)
      return
    }
    if (fate !== 'arrives') this.#endsSoonerOrLater()
    if (fate === 'lost') return
    if (fate === 'overtaken') {
      this.#arriveAt(
        network.schedule.now + network.links.delay(network.schedule.now) + network.links.notice() / 10,
        frame,
      )
      return
    }
    this.#arrival = Math.max(this.#arrival, network.schedule.now + network.links.delay(network.schedule.now))
    this.#arriveAt(this.#arrival, frame)
    if (fate === 'twice') this.#arriveAt(this.#arrival, frame)
  }

  /** This side loses the session at once, the other late, and the frame arrives meanwhile. */
  #outlivedBy(frame: Uint8Array): void {
    const { schedule, links } = this.owner.network
    this.#arriveAt(schedule.now + links.outliving(), frame)
    this.#wire.dark = true
    schedule.after(0, () => {
      this.ended('the network has changed')
    })
    this.other?.noticeEnd()
  }

  #arriveAt(at: number, frame: Uint8Array): void {
    const { schedule } = this.owner.network
    const copy = frame.slice()
    schedule.after(at - schedule.now, () => this.other?.received(copy))
  }

  received(frame: Uint8Array): void {
    this.owner.tell((listener) => {
      if (!this.isOpen || this.#closing) return
      this.owner.onReceive(frame)
      listener.frame(this, frame)
    })
  }

  close(reason: string): void {
    const { network } = this.owner
    if (this.#closing || !this.isOpen) return
    this.#closing = true
    network.schedule.after(network.links.closing(), () => {
      this.ended(reason)
    })
    if (this.#wire.dark) return
    // What was sent before arrives before.
    const arrives = Math.max(this.#arrival, network.schedule.now + network.links.delay(network.schedule.now))
    network.schedule.after(arrives - network.schedule.now, () => {
      this.other?.ended('closed by the other side')
    })
  }

  /** Both sides learn of it, each in its own time. */
  goDark(): void {
    if (this.#wire.dark) return
    this.#wire.dark = true
    this.#endsSoonerOrLater()
  }

  /** This side is gone without a word; what it had sent arrives. */
  die(): void {
    this.other?.noticeEnd()
  }

  #endsSoonerOrLater(): void {
    this.noticeEnd()
    this.other?.noticeEnd()
  }

  noticeEnd(): void {
    const { network } = this.owner
    network.schedule.after(network.links.notice(), () => {
      this.ended('the connection was lost')
      this.#wire.dark = true
    })
  }

  ended(reason: string): void {
    if (!this.owner.sessions.delete(this)) return
    this.owner.tell((listener) => {
      listener.closed(this, reason)
    })
  }
}
