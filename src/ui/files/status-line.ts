/** What is said of how a file fares: size, how far it has come, how fast, and how long it still takes. */
import type { FileView } from '../../app/files/api.ts'
import { MAX_RELAYED_BYTES } from '../../sync/files/limits.ts'
import type { Texts } from '../texts/texts.svelte.ts'

const DOT = ' · '

/** `size` in bytes; `missing`: the disk does not have what the table says. */
export function statusLine(words: Texts['file'], view: FileView, size: number, missing: boolean): string {
  const amount = words.size(size)
  if (missing) return [amount, words.problem.lost].join(DOT)
  switch (view.state) {
    case 'failed':
      return [amount, view.problem === null ? '' : words.problem[view.problem]]
        .filter((part) => part !== '')
        .join(DOT)
    case 'offered':
      return view.direction === 'out' ? [amount, words.notFetched].join(DOT) : amount
    case 'complete':
      return view.direction === 'out' ? [amount, words.fetched].join(DOT) : amount
    case 'paused':
      return [words.of(view.done, size), words.paused].join(DOT)
    case 'transferring':
      return [words.of(view.done, size), ...pace(words, view, size)].join(DOT)
  }
}

function pace(words: Texts['file'], { waits, rate, done }: FileView, size: number): string[] {
  if (waits === 'for-resume') return [words.waitsForResume]
  if (waits === 'for-peer')
    return [size - done > MAX_RELAYED_BYTES ? words.waitsForDirect : words.waitsForPeer]
  if (rate === null) return []
  return rate > 0 ? [words.rate(rate), words.left((size - done) / rate)] : [words.rate(0)]
}
