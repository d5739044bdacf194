import { describe, expect, it } from 'vitest'
import type { ConversationId } from '../../domain/ids.ts'
import type { GigiApp } from '../../app/api.ts'
import { UserError } from '../../app/api.ts'
import { Draft } from './drafts.svelte.ts'
import { draftTime, readDraft, writeDraft } from './drafts.ts'
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
    writeDraft(storage, one, 'hello', 5)
    expect(readDraft(storage, one)).toBe('hello')
    expect(draftTime(storage, one)).toBe(5)
    expect(readDraft(storage, other)).toBe('')
    writeDraft(storage, one, '', 6)
    expect(storage.length).toBe(0)
  })
})

describe('a draft that was found in the storage', () => {
  const found = async (text: string, typedAt: number): Promise<string> => {
    const storage = new MemoryStorage()
    writeDraft(storage, one, text, typedAt)
    const sent = { direction: 'Sent', timestamp: 100, content: { type: 'Text', text: 'hello there' } }
    const messages = () => Promise.resolve({ messages: [sent], more: false })
    const draft = new Draft({ queries: { messages } } as unknown as GigiApp, storage, one)
    expect(draft.text).toBe(text)
    await new Promise((resolve) => setImmediate(resolve))
    expect(readDraft(storage, one)).toBe(draft.text)
    return draft.text
  }

  it('is dropped if it was sent since: the storage was written down before that', async () => {
    expect(await found('hello th', 99)).toBe('')
    expect(await found(' hello there', 100)).toBe('')
  })

  it('stays if it is something else, or was typed again after that', async () => {
    expect(await found('hello you', 99)).toBe('hello you')
    expect(await found('hello there', 101)).toBe('hello there')
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
    writeDraft(storage, one, 'a draft is not being sent', 5)
    expect(readSendings(storage)).toEqual(sendings)
    for (const { token } of sendings) forgetSending(storage, token)
    expect(readSendings(storage)).toEqual([])
  })
})

describe('a field from which texts are sent', () => {
  function setUp() {
    const calls: { readonly text: string; readonly end: (error?: Error) => void }[] = []
    const sendText = (_id: ConversationId, text: string): Promise<void> =>
      new Promise((resolve, reject) => {
        calls.push({ text, end: (error) => (error === undefined ? resolve() : reject(error)) })
      })
    const draft = new Draft({ commands: { sendText } } as unknown as GigiApp, new MemoryStorage(), one)
    /** Ends what was sent as the `n`th, and lets what follows from it happen. */
    const end = async (n: number, error?: Error): Promise<void> => {
      await expect.poll(() => calls.length).toBeGreaterThan(n)
      calls[n]?.end(error)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const write = (text: string): void => {
      draft.text = text
      draft.send()
    }
    const sent = (): string[] => calls.map(({ text }) => text)
    return { draft, end, write, sent }
  }

  it('is emptied when the text is stored, and not before', async () => {
    const { draft, end, write } = setUp()
    write('a')
    expect(draft.text).toBe('a')
    await end(0)
    expect(draft.text).toBe('')
  })

  it('sends what is typed behind a text under way, and that alone', async () => {
    const { draft, end, write, sent } = setUp()
    write('a')
    draft.send()
    write('a b')
    await end(0)
    write(`${draft.text} c`)
    await end(1)
    await end(2)
    expect(sent()).toEqual(['a', 'b', 'c'])
    expect(draft.text).toBe('')
  })

  it('keeps what is refused, though what was sent behind it is stored', async () => {
    const { draft, end, write } = setUp()
    write('a')
    write('a b')
    await end(0, new UserError('storage-full'))
    await end(1)
    expect(draft.text).toBe('a')
    expect(draft.problem).toBe('storage-full')
  })

  it('gets back what is refused when something else was written in its place', async () => {
    const { draft, end, write } = setUp()
    write('a long text')
    draft.text = 'other'
    await end(0, new UserError('storage-full'))
    expect(draft.text).toBe('a long text\nother')
  })

  it('keeps another text that was written in place of one that is stored', async () => {
    const { draft, end, write, sent } = setUp()
    write('a')
    write('other')
    await end(0)
    expect(draft.text).toBe('other')
    await end(1)
    expect(sent()).toEqual(['a', 'other'])
    expect(draft.text).toBe('')
  })

  it('does not send again what a tab that died had sent, and left in the draft', async () => {
    const { draft, end, sent } = setUp()
    draft.text = 'x'
    draft.deliver({ token: 'old', conversation: one, text: 'x' })
    draft.send()
    await end(0)
    expect(sent()).toEqual(['x'])
    expect(draft.text).toBe('')
  })
})
