import { describe, expect, it } from 'vitest'
import type { ConversationId } from '../../domain/ids.ts'
import { keptText, readDraft, writeDraft } from './drafts.ts'

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

describe('drafts', () => {
  const one = 'one' as ConversationId
  const other = 'other' as ConversationId

  it('are kept for each conversation, and leave nothing behind', () => {
    const storage = new MemoryStorage()
    writeDraft(storage, one, 'hello')
    expect(readDraft(storage, one)).toBe('hello')
    expect(readDraft(storage, other)).toBe('')
    writeDraft(storage, one, '')
    expect(storage.length).toBe(0)
  })

  it('hold what is on its way before what is being typed', () => {
    expect(keptText(['first', 'second'], 'third')).toBe('first\nsecond\nthird')
    expect(keptText(['first'], '')).toBe('first')
    expect(keptText([], '')).toBe('')
  })
})
