/** Watches what is pushed: a row is on its way to a peer on one session at a time, or its lease was not kept. */
import type { MessageId } from '../../domain/ids.ts'
import { claimedId } from '../../protocol/envelope.ts'
import { decodeFrame } from '../../protocol/frame-codec.ts'
import type { Tab } from './tab.ts'
import type { SimulatedSession } from './wire.ts'

/** Within this a lease holds, milliseconds; a little less than it does. */
const LEASE_HOLDS_MS = 55_000

/** The ids of the messages in a frame, if it is of these types. */
export function envelopeIds(
  frame: Uint8Array,
  types: readonly ('push' | 'page')[] = ['push', 'page'],
): MessageId[] {
  const decoded = decodeFrame(frame)
  if (decoded?.type !== 'push' && decoded?.type !== 'page') return []
  if (!types.includes(decoded.type)) return []
  return decoded.envelopes.map(claimedId).filter((id) => id !== null)
}

interface Pushed {
  readonly session: SimulatedSession
  /** By the device's clock, which leases go by, and by the real one. */
  readonly at: number
  readonly realAt: number
}

export class PushWatch {
  readonly #pushed = new Map<string, Pushed>()

  /** Returns the messages in `frame` that are on their way on another session of the same tab. */
  sent(tab: Tab, session: SimulatedSession, frame: Uint8Array): MessageId[] {
    const { clock, world, name } = tab.device
    const now = { session, at: clock.now(), realAt: world.schedule.now }
    return envelopeIds(frame, ['push']).flatMap((id) => {
      const key = `${name}/${session.peer}/${id}`
      const before = this.#pushed.get(key)
      this.#pushed.set(key, now)
      return before !== undefined && isRival(before, now) ? id : []
    })
  }
}

function isRival(before: Pushed, now: Pushed): boolean {
  const leased =
    now.at - before.at === now.realAt - before.realAt && now.realAt - before.realAt < LEASE_HOLDS_MS
  return (
    leased &&
    before.session !== now.session &&
    before.session.owner === now.session.owner &&
    before.session.isOpen
  )
}
