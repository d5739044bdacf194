import { describe, expect, it } from 'vitest'
import type { MessageView } from '../../app/api.ts'
import type { MessageId } from '../../domain/ids.ts'
import { limitToKeep, MAX_WINDOW, PAGE, sharing, unreadAmong } from './window.ts'

const message = (
  number: number,
  direction: MessageView['direction'] = 'Received',
  read = true,
): MessageView => ({
  id: `m${number}` as MessageId,
  direction,
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

describe('limitToKeep', () => {
  it('is content while nothing was pushed out', () => {
    expect(limitToKeep([], span(1, 50), 50)).toBe(50)
    expect(limitToKeep(span(51, 100), span(51, 100), 50)).toBe(50)
    expect(limitToKeep(span(51, 100), span(1, 100), 100)).toBe(100)
    expect(limitToKeep(span(1, 10), span(1, 12), 50)).toBe(50)
  })

  it('grows by a page when new messages pushed older ones out', () => {
    expect(limitToKeep(span(51, 100), span(54, 103), 50)).toBe(100)
  })

  it('grows by all that came when nothing is left of what was held', () => {
    expect(limitToKeep(span(51, 100), span(401, 450), 50)).toBe(100)
    expect(limitToKeep(span(1, 200), span(401, 600), 200)).toBe(400)
  })

  it('keeps what is held rather than hold more than a browser can bear', () => {
    expect(limitToKeep(span(1, 10), span(20, 19 + MAX_WINDOW), MAX_WINDOW)).toBeNull()
    const limit = MAX_WINDOW - PAGE + 1
    expect(limitToKeep(span(1, limit), span(4, 3 + limit), limit)).toBeNull()
  })

  it('is content when what is held was deleted and nothing more is there', () => {
    expect(limitToKeep(span(1, 50), span(41, 50), 50)).toBe(50)
    expect(limitToKeep(span(1, 50), [message(7)], 50)).toBe(50)
  })

  it('does not take a deleted oldest message for one that was pushed out', () => {
    expect(limitToKeep(span(51, 100), [message(50), ...span(52, 100)], 50)).toBe(50)
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
