import { describe, expect, it } from 'vitest'
import type { GapView, MessageView } from '../../app/api.ts'
import type { MessageId, PeerId } from '../../domain/ids.ts'
import type { Direction, MessageContent } from '../../domain/message.ts'
import { buildTimeline } from './timeline.ts'

const MINUTE = 60_000
const noon = new Date('2025-03-12T12:00:00').getTime()

let count = 0

function message(
  direction: Direction,
  timestamp: number,
  content: MessageContent = { type: 'Text', text: 'hello' },
): MessageView {
  const id = `m${++count}` as MessageId
  return {
    id,
    direction,
    author: { peerId: direction as string as PeerId, nickname: direction },
    timestamp,
    content,
    status: 'Pending',
    refused: false,
    mailboxFull: false,
    read: true,
    cursor: id,
  }
}

/** A timeline in short: D for a day, I for an introduction, M for who comes and goes, and a message with its brackets of a run. */
const inShort = (
  messages: readonly MessageView[],
  gaps: readonly GapView[] = [],
  older = false,
  newer = false,
): string =>
  buildTimeline(messages, gaps, older, newer)
    .map((item) => {
      if (item.kind === 'day') return 'D'
      if (item.kind === 'introduction') return 'I'
      if (item.kind === 'membership') return 'M'
      if (item.kind === 'gap') return `G${String(item.gap.count)}`
      return `${item.startsRun ? '(' : ''}${item.message.direction.charAt(0)}${item.endsRun ? ')' : ''}`
    })
    .join(' ')

describe('buildTimeline', () => {
  it('has nothing to say about nothing', () => {
    expect(buildTimeline([])).toEqual([])
  })

  it('makes runs of what one person wrote in one go', () => {
    const messages = [
      message('Sent', noon),
      message('Sent', noon + MINUTE),
      message('Sent', noon + 2 * MINUTE),
      message('Received', noon + 3 * MINUTE),
    ]
    expect(inShort(messages)).toBe('D (S S S) (R)')
  })

  it('ends a run at a pause', () => {
    expect(inShort([message('Sent', noon), message('Sent', noon + 6 * MINUTE)])).toBe('D (S) (S)')
  })

  it('says the day once, and again when it changes', () => {
    const midnight = new Date('2025-03-13T00:00:00').getTime()
    const messages = [message('Sent', noon), message('Sent', midnight - MINUTE), message('Sent', midnight)]
    expect(inShort(messages)).toBe('D (S) (S) D (S)')
  })

  it('says the day again when a clock goes back, in the order of the conversation', () => {
    const tomorrow = noon + 24 * 60 * MINUTE
    expect(inShort([message('Received', tomorrow), message('Sent', noon)])).toBe('D (R) D (S)')
  })

  it('leaves out what fills a sequence, and introductions without an invite', () => {
    const messages = [
      message('Received', noon, { type: 'Void' }),
      message('Received', noon, { type: 'Introduction', nickname: 'Bob' }),
      message('Received', noon, { type: 'Introduction', nickname: 'Bob', secret: 's' }),
      message('Received', noon),
    ]
    expect(inShort(messages)).toBe('D I (R)')
  })

  it('shows what is missing before the message that came after it, and at the end what nothing came after', () => {
    const messages = [message('Received', noon), message('Received', noon), message('Received', noon)]
    const gap = (place: string, count: number): GapView => ({ place, count, author: 'other', lost: false })
    const gaps = [gap('', 1), gap(messages[0]?.cursor ?? '', 2), gap('~', 3)]
    expect(inShort(messages, gaps)).toBe('G1 D (R G2 R R) G3')
    expect(inShort(messages, gaps, true)).toBe('D (R G2 R R) G3')
    expect(inShort(messages, gaps, false, true)).toBe('G1 D (R G2 R R)')
  })
})
