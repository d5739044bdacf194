/** What a tab and its upkeep worker say to each other. */
export type UpkeepRequest =
  | { readonly type: 'after'; readonly id: number; readonly delayMs: number }
  | { readonly type: 'cancel'; readonly id: number }
  /** Run a whole cleanup, as the leader of this epoch and by the clock of the tab. */
  | { readonly type: 'clean'; readonly id: number; readonly epoch: number; readonly now: number }

export type UpkeepReply =
  /** The timer of that id is due. */
  | { readonly type: 'due'; readonly id: number }
  /** The cleanup of that id has come to its end; what it threw, by name and message, or null. */
  | { readonly type: 'cleaned'; readonly id: number; readonly thrown: readonly [string, string] | null }
  /** The worker lives: said every BEAT_MS. */
  | { readonly type: 'beat' }
  /** The device slept, or its clock was moved: much more time has passed than the worker has seen. */
  | { readonly type: 'slept' }

/** How often the worker says that it lives, milliseconds. */
export const BEAT_MS = 2_000
/** A beat that comes this much too late means that the device slept or its clock was moved, milliseconds. */
export const SLEPT_MS = 4_000
/** A worker of which nothing was heard for this long is gone, milliseconds: several beats, for a busy device. */
export const SILENCE_MS = 15_000
