/** A file of 256 MiB between two browsers, against a bare libp2p stream of as many bytes; and how messages fare meanwhile. */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GigiPage } from '../../e2e/gigi-page.ts'
import { type Browser, type Ground, prepare } from './browsers.ts'
import { between, singles } from './catch-up.ts'
import { median } from './statistics.ts'

const BYTES = 256 * 1024 * 1024
const PIECE_BYTES = 1024 * 1024

export interface FileTransfer {
  /** Milliseconds. */
  readonly gigi: number
  readonly bare: number
  /** From one message to its being shown as delivered: with nothing else on the line, and beside a file. */
  readonly idle: number
  readonly busy: number
}

/** One round: bare, a file alone, and a file with messages beside it. */
export async function transferFile(ground: Ground): Promise<FileTransfer> {
  const folder = await mkdtemp(join(tmpdir(), 'gigi-bench-file-'))
  try {
    const path = join(folder, 'large.bin')
    await makeFile(path)
    const bare = await between(ground, [undefined, undefined], overBareStream)
    return { bare, ...(await between(ground, [undefined, undefined], (a, b) => byGigi(a, b, path))) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function makeFile(path: string): Promise<void> {
  const file = createWriteStream(path)
  for (let at = 0; at < BYTES; at += PIECE_BYTES)
    if (!file.write(randomBytes(PIECE_BYTES))) await once(file, 'drain')
  file.end()
  await once(file, 'close')
}

async function overBareStream(alice: Browser, bob: Browser): Promise<number> {
  const [here, there] = [await alice.bench(), await bob.bench()]
  await here.evaluate(() => globalThis.bench.beginBare())
  const peer = await there.evaluate(() => globalThis.bench.beginBare())
  return here.evaluate(([to, bytes]) => globalThis.bench.sendBare(to, bytes), [peer, BYTES] as const)
}

async function byGigi(alice: Browser, bob: Browser, path: string): Promise<Omit<FileTransfer, 'bare'>> {
  const [hers, his] = [await alice.app(), await bob.app()]
  await Promise.all([hers.begin('Alice'), his.begin('Bob')])
  await hers.add(await his.inviteLink())
  await his.openConversation('Alice')
  await Promise.all([hers.path('direct'), his.path('direct')])
  const idle = median(await singles(hers.page))
  await attach(hers, his, path, 1)
  const gigi = await fetched(his)
  await attach(hers, his, path, 2)
  const transfer = fetched(his)
  const busy = median(await singles(hers.page))
  await transfer
  return { gigi, idle, busy }
}

/** Shares it, and waits until the other has been told. */
async function attach(hers: GigiPage, his: GigiPage, path: string, count: number): Promise<void> {
  await hers.page.getByLabel('Attach file').setInputFiles(path)
  await his.page
    .getByTestId('file')
    .nth(count - 1)
    .waitFor({ timeout: 120_000 })
}

/** Milliseconds from the click on `Download` until it is all there. */
function fetched({ page }: GigiPage): Promise<number> {
  return page.evaluate(async () => {
    const file = [...document.querySelectorAll('[data-testid=file]')].at(-1)
    const button = [...(file?.querySelectorAll('button') ?? [])].find((one) => one.textContent === 'Download')
    if (file === undefined || button === undefined) throw new Error('there is nothing to download')
    const complete = new Promise<void>((resolve) => {
      const observer = new MutationObserver(() => {
        if (file.getAttribute('data-state') !== 'complete') return
        observer.disconnect()
        resolve()
      })
      observer.observe(file, { attributes: true })
    })
    const since = performance.now()
    button.click()
    await complete
    return performance.now() - since
  })
}

/** `npm run bench -- files`: the medians of three rounds; `--json` for a last line of JSON. */
export async function bench(args: readonly string[]): Promise<void> {
  const ground = await prepare()
  try {
    const rounds: FileTransfer[] = []
    for (let round = 0; round < 3; round++) {
      const one = await transferFile(ground)
      rounds.push(one)
      const rate = (ms: number): string => `${(BYTES / 1e3 / ms).toFixed(1)} MB/s`
      process.stdout.write(
        `${rate(one.gigi)}, bare ${rate(one.bare)}; a message in ${one.busy.toFixed(0)} ms, idle in ${one.idle.toFixed(0)} ms\n`,
      )
    }
    const fileRatio = median(rounds.map(({ gigi, bare }) => bare / gigi))
    const fileLatencyRatio = median(rounds.map(({ busy, idle }) => busy / idle))
    process.stdout.write(
      `fileRatio ${fileRatio.toFixed(3)}, fileLatencyRatio ${fileLatencyRatio.toFixed(2)}\n`,
    )
    if (args.includes('--json')) process.stdout.write(`${JSON.stringify({ fileRatio, fileLatencyRatio })}\n`)
  } finally {
    await ground.stop()
  }
}
