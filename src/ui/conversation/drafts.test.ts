import { describe, expect, it } from 'vitest'
import type { ConversationId } from '../../domain/ids.ts'
import { joinTexts, readDraft, typedSince, writeDraft } from './drafts.ts'
import { forgetSending, noteSending, readSendings, sendingToken } from './sending.ts'

class MemoryStorage implements Storage {
  readonly #items = new Map<string, string>()

  get length(): number {
    return this.#items.size
  }

  clear(): void {
    this.#items.clear()
  }

  getItem(key: string): string | null {
    return this.#items.get(key) ?? null
  }

  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null
  }

  removeItem(key: string): void {
    this.#items.delete(key)
  }

  setItem(key: string, value: string): void {
    this.#items.set(key, value)
  }
}

const one = 'A'.repeat(43) as ConversationId
const other = 'B'.repeat(22) as ConversationId

describe('drafts', () => {
  it('are kept for each conversation, and leave nothing behind', () => {
    const storage = new MemoryStorage()
    writeDraft(storage, one, 'hello')
    expect(readDraft(storage, one)).toBe('hello')
    expect(readDraft(storage, other)).toBe('')
    writeDraft(storage, one, '')
    expect(storage.length).toBe(0)
  })

  it('take back a text before what has been typed since', () => {
    expect(joinTexts('first', 'second')).toBe('first\nsecond')
    expect(joinTexts('first', '')).toBe('first')
  })
})

describe('a field from which a text was sent', () => {
  it('keeps what has been typed since, and only that', () => {
    expect(typedSince('hello', 'hello')).toBe('')
    expect(typedSince('hello', 'hello you')).toBe(' you')
    expect(typedSince('hello', 'another text')).toBe('another text')
    expect(typedSince('', 'first')).toBe('first')
  })
})

describe('texts that are being sent', () => {
  it('are found again in the order of sending, until they are forgotten', () => {
    const storage = new MemoryStorage()
    const sendings = [1, 2, 11].map((count) => ({
      token: sendingToken(1_700_000_000_000, count, 'x'),
      conversation: count === 2 ? other : one,
      text: `text ${String(count)}`,
    }))
    for (const sending of sendings.toReversed()) noteSending(storage, sending)
    writeDraft(storage, one, 'a draft is not being sent')
    expect(readSendings(storage)).toEqual(sendings)
    for (const { token } of sendings) forgetSending(storage, token)
    expect(readSendings(storage)).toEqual([])
  })
})
