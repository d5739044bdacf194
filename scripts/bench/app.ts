/**
 * Gigi against the platform that it runs on, in real browsers with profiles on disk: each round measures both, one after the
 * other, so that the ratios mean something on any machine.
 */
import { prepare, type Ground } from './browsers.ts'
import { bundle } from './bundle.ts'
import { acquaint, deliver } from './catch-up.ts'
import { makeHistory, measureHistory } from './history.ts'
import { measureInserts } from './insert.ts'
import { median } from './statistics.ts'

const ROUNDS = 3
const HISTORY = 100_000

interface Figure {
  readonly key: string
  readonly means: string
  readonly value: number
}

export async function bench(args: readonly string[]): Promise<void> {
  const ground = await prepare()
  try {
    const figures = await measure(ground)
    for (const { key, means, value } of figures)
      process.stdout.write(`${key.padEnd(20)} ${String(value).padStart(8)}  ${means}\n`)
    if (args.includes('--json'))
      process.stdout.write(
        `${JSON.stringify(Object.fromEntries(figures.map(({ key, value }) => [key, value])))}\n`,
      )
  } finally {
    await ground.stop()
  }
}

async function measure(ground: Ground): Promise<Figure[]> {
  const history = await makeHistory(ground, HISTORY)
  const acquaintance = await acquaint(ground)
  const deliveries = await rounds(() => deliver(ground, acquaintance))
  const inserts = await rounds(() => measureInserts(ground))
  const costs = await rounds(() => measureHistory(ground, history))
  const { initial, all } = await bundle(ground.app)
  const of = <T>(all: readonly T[], pick: (one: T) => number): number => round(median(all.map(pick)))
  const catchUp = of(deliveries, ({ gigi }) => gigi)
  const rawCatchUp = of(deliveries, ({ raw }) => raw)
  const live = of(deliveries, (one) => one.live)
  const rawLive = of(deliveries, (one) => one.rawLive)
  return [
    figure(
      'catchUpRatio',
      of(deliveries, ({ gigi, raw }) => raw / gigi),
      `10,000 messages in ${catchUp} ms, bare in ${rawCatchUp} ms`,
    ),
    figure(
      'liveDeliveryRatio',
      of(deliveries, (one) => one.live / one.rawLive),
      `one message in ${live} ms, bare in ${rawLive} ms`,
    ),
    figure(
      'insertRatio',
      of(inserts, ({ gigi, raw }) => raw / gigi),
      '10,000 messages stored, against the same rows bare',
    ),
    figure(
      'longestTaskMs',
      of(deliveries, ({ longestTask }) => longestTask),
      'of a main thread, while 10,000 come',
    ),
    figure(
      'pageMsAt100k',
      of(costs, ({ page }) => page),
      '50 messages from anywhere in a conversation of 50,000',
    ),
    figure(
      'unreadMsAt100k',
      of(costs, ({ unread }) => unread),
      'what is unread, in 200 conversations',
    ),
    figure(
      'openMsAt100k',
      of(costs, ({ open }) => open),
      'from a cold start to the history on the screen',
    ),
    figure(
      'heapMiBAt100k',
      of(costs, ({ heapMiB }) => heapMiB),
      'of the main thread, a conversation open',
    ),
    figure('bundleKiB', initial, 'for the first view, compressed'),
    figure('bundleAllKiB', all, 'of everything, compressed'),
  ]
}

const figure = (key: string, value: number, means: string): Figure => ({ key, means, value })
const round = (value: number): number => Number(value.toPrecision(3))

async function rounds<T>(measure: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let i = 0; i < ROUNDS; i++) results.push(await measure())
  return results
}
