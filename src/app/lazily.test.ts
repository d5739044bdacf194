import { expect, test } from 'vitest'
import { lazily } from './lazily.ts'

interface Scribe {
  write(word: string): Promise<string>
}

function scribe(): Scribe & { readonly written: string[] } {
  const written: string[] = []
  return {
    written,
    write(word) {
      this.written.push(word)
      return Promise.resolve(written.join(' '))
    },
  }
}

test('nothing is loaded before the first call, and once for all of them; calls keep their order', async () => {
  let loads = 0
  const real = scribe()
  const lazy = lazily<Scribe>(() => {
    loads += 1
    return Promise.resolve(real)
  })
  expect(loads).toBe(0)
  const said = await Promise.all([lazy.write('one'), lazy.write('two'), lazy.write('three')])
  expect(said).toEqual(['one', 'one two', 'one two three'])
  expect(loads).toBe(1)
})

test('what cannot be loaded is said by each call, and tried again by the next', async () => {
  let isThere = false
  const lazy = lazily<Scribe>(() =>
    isThere ? Promise.resolve(scribe()) : Promise.reject(new Error('no network')),
  )
  await expect(lazy.write('one')).rejects.toThrow('no network')
  isThere = true
  expect(await lazy.write('one')).toBe('one')
})

test('what a method throws is thrown to whoever called it', async () => {
  const lazy = lazily<Scribe>(() => Promise.resolve({ write: () => Promise.reject(new Error('no ink')) }))
  await expect(lazy.write('one')).rejects.toThrow('no ink')
})
