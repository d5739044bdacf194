/** Running other programs from the scripts: signals go on to them, and their end is ours. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the project. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')

/** Node 24, a development dependency: what the relay and the tools run on, whatever is installed. */
export const NODE = join(
  ROOT,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
)

/** Something that the user can put right; its message is one line that says how. */
export class SetupError extends Error {
  name = 'SetupError'
}

/** Ended by a signal: there is nothing to report. */
export class Interrupted extends Error {
  name = 'Interrupted'

  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`ended by ${signal}`)
    this.exitCode = 128 + (constants.signals[signal] ?? 0)
  }
}

/** Milliseconds between two looks whether whoever started us is still there. */
const PARENT_WATCH_MS = 250
/** Milliseconds that a program has to end after a signal. */
const PATIENCE_MS = 2000

/**
 * npm passes SIGTERM to the shell in which it runs a script, and most shells end of it without passing it on. So
 * when that shell is gone, we end as if the signal had reached us.
 */
function endWithParent() {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, PARENT_WATCH_MS)
  watch.unref()
}

export const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`)

/**
 * The environment for npm itself. Under `npm start` the project's own Node comes first on the PATH, and an
 * installation deletes it: npm must not run on what it is replacing.
 */
export function outerEnvironment() {
  const path = process.env.PATH ?? ''
  const outer = path.split(delimiter).filter((folder) => !/[\\/]node_modules[\\/]\.bin[\\/]?$/.test(folder))
  return { ...process.env, PATH: outer.join(delimiter) }
}

/**
 * Runs a program to its end and gives its exit code. Signals that reach us reach all that it started; then this
 * throws Interrupted, once it has ended.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ stdio: import('node:child_process').StdioOptions, env?: NodeJS.ProcessEnv, onOutput?: (text: string) => void }} options
 */
export async function run(command, args, { stdio, env = process.env, onOutput }) {
  const windows = process.platform === 'win32'
  // A group of its own, so that a signal also reaches the programs that it started in turn.
  const child = spawn(command, args, { cwd: ROOT, env, stdio, shell: windows, detached: !windows })
  /** @param {NodeJS.Signals} signal */
  const send = (signal) => {
    try {
      if (windows || child.pid === undefined) child.kill(signal)
      else process.kill(-child.pid, signal)
    } catch (error) {
      // It ended just before; its end is on the way to us.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }
  /** @type {NodeJS.Signals | undefined} */
  let received
  /** @type {NodeJS.Timeout | undefined} */
  let deadline
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => {
    received ??= signal
    // npm finishes a download of minutes first. What is cut short is noticed and done anew by the next start.
    deadline ??= setTimeout(() => send('SIGKILL'), PATIENCE_MS)
    send(signal)
  }
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
  for (const signal of signals) process.on(signal, pass)
  child.stdout?.on('data', (chunk) => onOutput?.(String(chunk)))
  child.stderr?.on('data', (chunk) => onOutput?.(String(chunk)))
  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) =>
        resolve(code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 0)),
      )
    })
    if (received !== undefined) throw new Interrupted(received)
    return code
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new SetupError(
        `${command} is not installed, or not on the PATH: install Node 20 or later with npm.`,
      )
    throw error
  } finally {
    clearTimeout(deadline)
    for (const signal of signals) process.off(signal, pass)
  }
}

/**
 * The frame of every script: its errors are one line, its exit code tells how it went.
 *
 * @param {() => Promise<number>} main
 */
export async function script(main) {
  endWithParent()
  try {
    process.exitCode = await main()
  } catch (error) {
    if (error instanceof Interrupted) {
      process.exitCode = error.exitCode
    } else if (error instanceof SetupError) {
      say(error.message)
      process.exitCode = 1
    } else {
      throw error
    }
  }
}
