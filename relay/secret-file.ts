/** Secrets of the relay in its data folder, each in a file of its own: made at the first start, read at every later one. */
import { access, constants, mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { StartError } from './config.ts'
import { codeOf, reasonOf } from './log.ts'

export interface Secret<T> {
  /** Its name in the data folder. */
  readonly file: string
  /** What it is called in words to the operator. */
  readonly name: string
  /** What comes of deleting it, after `delete it to`. */
  readonly anew: string
  readonly make: () => T | Promise<T>
  readonly write: (secret: T) => string
  /** Throws an Error that says what is wrong with the text. */
  readonly read: (text: string) => T
}

/** Reads the secret in `dataDir`, or makes it, durable and for its owner alone. Throws StartError when that cannot be done. */
export async function loadSecret<T>(dataDir: string, secret: Secret<T>): Promise<T> {
  const path = join(dataDir, secret.file)
  try {
    await makeFolder(resolve(dataDir))
    await access(dataDir, constants.W_OK)
  } catch (error) {
    throw new StartError(
      `Cannot write to the data folder ${dataDir} (${codeOf(error)}): set DATA_DIR to a folder that this user may write to.`,
      { cause: error },
    )
  }
  const text = await readSecret(path, secret)
  if (text === undefined) return await makeSecret(path, secret)
  try {
    return secret.read(text.trim())
  } catch (error) {
    throw new StartError(
      `The ${secret.name} ${path} is damaged (${reasonOf(error)}): restore it from a backup, or delete it to ${secret.anew}.`,
      { cause: error },
    )
  }
}

// Node's own recursive mkdir never ends where a parent that exists lets nothing be made in it, as /proc does.
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return
    if (code !== 'ENOENT' || (await exists(dirname(folder)))) throw error
    await makeFolder(dirname(folder))
    await mkdir(folder, { mode: 0o700 })
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

async function readSecret(path: string, { name }: { readonly name: string }): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new StartError(`Cannot read the ${name} ${path} (${codeOf(error)}): check who may read it.`, {
      cause: error,
    })
  }
}

async function makeSecret<T>(path: string, { name, make, write }: Secret<T>): Promise<T> {
  const secret = await make()
  const temporary = `${path}.${process.pid}.new`
  try {
    // Written beside and renamed: a crash in between leaves either no secret or the whole one.
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(`${write(secret)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    throw new StartError(
      `Cannot write the ${name} ${path} (${codeOf(error)}): set DATA_DIR to a folder that this user may write to.`,
      { cause: error },
    )
  }
  return secret
}
