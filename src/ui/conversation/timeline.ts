import type { GapView, MessageView } from '../../app/api.ts'
import { isMembership, isShown } from '../../domain/message.ts'

/** What stands in the log of a conversation, from top to bottom. */
export type TimelineItem =
  /** A new calendar day begins. */
  | { readonly kind: 'day'; readonly key: string; readonly time: number }
  /** Someone came to a group, left it, or changed it. */
  | { readonly kind: 'membership'; readonly key: string; readonly message: MessageView }
  | { readonly kind: 'introduction'; readonly key: string; readonly message: MessageView }
  /** Messages are known to be missing here. */
  | { readonly kind: 'gap'; readonly key: string; readonly gap: GapView }
  | {
      readonly kind: 'message'
      readonly key: string
      readonly message: MessageView
      /** Whether it is the first, or the last, of a run: what one person wrote in one go. */
      readonly startsRun: boolean
      readonly endsRun: boolean
    }

/** A pause longer than this, in milliseconds, ends a run. */
const RUN_GAP_MS = 5 * 60_000

const sameDay = (one: number, other: number): boolean =>
  new Date(one).toDateString() === new Date(other).toDateString()

/**
 * Arranges messages, oldest first, for the log, and what is missing among them: `gaps` in order, of which those
 * above the first message, or below the last, are left out while there are `older`, or `newer`, messages. Days are by the author's clock, and the order is that of the
 * conversation: a day may come back where someone's clock is wrong, which is shown rather than smoothed over.
 */
export function buildTimeline(
  messages: readonly MessageView[],
  gaps: readonly GapView[] = [],
  older = false,
  newer = false,
): readonly TimelineItem[] {
  const visible = messages.filter(({ content }) => isShown(content.type) || isTold(content))
  const first = visible[0]?.cursor
  let left = older && first !== undefined ? gaps.filter(({ place }) => place >= first) : gaps
  /** The gaps that stand before a message; undefined: those that are left. */
  const take = (cursor?: string): TimelineItem[] => {
    const taken = cursor === undefined ? left : left.filter(({ place }) => place < cursor)
    left = left.slice(taken.length)
    return taken.map((gap) => ({
      kind: 'gap',
      key: `gap ${gap.place} ${gap.author} ${String(gap.lost)}`,
      gap,
    }))
  }
  const items = visible.flatMap((message, index) => {
    const before = visible[index - 1]
    const after = visible[index + 1]
    const items: TimelineItem[] = take(message.cursor)
    if (before === undefined || !sameDay(before.timestamp, message.timestamp))
      items.push({ kind: 'day', key: `day ${message.id}`, time: message.timestamp })
    if (isMembership(message.content.type)) items.push({ kind: 'membership', key: message.id, message })
    else if (message.content.type === 'Introduction')
      items.push({ kind: 'introduction', key: message.id, message })
    else
      items.push({
        kind: 'message',
        key: message.id,
        message,
        startsRun: before === undefined || !inOneRun(before, message),
        endsRun: after === undefined || !inOneRun(message, after),
      })
    return items
  })
  return newer ? items : [...items, ...take()]
}

/** An introduction says how two people met, where it was by an invite. */
const isTold = (content: MessageView['content']): boolean =>
  (content.type === 'Introduction' && content.secret !== undefined) ||
  (isMembership(content.type) && content.type !== 'GroupCard')

const inOneRun = (before: MessageView, after: MessageView): boolean =>
  before.author.peerId === after.author.peerId &&
  isShown(before.content.type) &&
  isShown(after.content.type) &&
  sameDay(before.timestamp, after.timestamp) &&
  Math.abs(after.timestamp - before.timestamp) <= RUN_GAP_MS
