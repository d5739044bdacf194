/** A Vite plugin that leaves out the workers that SQLite's package brings: Gigi runs it in one of its own. */
import type { Plugin } from 'vite'

const MODULE = '/@sqlite.org/sqlite-wasm/dist/index.mjs'
/** Vite takes the address of a file in such an expression for a file to be built. */
const ADDRESS = /new URL\("sqlite3-(?:worker1\.mjs|opfs-async-proxy\.js)", import\.meta\.url\)/g
/** There are two; another number means that the package has changed, and this has to be looked at. */
const ADDRESSES = 2

export function withoutSqliteWorkers(): Plugin {
  return {
    name: 'gigi:without-sqlite-workers',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith(MODULE)) return null
      const found = code.match(ADDRESS)?.length ?? 0
      if (found !== ADDRESSES) this.error(`${found} workers in ${id}, not ${ADDRESSES}`)
      return { code: code.replace(ADDRESS, 'undefined'), map: null }
    },
  }
}
