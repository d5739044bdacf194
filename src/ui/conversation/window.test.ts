import { describe, expect, it } from 'vitest'
import type { MessageView } from '../../app/api.ts'
import type { MessageId, PeerId } from '../../domain/ids.ts'
import {
  downFrom,
  holding,
  MAX_HELD,
  MAX_UNREAD,
  NEWEST,
  PAGE,
  sharing,
  staying,
  unreadAmong,
  upTo,
} from './window.ts'

const message = (
  number: number,
  direction: MessageView['direction'] = 'Received',
  read = true,
): MessageView => ({
  id: `m${number}` as MessageId,
  direction,
  author: { peerId: direction as string as PeerId, nickname: '' },
  content: { type: 'Text', text: String(number) },
  timestamp: number,
  status: 'Pending',
  refused: false,
  mailboxFull: false,
  read,
  cursor: String(number),
})

const span = (from: number, to: number): MessageView[] =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index))

describe('the part of a conversation that is held', () => {
  it('takes in what is unread while it is the newest, as far as a browser can bear', () => {
    expect(holding(NEWEST, 0)).toBe(NEWEST)
    expect(holding(NEWEST, PAGE)).toEqual({ from: null, limit: 2 * PAGE })
    expect(holding(NEWEST, 100_000)).toEqual({ from: null, limit: MAX_UNREAD })
    const wide = { from: null, limit: MAX_UNREAD }
    expect(holding(wide, 1)).toBe(wide)
    const above = { from: '7', limit: MAX_HELD }
    expect(holding(above, 100)).toBe(above)
  })

  it('stays where it is when its reader leaves the end', () => {
    expect(staying(span(51, 100))).toEqual({ from: '51', limit: MAX_HELD })
    expect(staying(span(1, MAX_UNREAD))).toEqual({ from: '1', limit: MAX_UNREAD })
    expect(staying([])).toEqual({ from: null, limit: MAX_HELD })
  })

  it('moves up to an older page, and down by one, and is no larger for it', () => {
    const here = { from: '300', limit: 500 }
    expect(upTo(span(250, 299), here)).toEqual({ from: '250', limit: MAX_HELD })
    expect(upTo([], here)).toBe(here)
    expect(downFrom(span(300, 499), here)).toEqual({ from: String(300 + PAGE), limit: MAX_HELD })
    expect(downFrom(span(300, 310), here)).toBe(here)
  })
})

it('unreadAmong finds what was received and not read yet', () => {
  const messages = [message(1), message(2, 'Received', false), message(3, 'Sent', false)]
  expect(unreadAmong(messages).map(({ id }) => id)).toEqual(['m2'])
})

describe('sharing', () => {
  it('keeps the objects of what is as it was, and takes what is new or changed', () => {
    const held = span(1, 3)
    const fresh = [...span(2, 4)]
    const delivered: MessageView = { ...message(3), status: 'Delivered' }
    fresh[1] = delivered
    const shared = sharing(held, fresh)
    expect(shared).toEqual(fresh)
    expect(shared[0]).toBe(held[1])
    expect(shared[1]).toBe(delivered)
    expect(shared[2]).toBe(fresh[2])
  })
})
