/** What people do with files, and how what came is compared with what was sent. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { deflateSync } from 'node:zlib'
import type { Download, Locator } from '@playwright/test'
import { expect } from './fixtures.ts'
import type { GigiPage } from './gigi-page.ts'

export interface Upload {
  readonly name: string
  readonly mimeType: string
  readonly buffer: Buffer
}

export const attach = (who: GigiPage, files: Upload | Upload[] | string): Promise<void> =>
  who.page.getByLabel('Attach file').setInputFiles(files)

/** What a message shows of the file that it shares; of several of one name the last. */
export const fileOf = (who: GigiPage, name: string): Locator => who.message(name).last().getByTestId('file')

export const fileReaches = (who: GigiPage, name: string, state: string, timeout = 15_000): Promise<void> =>
  expect(fileOf(who, name)).toHaveAttribute('data-state', state, { timeout })

/** How far it has come, by the progress bar; 0 where there is none. */
export async function progressOf(who: GigiPage, name: string): Promise<number> {
  const bar = fileOf(who, name).getByRole('progressbar')
  if ((await bar.count()) === 0) return 0
  return Number((await bar.getAttribute('value', { timeout: 1_000 }).catch(() => null)) ?? 0)
}

export async function save(who: GigiPage, name: string): Promise<Download> {
  const downloading = who.page.waitForEvent('download')
  await fileOf(who, name).getByRole('link', { name: 'Save' }).click()
  return downloading
}

/** SHA-256 of what is saved. */
export async function savedHash(who: GigiPage, name: string): Promise<string> {
  const download = await save(who, name)
  return hashOf(await download.path())
}

export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer)
  return hash.digest('hex')
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Bytes that are the same each time for a seed, and nothing that could be packed. */
export function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0, state = seed; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    bytes[i] = state >>> 16
  }
  return bytes
}

/** Writes a large file of such bytes, the same megabyte with a number in front again and again. Returns its SHA-256. */
export async function writeLarge(path: string, megabytes: number): Promise<string> {
  const piece = noise(1024 * 1024, megabytes)
  const file = createWriteStream(path)
  const hash: Hash = createHash('sha256')
  for (let i = 0; i < megabytes; i++) {
    const one = Buffer.from(piece)
    one.writeUInt32BE(i)
    hash.update(one)
    if (!file.write(one)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
  return hash.digest('hex')
}

/** A PNG of one colour. */
export function png(width: number, height: number, [r, g, b]: readonly [number, number, number]): Buffer {
  const row = Buffer.alloc(1 + width * 3)
  for (let x = 0; x < width; x++) row.set([r, g, b], 1 + x * 3)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))
  const magic = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([magic, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

/**
 * Makes of what someone has shared last something that no honest app would send: changes its message and its row in their own
 * store, before it goes out.
 */
export async function forge(who: GigiPage, change: Readonly<Record<string, unknown>>): Promise<void> {
  await who.page.evaluate(
    (change) =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open('gigi')
        opening.onerror = () => reject(new Error('no database'))
        opening.onsuccess = () => {
          const db = opening.result
          const tx = db.transaction(['messages', 'files'], 'readwrite')
          const reading = tx.objectStore('messages').openCursor(null, 'prev')
          reading.onsuccess = () => {
            const cursor = reading.result
            const row = cursor?.value as
              { id: string; content_type: string; content_json: string } | undefined
            if (cursor === null || row === undefined) return
            if (row.content_type !== 'FileShare') {
              cursor.continue()
              return
            }
            const content = { ...(JSON.parse(row.content_json) as object), ...change }
            cursor.update({ ...row, content_json: JSON.stringify(content) })
          }
          tx.oncomplete = () => {
            db.close()
            resolve()
          }
          tx.onerror = () => reject(new Error('not changed'))
        }
      }),
    change,
  )
}

/** The names of the files that a browser keeps for Gigi, and how many bytes there are of each. */
export const kept = (who: GigiPage): Promise<Readonly<Record<string, number>>> =>
  who.page.evaluate(async () => {
    const found: Record<string, number> = {}
    try {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('gigi-files')
      for await (const [name, handle] of folder.entries())
        if (handle.kind === 'file') found[name] = (await handle.getFile()).size
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotFoundError') throw error
    }
    return found
  })

/** Bytes of all of them together. */
export const keptBytes = async (who: GigiPage): Promise<number> =>
  Object.values(await kept(who)).reduce((sum, bytes) => sum + bytes, 0)
