/** Runs the simulation against a copy of the project that is broken in one way, until it is caught. */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Mutation, Replacement } from './mutations.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const NODE = join(ROOT, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node')

/** Seeds that are tried, in this order. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const MESSAGES = 300
const PEERS = 3
const GROUP = { members: 5, messages: 60, changes: 8 }

export interface Verdict {
  readonly caught: boolean
  readonly seed: number
  /** The line of JSON of that seed, and what was found. */
  readonly output: string
}

/** Applies `mutation` to a copy of the project and simulates it until a seed shows it. */
export async function simulateMutant(mutation: Mutation): Promise<Verdict> {
  const copy = await mkdtemp(join(tmpdir(), 'gigi-mutant-'))
  try {
    for (const part of ['src', 'relay', 'scripts', 'package.json'])
      await cp(join(ROOT, part), join(copy, part), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction')
    for (const replacement of mutation.replacements) await replace(copy, replacement)
    return await firstToCatch(copy, mutation)
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function replace(root: string, { file, from, to }: Replacement): Promise<void> {
  const path = join(root, file)
  const parts = (await readFile(path, 'utf8')).split(from)
  if (parts.length !== 2) throw new Error(`${file} has ${String(parts.length - 1)} times, not once: ${from}`)
  await writeFile(path, parts.join(to))
}

async function firstToCatch(
  root: string,
  { faults, apart = false, inGroup = false }: Mutation,
): Promise<Verdict> {
  let output = ''
  for (const seed of SEEDS) {
    const names = faults === 'all' ? faults : faults.join()
    const result = await simulated(root, inGroup ? ofGroup(seed, names) : ofPairs(seed, names, apart))
    output = result.output
    if (result.code === 1) return { caught: true, seed, output }
    if (result.code !== 0) throw new Error(`the simulation itself failed: ${output}`)
  }
  return { caught: false, seed: 0, output }
}

function ofPairs(seed: number, faults: string, apart: boolean): string[] {
  const args = ['scripts/simulate.ts', '--seed', String(seed), '--messages', String(MESSAGES)]
  return [...args, ...(apart ? ['--apart'] : []), '--peers', String(PEERS), '--faults', faults]
}

function ofGroup(seed: number, faults: string): string[] {
  const { members, messages, changes } = GROUP
  return [
    ...['scripts/simulate-group.ts', '--seed', String(seed), '--faults', faults, '--gone', '1'],
    ...['--members', String(members), '--messages', String(messages), '--changes', String(changes)],
  ]
}

function simulated(root: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(NODE, args, { cwd: root })
  let output = ''
  const hear = (data: Buffer): void => {
    output += data.toString()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code, output })
    })
  })
}
