/** Writes the test vectors of the protocol to `src/protocol/vectors.json`. */
import { writeFile } from 'node:fs/promises'
import { format, resolveConfig } from 'prettier'
import { makeVectors } from '../src/protocol/testing-vectors.ts'

const path = new URL('../src/protocol/vectors.json', import.meta.url)
const options = await resolveConfig(path)
await writeFile(path, await format(JSON.stringify(makeVectors()), { ...options, parser: 'json' }))
