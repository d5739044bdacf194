import { expect, test } from 'vitest'
import { Choice } from './choice.svelte.ts'

/** A storage in memory, as far as a choice needs one. */
function storageOf(entries: Readonly<Record<string, string>> = {}): Storage {
  const kept = new Map(Object.entries(entries))
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage
}

const choiceIn = (storage: Storage) => new Choice(storage, 'theme', ['system', 'light', 'dark'])

test('what was chosen is there at the next start', () => {
  const storage = storageOf()
  choiceIn(storage).choose('dark')
  expect(choiceIn(storage).current).toBe('dark')
})

test('the first holds where nothing was chosen, or what is not known', () => {
  expect(choiceIn(storageOf()).current).toBe('system')
  expect(choiceIn(storageOf({ theme: 'pink' })).current).toBe('system')
})

test('choosing the first leaves nothing behind', () => {
  const storage = storageOf({ theme: 'dark' })
  choiceIn(storage).choose('system')
  expect(storage.getItem('theme')).toBeNull()
})

test('what another tab has chosen is taken over', () => {
  const storage = storageOf()
  const [here, there] = [choiceIn(storage), choiceIn(storage)]
  there.choose('light')
  expect(here.current).toBe('system')
  here.readAgain()
  expect(here.current).toBe('light')
})
