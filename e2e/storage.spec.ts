/** What befalls the database under a running app: a dead handle, another version, deletion. */
import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { type GigiPage, introduce } from './gigi-page.ts'

/** Catches the handles that the app opens, and can have the next write of a message fail in its middle. */
function catchHandles(): void {
  const handles: IDBDatabase[] = []
  let failures = 0
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its factory below
  const { open } = IDBFactory.prototype
  IDBFactory.prototype.open = function (...args) {
    const request = open.apply(this, args)
    request.addEventListener('success', () => handles.push(request.result))
    return request
  }
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with their store below
  const { put, add } = IDBObjectStore.prototype
  const failing = (write: typeof put) =>
    function (this: IDBObjectStore, ...args: Parameters<typeof put>): IDBRequest<IDBValidKey> {
      const request = write.apply(this, args)
      if (this.name === 'messages' && failures > 0) {
        failures -= 1
        this.transaction.abort()
      }
      return request
    }
  IDBObjectStore.prototype.put = failing(put)
  IDBObjectStore.prototype.add = failing(add)
  Object.assign(window, {
    handles: {
      close: (silently: boolean) => {
        for (const handle of handles.splice(0)) {
          handle.close()
          if (!silently) handle.dispatchEvent(new Event('close'))
        }
      },
      failNextWrites: (count: number) => (failures = count),
      count: () => handles.length,
    },
  })
}

interface Handles {
  close(silently: boolean): void
  failNextWrites(count: number): void
  count(): number
}

const onHandles = <A extends keyof Handles>(page: Page, name: A, ...args: Parameters<Handles[A]>) =>
  page.evaluate(
    ([name, args]) => {
      const { handles } = window as unknown as { handles: Record<string, (...args: unknown[]) => unknown> }
      return handles[name]?.(...args)
    },
    [name, args] as const,
  )

/** A page of the same origin that is not the app. */
async function besideTheApp({ page }: GigiPage): Promise<Page> {
  const beside = await page.context().newPage()
  await beside.goto(new URL('/config.json', page.url()).href)
  return beside
}

/** Opens the database as a newer version of the app would. Whether an older handle was in the way. */
const upgrade = (page: Page): Promise<boolean> =>
  page.evaluate(
    () =>
      new Promise<boolean>((resolve, reject) => {
        const request = indexedDB.open('gigi', 1000)
        let blocked = false
        request.onblocked = () => (blocked = true)
        request.onupgradeneeded = () => request.result.createObjectStore('of_tomorrow')
        request.onerror = () => {
          reject(new Error('no upgrade'))
        }
        request.onsuccess = () => {
          request.result.close()
          resolve(blocked)
        }
      }),
  )

const deleteDatabase = (page: Page): Promise<boolean> =>
  page.evaluate(
    () =>
      new Promise<boolean>((resolve, reject) => {
        const request = indexedDB.deleteDatabase('gigi')
        let blocked = false
        request.onblocked = () => (blocked = true)
        request.onerror = () => {
          reject(new Error('not deleted'))
        }
        request.onsuccess = () => {
          resolve(blocked)
        }
      }),
  )

/** The texts in the database itself, by their order in the conversation. */
const storedTexts = (page: Page): Promise<string[]> =>
  page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const opening = indexedDB.open('gigi')
        opening.onsuccess = () => {
          const request = opening.result.transaction('messages').objectStore('messages').getAll()
          request.onsuccess = () => {
            opening.result.close()
            const rows = request.result as { order_key: string; content_json: string }[]
            const contents = rows
              .sort((a, b) => (a.order_key < b.order_key ? -1 : 1))
              .map((row) => JSON.parse(row.content_json) as { type: string; text: string })
            resolve(contents.filter(({ type }) => type === 'Text').map(({ text }) => text))
          }
        }
      }),
  )

test('a handle that dies is replaced: nothing is lost, doubled, or sent in show only', async ({
  resident,
}) => {
  const [atAlices, atBobs] = [await resident(), await resident()]
  const [alice, bob] = [await atAlices.open(), await atBobs.open()]
  for (const { page } of [alice, bob]) {
    await page.addInitScript(catchHandles)
    await page.reload()
  }
  await introduce(alice, bob)
  const expected: string[] = []
  for (const [round, silently] of [true, false, true, false].entries()) {
    for (const { page } of [alice, bob]) await onHandles(page, 'close', silently)
    for (const who of [alice, bob]) {
      const text = `round ${String(round)} by ${who === alice ? 'Alice' : 'Bob'}`
      await who.send(text)
      expected.push(text)
      await who.hasStatus(text, 'acknowledged')
    }
  }
  // A write that the browser gives up in its middle, once.
  await onHandles(alice.page, 'failNextWrites', 1)
  await alice.send('given up once')
  await onHandles(bob.page, 'failNextWrites', 1)
  await alice.send('given up there')
  expected.push('given up once', 'given up there')
  for (const text of expected.slice(-2)) await alice.hasStatus(text, 'acknowledged')
  for (const who of [alice, bob]) {
    expect(await who.texts()).toEqual(expected)
    expect(await storedTexts(who.page)).toEqual(expected)
    await expect(who.page.getByRole('alert')).toHaveCount(0)
  }
})

test('what the browser gives up again and again comes back into the composer', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await alice.page.addInitScript(catchHandles)
  await alice.page.reload()
  await introduce(alice, bob)
  await onHandles(alice.page, 'failNextWrites', 1_000)
  await alice.composer.fill('not stored')
  await alice.page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect(alice.page.getByRole('alert').filter({ hasText: 'did not store' })).toBeVisible()
  await expect(alice.composer).toHaveValue('not stored')
  await expect(alice.messages).toHaveCount(0)
  expect(await storedTexts(alice.page)).toEqual([])
  await onHandles(alice.page, 'failNextWrites', 0)
  await alice.page.getByRole('button', { name: 'Send', exact: true }).click()
  await alice.hasStatus('not stored', 'acknowledged')
  expect(await bob.texts()).toEqual(['not stored'])
})

test('a newer version in another tab is not held up, and an older one says so, once, with the draft kept', async ({
  resident,
}) => {
  const alice = await (await resident()).open()
  const bob = await (await resident()).open()
  await introduce(alice, bob)
  await alice.composer.fill('half a sent')
  const second = await alice.inNewTab()
  await second.online()
  const loads = [0, 0]
  for (const [i, { page }] of [alice, second].entries())
    page.on('load', () => (loads[i] = (loads[i] ?? 0) + 1))
  const beside = await besideTheApp(alice)
  expect(await upgrade(beside)).toBe(false)
  for (const { page } of [alice, second]) {
    await expect(page.getByRole('heading', { name: 'new version' })).toBeVisible()
    await expect(page.getByTestId('network')).toBeHidden()
  }
  expect(await bob.conversationLink('Alice').count()).toBe(1)
  await bob.presence('offline')
  // The newer version is there still; whoever reloads is told the same again.
  await alice.page.getByRole('button', { name: 'Reload this page' }).click()
  await expect(alice.page.getByRole('heading', { name: 'new version' })).toBeVisible()
  expect(loads).toEqual([2, 1])
  const draft = await alice.page.evaluate(() =>
    Object.keys(localStorage)
      .filter((key) => key.startsWith('gigi.draft.'))
      .map((key) => localStorage.getItem(key)),
  )
  expect(draft).toEqual(['half a sent'])
  // Tables of a newer version are left as they are.
  const version = await beside.evaluate(async () =>
    (await indexedDB.databases()).map(({ version }) => version),
  )
  expect(version).toEqual([1000])
})

test('who lost the database under the running app is told, and gets the conversation back by the phrase', async ({
  resident,
}) => {
  const [atAlices, atBobs] = [await resident(), await resident()]
  const [alice, bob] = [await atAlices.open(), await atBobs.open()]
  await introduce(alice, bob)
  for (const text of ['one', 'two']) {
    await alice.send(text)
    await alice.hasStatus(text, 'acknowledged')
    await bob.send(`${text} too`)
    await bob.hasStatus(`${text} too`, 'acknowledged')
  }
  const texts = await alice.texts()
  const phrase = await alice.recoveryPhrase()
  await bob.configure('Sync interval (seconds)', 1)
  const second = await alice.inNewTab()
  await second.online()

  const beside = await besideTheApp(alice)
  expect(await deleteDatabase(beside)).toBe(false)
  for (const { page } of [alice, second]) {
    await expect(
      page.getByRole('alert').filter({ hasText: 'deleted what Gigi kept for Alice' }),
    ).toBeVisible()
    await expect(page.getByRole('textbox', { name: 'Nickname' })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeVisible()
    await expect(page.getByTestId('network')).toBeHidden()
  }
  await bob.presence('offline')
  // Nothing was written into the empty database that came after.
  const rows = await beside.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const opening = indexedDB.open('gigi')
        opening.onsuccess = () => {
          const database = opening.result
          const names = [...database.objectStoreNames]
          const transaction = database.transaction(names)
          let rows = 0
          for (const name of names) {
            const request = transaction.objectStore(name).count()
            request.onsuccess = () => (rows += request.result)
          }
          transaction.oncomplete = () => {
            database.close()
            resolve(rows)
          }
        }
      }),
  )
  expect(rows).toBe(0)

  // The same is said where the loss is found at the start.
  await atAlices.close()
  const again = await atAlices.open()
  await expect(
    again.page.getByRole('alert').filter({ hasText: 'deleted what Gigi kept for Alice' }),
  ).toBeVisible()
  await again.page.getByRole('button', { name: 'I have a recovery phrase' }).click()
  await expect(again.page.getByRole('textbox', { name: 'Nickname' })).toHaveValue('Alice')
  await again.page.getByRole('textbox', { name: 'Recovery phrase' }).fill(phrase)
  await again.page.getByRole('button', { name: 'Restore' }).click()
  await expect(again.conversationLink('Bob')).toBeVisible()
  await again.openConversation('Bob')
  await expect(again.messages).toHaveCount(texts.length)
  expect(await again.texts()).toEqual(texts)
  await again.send('back')
  await again.hasStatus('back', 'acknowledged')
  expect(await bob.texts()).toEqual([...texts, 'back'])
})

test('storage cleared by the browser itself is told too; another phrase is asked about, and afresh is possible', async ({
  resident,
  newcomer,
}) => {
  const other = await newcomer()
  await other.begin('Carol')
  const phrase = await other.recoveryPhrase()
  const alice = await (await resident()).open()
  await alice.begin('Alice')
  await alice.online()
  const cdp = await alice.page.context().newCDPSession(alice.page)
  const clear = async (): Promise<void> => {
    const origin = new URL(alice.page.url()).origin
    await cdp.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
  }
  await clear()
  const told = alice.page.getByRole('alert').filter({ hasText: 'deleted what Gigi kept for Alice' })
  await expect(told).toBeVisible()
  await alice.page.getByRole('button', { name: 'I have a recovery phrase' }).click()
  await alice.page.getByRole('textbox', { name: 'Recovery phrase' }).fill(phrase)
  await alice.page.getByRole('button', { name: 'Restore' }).click()
  await expect(alice.page.getByRole('alert')).toContainText('somebody else')
  await alice.page.getByRole('button', { name: 'Restore' }).click()
  await expect(alice.conversations).toBeVisible()

  await clear()
  await expect(told).toBeVisible()
  await alice.begin('Alice anew')
  await alice.online()
  await alice.page.reload()
  await expect(alice.conversations).toBeVisible()
})

test('the browser is asked to keep the storage when there is something to keep, and the settings say how it is', async ({
  newcomer,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await alice.page.addInitScript(() => {
    const asked = { times: 0, promise: false }
    Object.assign(window, { asked })
    StorageManager.prototype.persist = () => {
      asked.times += 1
      return Promise.resolve(asked.promise)
    }
    StorageManager.prototype.persisted = () => Promise.resolve(asked.promise && asked.times > 1)
  })
  await alice.page.reload()
  const times = (): Promise<number> =>
    alice.page.evaluate(() => (window as unknown as { asked: { times: number } }).asked.times)
  await introduce(bob, alice)
  await alice.settings()
  await expect(alice.page.getByRole('meter', { name: 'Storage used' })).toBeVisible()
  await expect(alice.page.getByText(/ of .*B used$/)).toBeVisible()
  await expect(alice.page.getByText('may delete it')).toBeVisible()
  expect(await times()).toBe(0)
  await alice.page.keyboard.press('Escape')
  await alice.send('one')
  await alice.send('two')
  await alice.hasStatus('two', 'acknowledged')
  expect(await times()).toBe(1)
  await alice.page.evaluate(() => {
    Object.assign((window as unknown as { asked: object }).asked, { promise: true })
  })
  await alice.settings()
  await alice.page.getByRole('button', { name: 'Ask the browser to keep it' }).click()
  await expect(alice.page.getByText('has promised')).toBeVisible()
  expect(await times()).toBe(2)
})
