import { DatabaseSync } from 'node:sqlite'
import { beforeEach, expect, test, vi } from 'vitest'
import { MAX_COMMIT_BYTES } from '../limits.ts'
import { GroupCommit } from './group-commit.ts'

let database: DatabaseSync
let commits: GroupCommit
/** What was told to callers, and the transactions, in order. */
let seen: string[]
/** Set by a test: what COMMIT throws, once each. */
let broken: Error[]

beforeEach(() => {
  database = new DatabaseSync(':memory:')
  database.exec('CREATE TABLE t (n INTEGER PRIMARY KEY)')
  commits = new GroupCommit(database)
  seen = []
  broken = []
  const exec = database.exec.bind(database)
  vi.spyOn(database, 'exec').mockImplementation((sql) => {
    seen.push(sql)
    const error = sql === 'COMMIT' ? broken.shift() : undefined
    if (error !== undefined) throw error
    exec(sql)
  })
})

const insert = (n: number, bytes = 0): Promise<void> =>
  commits
    .run(() => void database.prepare('INSERT INTO t VALUES (?)').run(n), bytes)
    .then(
      () => void seen.push(`told ${n}`),
      () => void seen.push(`failed ${n}`),
    )
const rows = (): unknown[] =>
  database
    .prepare('SELECT n FROM t')
    .all()
    .map(({ n }) => n)

test('what comes in one turn shares one commit, and is told after it', async () => {
  await Promise.all([insert(1), insert(2), insert(3)])
  expect(seen).toEqual(['BEGIN IMMEDIATE', 'COMMIT', 'told 1', 'told 2', 'told 3'])
  expect(rows()).toEqual([1, 2, 3])
})

test('a group is only so large, and one by itself may be larger', async () => {
  const bytes = MAX_COMMIT_BYTES
  await Promise.all([insert(1, bytes / 2), insert(2, bytes / 2), insert(3, bytes + 1), insert(4), insert(5)])
  expect(seen).toEqual([
    ...['BEGIN IMMEDIATE', 'COMMIT', 'told 1', 'told 2'],
    ...['BEGIN IMMEDIATE', 'COMMIT', 'told 3'],
    ...['BEGIN IMMEDIATE', 'COMMIT', 'told 4', 'told 5'],
  ])
})

test('one that fails does nothing, and does not undo those beside it', async () => {
  await Promise.all([insert(1), insert(1), insert(2)])
  expect(seen.filter((line) => /told|failed/.test(line))).toEqual(['told 1', 'failed 1', 'told 2'])
  expect(rows()).toEqual([1, 2])
})

test('what could not be committed is not there, and is told to have failed', async () => {
  broken = [new Error('no room'), new Error('no room'), new Error('no room')]
  await Promise.all([insert(1), insert(2)])
  expect(seen.filter((line) => /told|failed/.test(line))).toEqual(['failed 1', 'failed 2'])
  expect(rows()).toEqual([])
  await insert(3)
  expect(rows()).toEqual([3])
})

test('closing does what was asked before, and nothing after', async () => {
  const before = insert(1)
  commits.close()
  expect(rows()).toEqual([1])
  await Promise.all([before, insert(2)])
  expect(seen.filter((line) => /told|failed/.test(line))).toEqual(['told 1', 'failed 2'])
  expect(rows()).toEqual([1])
})
