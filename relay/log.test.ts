import { expect, test } from 'vitest'
import { MAX_LOG_LINES_PER_MINUTE } from './limits.ts'
import { createLog, limitedLog } from './log.ts'

test('each entry is one line, whatever is in it', () => {
  const lines: string[] = []
  createLog(
    (line) => lines.push(line),
    () => 0,
  )('first\nsecond\u001b[31m')
  expect(lines).toEqual(['1970-01-01T00:00:00.000Z first second [31m\n'])
})

test('a flood is dropped and counted', () => {
  const lines: string[] = []
  let now = 0
  const log = createLog(
    (line) => lines.push(line),
    () => now,
  )
  for (let i = 0; i < MAX_LOG_LINES_PER_MINUTE + 5; i++) log('again')
  expect(lines).toHaveLength(MAX_LOG_LINES_PER_MINUTE)
  now = 60_000
  log('later')
  expect(lines.slice(MAX_LOG_LINES_PER_MINUTE)).toEqual([
    '1970-01-01T00:01:00.000Z 5 further lines were dropped\n',
    '1970-01-01T00:01:00.000Z later\n',
  ])
})

test('of one kind there are only so many lines, and they do not take the place of others', () => {
  const lines: string[] = []
  let now = 0
  const log = (line: string) => lines.push(line)
  const failures = limitedLog(log, 2, () => now)
  for (let i = 0; i < 5; i++) failures('failed')
  log('other')
  now = 60_000
  failures('failed')
  expect(lines).toEqual(['failed', 'failed', 'other', '3 further lines were dropped', 'failed'])
})
