/** The relay's peer key: made at the first start, read at every later one, so that the peer id stays. */
import { access, constants, mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { StartError } from './config.ts'
import { codeOf, reasonOf } from './log.ts'

const FILE = 'relay.key'

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

/** Reads the key in `dataDir`, or makes it. Throws StartError when that cannot be done. */
export async function loadKey(dataDir: string): Promise<PrivateKey> {
  const path = join(dataDir, FILE)
  try {
    await makeFolder(resolve(dataDir))
    await access(dataDir, constants.W_OK)
  } catch (error) {
    throw new StartError(
      `Cannot write to the data folder ${dataDir} (${codeOf(error)}): set DATA_DIR to a folder that this user may write to.`,
      { cause: error },
    )
  }
  const text = await readKeyFile(path)
  if (text === undefined) return await makeKey(path)
  try {
    const key = privateKeyFromProtobuf(Buffer.from(text.trim(), 'base64'))
    if (key.type !== 'Ed25519') throw new Error(`a key of type ${key.type}`)
    return key
  } catch (error) {
    throw new StartError(
      `The peer key ${path} is damaged (${reasonOf(error)}): restore it from a backup, or delete it to give the relay a new peer id.`,
      { cause: error },
    )
  }
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new StartError(`Cannot read the peer key ${path} (${codeOf(error)}): check who may read it.`, {
      cause: error,
    })
  }
}

async function makeKey(path: string): Promise<PrivateKey> {
  const key = await generateKeyPair('Ed25519')
  const temporary = `${path}.${process.pid}.new`
  try {
    // Written beside and renamed: a crash in between leaves either no key or the whole one.
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(`${Buffer.from(privateKeyToProtobuf(key)).toString('base64')}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    throw new StartError(
      `Cannot write the peer key ${path} (${codeOf(error)}): set DATA_DIR to a folder that this user may write to.`,
      { cause: error },
    )
  }
  return key
}
