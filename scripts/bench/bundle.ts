/** What a browser loads: the files of the built app as they are sent, compressed. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

const SENT = /\.(js|css|html|svg|png|woff2|wasm|webmanifest)$/

/** KiB for the first view, and of everything with the service worker. */
export async function bundle(app: string): Promise<{ initial: number; all: number }> {
  const html = await readFile(join(app, 'index.html'), 'utf8')
  const named = [...html.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map((match) => match[1] ?? '')
  const initial = ['index.html', ...named]
  const entries = await readdir(app, { recursive: true, withFileTypes: true })
  const all = entries
    .filter((entry) => entry.isFile() && SENT.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    // What only the measurements load is no part of the app.
    .filter((path) => !path.includes('bench'))
  return {
    initial: await kib(initial.map((name) => join(app, name))),
    all: await kib(all),
  }
}

async function kib(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map(sentSize))
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024)
}

/** Bytes with Brotli where that is smaller. */
const sentSize = async (path: string): Promise<number> =>
  (await stat(`${path}.br`).catch(() => stat(path))).size
