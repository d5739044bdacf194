/** Storage that is full, by the quota that the browser's own tools force. */
import type { CDPSession, Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { type GigiPage, introduce } from './gigi-page.ts'

const numbered = (n: number): string[] => Array.from({ length: n }, (_, i) => `message ${String(i + 1)}`)

/** More than the browser believes to have left at the end of the half minute for which it remembers how much that is. */
const BALLAST_BYTES = 1024 * 1024
const FORGETTING_MS = 45_000

/** The quota of someone's browser for the app, as long as the browser lives. */
class Quota {
  readonly #page: Page
  readonly #cdp: CDPSession
  readonly #origin: string

  private constructor(page: Page, cdp: CDPSession) {
    this.#page = page
    this.#cdp = cdp
    this.#origin = new URL(page.url()).origin
  }

  static async of({ page }: GigiPage): Promise<Quota> {
    return new Quota(page, await page.context().newCDPSession(page))
  }

  /** Takes all room away, and waits until the browser has noticed. */
  async exhaust(): Promise<void> {
    await this.#cdp.send('Storage.overrideQuotaForOrigin', { origin: this.#origin, quotaSize: 1 })
    const refused = (): Promise<boolean> => this.#page.evaluate(isRefused, BALLAST_BYTES)
    await expect.poll(refused, { timeout: FORGETTING_MS }).toBe(true)
  }

  async lift(): Promise<void> {
    await this.#cdp.send('Storage.overrideQuotaForOrigin', { origin: this.#origin })
  }
}

/** Whether the page cannot store so many bytes, in a database of the test's own. */
function isRefused(bytes: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('ballast')
    opening.onupgradeneeded = () => opening.result.createObjectStore('rows')
    opening.onerror = () => {
      reject(new Error('no database'))
    }
    opening.onsuccess = () => {
      const database = opening.result
      const transaction = database.transaction('rows', 'readwrite')
      const rows = transaction.objectStore('rows')
      rows.put(new Uint8Array(bytes), 'ballast')
      const end = (refused: boolean): void => {
        database.close()
        resolve(refused)
      }
      transaction.oncomplete = () => {
        end(false)
      }
      transaction.onabort = () => {
        end(transaction.error?.name === 'QuotaExceededError')
      }
    }
  })
}

test.setTimeout(150_000)

const isUndelivered = (alice: GigiPage, text: string): Promise<void> =>
  expect(alice.message(text)).toHaveAttribute('data-status', /pending|synced/)

test('a receiver whose storage is full is told, confirms nothing, and gets all once there is room', async ({
  newcomer,
  resident,
}) => {
  const atBobs = await resident()
  const alice = await newcomer()
  const bob = await atBobs.open()
  const quota = await Quota.of(bob)
  await introduce(alice, bob)
  await alice.configure('Sync interval (seconds)', 1)
  await alice.send('before')
  await alice.hasStatus('before', 'acknowledged')
  await quota.exhaust()
  for (const text of numbered(5)) await alice.send(text)
  const notice = bob.page.getByRole('alert').filter({ hasText: 'storage of this device is full' })
  await expect(notice).toBeVisible()
  // It is refused again and again, and the notice stays; meanwhile it may wait in his mailbox.
  for (const text of numbered(5)) await isUndelivered(alice, text)
  expect(await bob.texts()).toEqual(['before'])
  await alice.send('one more')
  await isUndelivered(alice, 'one more')
  await expect(notice).toBeVisible()

  await quota.lift()
  await alice.hasStatus('one more', 'acknowledged')
  await expect(notice).toBeHidden()
  expect(await bob.texts()).toEqual(['before', ...numbered(5), 'one more'])
  for (const text of numbered(5)) await alice.hasStatus(text, 'acknowledged')
  await atBobs.close()
  const again = await atBobs.open()
  await again.openConversation('Alice')
  await expect(again.messages).toHaveCount(7)
  expect(await again.texts()).toEqual(['before', ...numbered(5), 'one more'])
})

test('who sends into full storage keeps the text and is told; it goes when there is room', async ({
  newcomer,
  resident,
}) => {
  const bob = await newcomer()
  const alice = await (await resident()).open()
  const quota = await Quota.of(alice)
  await introduce(alice, bob)
  await quota.exhaust()
  await alice.composer.fill('no room for this')
  await alice.page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect(alice.page.getByRole('alert').filter({ hasText: 'still here' })).toBeVisible()
  await expect(alice.composer).toHaveValue('no room for this')
  await expect(alice.messages).toHaveCount(0)
  await alice.page.reload()
  await expect(alice.composer).toHaveValue('no room for this')
  await expect(alice.messages).toHaveCount(0)
  // Nothing can begin without room for a row; what tries leaves nothing behind.
  await expect(alice.page.getByRole('alert').filter({ hasText: 'is full' })).toBeVisible()
  expect(alice.upkeepWorkers().length).toBeLessThanOrEqual(1)

  await quota.lift()
  await alice.online()
  await alice.page.getByRole('button', { name: 'Send', exact: true }).click()
  await alice.hasStatus('no room for this', 'acknowledged')
  expect(await bob.texts()).toEqual(['no room for this'])
})
