/**
 * Search, as a tab asks for it. One worker of all tabs has the index (worker/search); who asks does not know which. A
 * worker that dies is replaced, one that does not answer loses the index to a tab that someone looks at.
 */
import { backoffMs } from '../domain/backoff.ts'
import type { Log, Timer } from '../sync/ports.ts'
import type {
  SearchPage,
  SearchRequest,
  SearchWord,
  WorkerEnd,
  WorkerOrder,
  WorkerWord,
} from '../worker/search/messages.ts'

/** An index that failed is opened again: first and longest wait, milliseconds. */
const RESTART = { firstMs: 500, maxMs: 60_000 }
/** An unheard question is asked again after this time, milliseconds: nobody may have had the index. */
const ASK_AGAIN_MS = 500
/** Whoever has the index and says nothing for this long is taken for frozen, milliseconds: longer than any piece of work. */
const SILENCE_MS = 5_000
/** What was not answered by then will not be, milliseconds: on a slow device it takes seconds to open an index. */
const GIVE_UP_MS = 30_000

/** No index could be had, or it did not answer. */
export class SearchFailedError extends Error {
  override readonly name = 'SearchFailedError'
}

/** The parts of the browser that are used, so that tests can stand in for them. */
export interface SearchSurroundings {
  readonly startWorker: () => Pick<Worker, 'postMessage' | 'terminate' | 'onmessage' | 'onerror'>
  readonly openChannel: () => Pick<BroadcastChannel, 'postMessage' | 'onmessage'>
  readonly timer: Timer
  readonly log: Log
  /** Sets the questions of this tab apart from those of others. */
  readonly tabId: string
  /** Whether someone looks at this tab: a hidden one takes the index from nobody. */
  readonly isVisible: () => boolean
}

interface Question {
  readonly ask: () => void
  readonly answer: (page: SearchPage) => void
  /** Someone heard it and will answer. */
  waits: boolean
}

export class SearchClient {
  readonly #around: SearchSurroundings
  readonly #questions = new Map<string, Question>()
  readonly #listeners = new Set<() => void>()
  #channel: ReturnType<SearchSurroundings['openChannel']> | undefined
  #worker: ReturnType<SearchSurroundings['startWorker']> | undefined
  /** How often in a row the index has failed, and how often a worker. */
  #failures = 0
  #deaths = 0
  #last = 0

  constructor(surroundings: SearchSurroundings) {
    this.#around = surroundings
  }

  /** Has the index opened and kept in step, in this tab or another. Called again it does nothing. */
  begin(): void {
    if (this.#channel !== undefined) return
    this.#channel = this.#around.openChannel()
    this.#channel.onmessage = ({ data }: MessageEvent<SearchWord>) => {
      this.#hear(data)
    }
    this.#start()
  }

  /** Throws SearchFailedError. */
  async search(request: SearchRequest): Promise<SearchPage> {
    this.begin()
    const id = `${this.#around.tabId}/${String(++this.#last)}`
    const { promise, resolve, reject } = Promise.withResolvers<SearchPage>()
    const ask = (): void => {
      question.waits = false
      this.#channel?.postMessage({ type: 'search', id, request } satisfies SearchWord)
    }
    const question: Question = { ask, answer: resolve, waits: false }
    this.#questions.set(id, question)
    const { timer } = this.#around
    let cancelAsking = (): void => undefined
    const askAgainLater = (): void => {
      cancelAsking = timer.after(ASK_AGAIN_MS, () => {
        if (!question.waits) ask()
        askAgainLater()
      })
    }
    const cancelSeizing = timer.after(SILENCE_MS, () => {
      if (!question.waits && this.#around.isVisible()) this.#order({ type: 'seize' })
    })
    const cancelGivingUp = timer.after(GIVE_UP_MS, () => {
      reject(new SearchFailedError('the index does not answer'))
    })
    ask()
    askAgainLater()
    try {
      return await promise
    } finally {
      this.#questions.delete(id)
      cancelAsking()
      cancelSeizing()
      cancelGivingUp()
    }
  }

  /** Calls `listener` when there may be more to find, or less. Returns how to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #hear(word: SearchWord): void {
    switch (word.type) {
      case 'found':
        this.#questions.get(word.id)?.answer(word.page)
        return
      case 'wait': {
        const question = this.#questions.get(word.id)
        if (question !== undefined) question.waits = true
        return
      }
      case 'here':
        for (const { ask } of this.#questions.values()) ask()
        return
      case 'changed':
        for (const listener of this.#listeners) listener()
        return
      case 'search':
    }
  }

  #start(): void {
    const worker = this.#around.startWorker()
    this.#worker = worker
    worker.onmessage = ({ data }: MessageEvent<WorkerWord>) => {
      if (data.type === 'settled') this.#failures = this.#deaths = 0
      else this.#restart(data.why, data.reason)
    }
    worker.onerror = () => {
      this.#restart('other', 'it cannot be loaded, or broke')
    }
    this.#order({ type: 'start', failures: this.#failures })
  }

  #restart(why: WorkerEnd, reason: string): void {
    this.#around.log.info('a search worker has ended', { why, reason })
    this.#worker?.terminate()
    this.#worker = undefined
    if (why === 'index') this.#failures += 1
    const pause = why === 'taken' ? 0 : backoffMs(++this.#deaths, RESTART, 0)
    this.#around.timer.after(pause, () => {
      if (this.#worker === undefined) this.#start()
    })
  }

  #order(order: WorkerOrder): void {
    this.#worker?.postMessage(order)
  }
}
