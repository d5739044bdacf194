import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { MUTATIONS } from './mutations.ts'

test.each(MUTATIONS)('$name: what it replaces is there, once', async ({ replacements }) => {
  for (const { file, from } of replacements)
    expect((await readFile(file, 'utf8')).split(from), `${file}: ${from}`).toHaveLength(2)
})
