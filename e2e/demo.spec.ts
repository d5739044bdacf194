import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from './fixtures.ts'

test('the demo plays its story to the end', async () => {
  test.setTimeout(120_000)
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/demo/story.ts', '--headless'])
  expect(stdout.trim().split('\n')).toHaveLength(4)
})
