/**
 * The built app, held in memory: a build under a running relay changes nothing that it serves, no request
 * touches the disk, and no path can lead out of the folder.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { StartError } from './config.ts'
import { MAX_APP_BYTES } from './limits.ts'
import { codeOf, reasonOf } from './log.ts'

export type Encoding = 'br' | 'gzip'

export interface AppFile {
  readonly contentType: string
  readonly cacheControl: string
  readonly etag: string
  readonly body: Buffer
  /** The body as it was compressed by the build, best first. */
  readonly compressed: readonly (readonly [Encoding, Buffer])[]
}

/** Files by URL path. */
export type AppFiles = ReadonlyMap<string, AppFile>

/** Reads the build in `folder`. Throws StartError when there is none. */
export async function loadApp(folder: string): Promise<AppFiles> {
  const contents = await readFolder(folder)
  if (!contents.has('/index.html'))
    throw new StartError(
      `The app is not built, ${folder} has no index.html: run npm start, or npm run build.`,
    )
  const bytes = [...contents.values()].reduce((sum, content) => sum + content.length, 0)
  if (bytes > MAX_APP_BYTES)
    throw new StartError(
      `The built app in ${folder} has ${bytes} bytes, the limit is ${MAX_APP_BYTES}: build it anew.`,
    )

  const files = new Map<string, AppFile>()
  for (const [path, body] of contents) {
    if (COMPRESSED_NAME.test(path)) continue
    files.set(path, {
      contentType: CONTENT_TYPES.get(extname(path)) ?? 'application/octet-stream',
      // The names in assets/ change with their content; all else must be asked for again.
      cacheControl: path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag: createHash('sha256').update(body).digest('base64url').slice(0, 22),
      body,
      compressed: ENCODINGS.flatMap(([encoding, ending]) => {
        const compressed = contents.get(path + ending)
        return compressed === undefined ? [] : [[encoding, compressed] as const]
      }),
    })
  }
  const index = files.get('/index.html')
  if (index !== undefined) files.set('/', index)
  return files
}

const ENCODINGS: readonly (readonly [Encoding, string])[] = [
  ['br', '.br'],
  ['gzip', '.gz'],
]
const COMPRESSED_NAME = /\.(?:br|gz)$/

const CONTENT_TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.json', 'application/json; charset=utf-8'],
  ['.map', 'application/json; charset=utf-8'],
  ['.webmanifest', 'application/manifest+json; charset=utf-8'],
  ['.txt', 'text/plain; charset=utf-8'],
  ['.svg', 'image/svg+xml; charset=utf-8'],
  ['.png', 'image/png'],
  ['.webp', 'image/webp'],
  ['.ico', 'image/x-icon'],
  ['.woff2', 'font/woff2'],
  ['.wasm', 'application/wasm'],
  ['.mp3', 'audio/mpeg'],
])

async function readFolder(folder: string): Promise<Map<string, Buffer>> {
  const contents = new Map<string, Buffer>()
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      const url = `/${relative(folder, path).split(sep).join('/')}`
      // Names with a leading dot are notes of the build, not of the app.
      if (entry.isFile() && !url.includes('/.')) contents.set(url, await readFile(path))
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return contents
    throw new StartError(`Cannot read the built app in ${folder} (${reasonOf(error)}): build it anew.`, {
      cause: error,
    })
  }
  return contents
}
