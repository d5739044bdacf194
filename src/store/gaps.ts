/** What a reader must be told of: messages that are known to be missing, and whether they may still come. */
import { Dexie } from 'dexie'
import type { ConversationId, PeerId } from '../domain/ids.ts'
import { isShown } from '../domain/message.ts'
import { difference, highest, intersection, type Range, union } from '../domain/sequence-set.ts'
import { logsOf } from './logs.ts'
import type { GigiDatabase, LogRow } from './schema.ts'

/** Gaps that are told of in one conversation: more is not something one reads. */
const MAX_GAPS = 100

export interface Gap {
  /** Order key of the message that the gap stands before; behind all order keys where there is none. */
  readonly place: string
  readonly author: PeerId
  readonly count: number
  readonly lost: boolean
}

/** The gaps in what was received of a conversation, by place; of very many only some. */
export function readGaps(db: GigiDatabase, conversation: ConversationId): Promise<Gap[]> {
  return db.transaction('r', db.conversations, db.logs, db.messages, async () => {
    const own = (await db.conversations.get(conversation))?.own_log_id
    const gaps: Gap[] = []
    for (const log of await logsOf(db, conversation))
      if (log.log_id !== own) gaps.push(...(await gapsOf(db, log, MAX_GAPS - gaps.length)))
    return merged(gaps.sort((a, b) => (a.place < b.place ? -1 : Number(a.place > b.place)))).slice(-MAX_GAPS)
  })
}

/** At most `limit` gaps of one log. */
async function gapsOf(db: GigiDatabase, log: LogRow, limit: number): Promise<Gap[]> {
  const { accepted, lost = [] } = log
  const holes = difference([[1, highest(union(accepted, lost))]], accepted)
  const gaps: Gap[] = []
  for (const [set, isLost] of [
    [difference(holes, lost), false],
    [intersection(holes, lost), true],
  ] as const)
    for (const range of set.slice(-MAX_GAPS))
      if (range[1] > 0 && gaps.length < limit)
        gaps.push({
          place: await placeOf(db, log, range),
          author: log.author,
          count: range[1] - range[0] + 1,
          lost: isLost,
        })
  return gaps
}

/** A gap stands before the next message of its log that is shown. */
async function placeOf(db: GigiDatabase, log: LogRow, [, last]: Range): Promise<string> {
  const next = await db.messages
    .where('[log_id+seq]')
    .between([log.log_id, last], [log.log_id, Dexie.maxKey], false, true)
    .filter((row) => isShown(row.content_type))
    .first()
  return next?.order_key ?? '~'
}

/** Gaps with nothing between them are one. */
function merged(gaps: readonly Gap[]): Gap[] {
  const result: Gap[] = []
  for (const gap of gaps) {
    const last = result.at(-1)
    const same = last?.place === gap.place && last.author === gap.author && last.lost === gap.lost
    if (same) result[result.length - 1] = { ...last, count: last.count + gap.count }
    else result.push(gap)
  }
  return result
}
