import { expect, test } from 'vitest'
import { FakeTime, silentLog } from '../testing/fake-world.ts'
import type {
  SearchPage,
  SearchRequest,
  SearchWord,
  WorkerOrder,
  WorkerWord,
} from '../worker/search/messages.ts'
import { SearchClient, SearchFailedError } from './search.ts'

const request: SearchRequest = { typed: 'word', filter: {}, limit: 20, after: null }
const page: SearchPage = { hits: [], next: null, reach: 'all' }

/** A tab, and what it says to the channel and to its workers. */
class Tab {
  readonly time = new FakeTime(0)
  readonly said: SearchWord[] = []
  readonly orders: WorkerOrder[][] = []
  visible = true
  readonly client: SearchClient
  #worker: { onmessage: unknown } = { onmessage: null }
  #channel: { onmessage: unknown } = { onmessage: null }

  constructor() {
    this.client = new SearchClient({
      startWorker: () => {
        const orders: WorkerOrder[] = []
        this.orders.push(orders)
        const worker = {
          onmessage: null,
          onerror: null,
          postMessage: (order: WorkerOrder) => orders.push(order),
          terminate: () => undefined,
        }
        this.#worker = worker
        return worker
      },
      openChannel: () => {
        const channel = { onmessage: null, postMessage: (word: SearchWord) => this.said.push(word) }
        this.#channel = channel
        return channel
      },
      timer: this.time,
      log: silentLog,
      tabId: 'tab',
      isVisible: () => this.visible,
    })
  }

  hear(word: SearchWord): void {
    ;(this.#channel.onmessage as (event: { data: SearchWord }) => void)({ data: word })
  }

  hearWorker(word: WorkerWord): void {
    ;(this.#worker.onmessage as (event: { data: WorkerWord }) => void)({ data: word })
  }
}

test('a question is answered by whoever has the index', async () => {
  const tab = new Tab()
  const answer = tab.client.search(request)
  expect(tab.said).toEqual([{ type: 'search', id: 'tab/1', request }])
  tab.hear({ type: 'found', id: 'another/1', page: { ...page, next: 1 } })
  tab.hear({ type: 'found', id: 'tab/1', page })
  expect(await answer).toEqual(page)
  tab.time.advance(60_000)
  expect(tab.said).toHaveLength(1)
  expect(tab.orders).toEqual([[{ type: 'start', failures: 0 }]])
})

test('what nobody heard is asked again, what is waited for is not', async () => {
  const tab = new Tab()
  const answer = tab.client.search(request)
  tab.time.advance(1_600)
  expect(tab.said).toHaveLength(4)
  tab.hear({ type: 'wait', id: 'tab/1' })
  tab.time.advance(20_000)
  expect(tab.said).toHaveLength(4)
  expect(tab.orders).toEqual([[{ type: 'start', failures: 0 }]])
  tab.hear({ type: 'found', id: 'tab/1', page })
  expect(await answer).toEqual(page)
})

test.each([true, false])('who is looked at (%s) takes the index from one that is silent', async (visible) => {
  const tab = new Tab()
  tab.visible = visible
  const answer = tab.client.search(request)
  const failed = expect(answer).rejects.toThrow(SearchFailedError)
  tab.time.advance(6_000)
  expect(tab.orders[0]?.some(({ type }) => type === 'seize')).toBe(visible)
  tab.time.advance(30_000)
  await failed
})

test('a worker that fails is started anew, later each time, and told how often it failed; one that lost its turn at once', () => {
  const tab = new Tab()
  tab.client.begin()
  const fail: WorkerWord = { type: 'over', why: 'index', reason: 'a test' }
  tab.hearWorker(fail)
  tab.time.advance(400)
  expect(tab.orders).toHaveLength(1)
  tab.time.advance(200)
  expect(tab.orders[1]).toEqual([{ type: 'start', failures: 1 }])
  tab.hearWorker(fail)
  tab.time.advance(1_100)
  expect(tab.orders[2]).toEqual([{ type: 'start', failures: 2 }])
  tab.hearWorker({ ...fail, why: 'other' })
  tab.time.advance(1_900)
  expect(tab.orders).toHaveLength(3)
  tab.time.advance(200)
  expect(tab.orders[3]).toEqual([{ type: 'start', failures: 2 }])
  tab.hearWorker({ type: 'settled' })
  tab.hearWorker({ ...fail, why: 'taken' })
  tab.time.advance(0)
  expect(tab.orders[4]).toEqual([{ type: 'start', failures: 0 }])
})

test('who waited for a worker that has gone asks the next one', async () => {
  const tab = new Tab()
  const answer = tab.client.search(request)
  tab.hear({ type: 'wait', id: 'tab/1' })
  tab.time.advance(1_000)
  const before = tab.said.length
  tab.hear({ type: 'here' })
  expect(tab.said.length).toBe(before + 1)
  tab.hear({ type: 'found', id: 'tab/1', page })
  expect(await answer).toEqual(page)
})

test('those who listen hear of changes until they stop', () => {
  const tab = new Tab()
  tab.client.begin()
  let heard = 0
  const stop = tab.client.subscribe(() => (heard += 1))
  tab.hear({ type: 'changed' })
  stop()
  tab.hear({ type: 'changed' })
  expect(heard).toBe(1)
})
