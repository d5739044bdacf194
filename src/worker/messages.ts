/** What a tab and its timer worker say to each other. */
export type TimerRequest =
  | { readonly type: 'after'; readonly id: number; readonly delayMs: number }
  | { readonly type: 'cancel'; readonly id: number }

/** The timer of that id is due. */
export interface TimerReply {
  readonly id: number
}
