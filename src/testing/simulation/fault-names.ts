/** The faults that a simulation may be asked for, by name. */
export const FAULT_NAMES = [
  /** A frame vanishes, and sooner or later its session. */
  'drop',
  /** A frame comes twice. */
  'duplicate',
  /** A frame is overtaken by the next. */
  'reorder',
  /** Frames take up to half a minute, and closing takes its time. */
  'delay',
  /** A session is dead, and its sides learn of it late and at different times. */
  'half-open',
  /** A tab dies at any of its steps in the store, or right after a commit, and is opened again. */
  'crash',
  /** The storage is full, or takes nothing at all for a while. */
  'storage',
  /** Clocks are wrong by up to a day, and jump. */
  'clock',
  /** Some cannot reach the others, though the relay sees all of them. */
  'partition',
  /** The relay is gone for everyone, or the network for one. */
  'relay',
  /** People close the app for hours. */
  'absence',
  /** A second tab takes over while the first is frozen; later the first wakes. */
  'tabs',
  /** All have the same nickname. */
  'nicknames',
  /** They block each other for hours. */
  'blocks',
  /** They make their invite links anew. */
  'links',
  /** For hours people are never there together: what they write goes by mail alone. */
  'apart',
  /** The mailbox has lost its disk. */
  'mail-burnt',
  /** It gives again what was confirmed. */
  'mail-repeated',
  /** It gives in another order. */
  'mail-shuffled',
  /** It does not give what it holds, for a while or for good. */
  'mail-withheld',
  /** It takes what it throws away, holds what it says is gone, and says that it holds what it does not. */
  'mail-lies',
  /** A request does not come to it, or its answer does not come back. */
  'mail-unanswered',
  /** It cannot be reached. */
  'mail-shut',
  /** It has no room. */
  'mail-full',
  /** It gives what is no letter, or another's, or forged. */
  'mail-garbage',
] as const
export type FaultName = (typeof FAULT_NAMES)[number]

/** Reads `all`, `none` or names with commas between them. */
export function readFaults(text: string): Set<FaultName> {
  if (text === 'all') return new Set(FAULT_NAMES)
  if (text === 'none') return new Set()
  return new Set(
    text.split(',').map((word) => {
      const name = FAULT_NAMES.find((known) => known === word.trim())
      if (name === undefined) throw new Error(`no fault is named ${word}: ${FAULT_NAMES.join(', ')}`)
      return name
    }),
  )
}
