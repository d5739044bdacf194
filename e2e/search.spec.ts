import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { type GigiPage, introduce } from './gigi-page.ts'

const SAID = [
  'The quick brown fox',
  'Ein Käsebrot, Straße 12',
  '東京は日本の首都です',
  'مَرْحَبًا بكم جميعا',
  'שָׁלוֹם לכולם',
  'quickly done 😀',
]

/** Types a query anew and expects these results, the newest first. */
async function finds(
  { searchbox, results }: GigiPage,
  typed: string,
  texts: readonly string[],
): Promise<void> {
  await searchbox.fill(typed)
  await expect(results).toHaveCount(texts.length)
  for (const [i, text] of texts.entries()) await expect(results.nth(i)).toContainText(text)
}

const marks = ({ results }: GigiPage): Promise<string[]> => results.locator('mark').allTextContents()

/** Whether a tab of `alice` has the index open. */
const isIndexHeld = ({ page }: GigiPage): Promise<boolean> =>
  page.evaluate(async () => {
    const { held } = await navigator.locks.query()
    return held?.some(({ name }) => name === 'gigi-search') ?? false
  })

/** A page of the same origin that is not the app, in place of it. */
const leave = ({ page }: GigiPage): Promise<unknown> => page.goto(new URL('/config.json', page.url()).href)

/** The files of the index; what `change` does to each. */
async function onIndexFiles(page: Page, change: 'count' | 'spoil' | 'remove'): Promise<number> {
  return page.evaluate(async (change) => {
    const root = await navigator.storage.getDirectory()
    if (change === 'remove') await root.removeEntry('gigi-search', { recursive: true })
    let count = 0
    const walk = async (folder: FileSystemDirectoryHandle): Promise<void> => {
      for await (const entry of folder.values()) {
        if (entry.kind === 'directory') await walk(entry)
        else {
          const file = entry
          const { size } = await file.getFile()
          if (size > 20_000) count += 1
          if (change !== 'spoil') continue
          const writer = await file.createWritable({ keepExistingData: true })
          // Behind what says whose file it is, so that it is opened, and is none.
          for (let at = 5000; at < size; at += 700)
            await writer.write({ type: 'write', position: at, data: 'spoilt' })
          await writer.close()
        }
      }
    }
    await walk(root)
    return count
  }, change)
}

test('messages are found as one types, in any script, in every tab, and after the index has changed hands', async ({
  resident,
}) => {
  test.setTimeout(120_000)
  const [his, hers] = [await resident(), await resident()]
  const [alice, bob] = [await hers.open(), await his.open()]
  const wrong: string[] = []
  alice.page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(message.text())
  })
  await introduce(alice, bob)
  for (const [i, text] of SAID.entries()) await (i % 2 === 0 ? alice : bob).send(text)
  await expect(alice.message('quickly done 😀')).toBeVisible()
  await expect(bob.message('שָׁלוֹם לכולם')).toBeVisible()

  for (const who of [alice, bob]) {
    await who.searchbox.pressSequentially('Qui')
    await expect(who.results).toHaveCount(2)
    await expect(who.results.first()).toContainText('quickly done')
    expect(await marks(who)).toEqual(['qui', 'qui'])
    await finds(who, 'quick fox', ['The quick brown fox'])
    await finds(who, 'kasebr strasse', ['Ein Käsebrot'])
    expect(await marks(who)).toEqual(['Käsebr', 'Straße'])
    await finds(who, '日本の', ['東京は日本の首都です'])
    await finds(who, '都', ['東京は日本の首都です'])
    await finds(who, 'مرحبا', ['بكم جميعا'])
    await finds(who, 'שלום', ['לכולם'])
    await finds(who, '😀', ['quickly done'])
    await finds(who, 'nothing of that kind', [])
    await expect(who.page.getByText('No message has these words.')).toBeVisible()
    await who.page.keyboard.press('Escape')
    await expect(who.conversations).toBeVisible()
  }

  // What comes while results are shown is shown.
  await alice.searchbox.fill('quick')
  await expect(alice.results).toHaveCount(2)
  await bob.send('quick as lightning')
  await expect(alice.results).toHaveCount(3)
  await expect(alice.results.first()).toContainText('quick as lightning')

  const second = await alice.inNewTab()
  await finds(second, 'lightn', ['quick as lightning'])
  await second.page.keyboard.press('ArrowDown')
  await expect(second.results.first()).toBeFocused()
  await second.page.keyboard.press('Enter')
  await expect(second.page.getByRole('heading', { name: 'Bob' })).toBeVisible()

  await alice.page.close()
  await finds(second, 'brown', ['The quick brown fox'])
  await second.page.reload()
  await finds(second, 'brown', ['The quick brown fox'])

  await hers.kill()
  const again = await hers.open()
  await finds(again, '首都', ['東京は日本の首都です'])
  expect(wrong).toEqual([])
})

test('an index that is lost or spoilt is made anew', async ({ resident }) => {
  test.setTimeout(120_000)
  const [his, hers] = [await resident(), await resident()]
  const [alice, bob] = [await hers.open(), await his.open()]
  await introduce(alice, bob)
  await alice.sendMany(
    Array.from({ length: 60 }, (_, i) => `word${String(i)} common ${'filler '.repeat(20)}`),
  )
  await finds(alice, 'word59', ['word59'])
  for (const change of ['spoil', 'remove'] as const) {
    await leave(alice)
    await expect.poll(() => isIndexHeld(alice)).toBe(false)
    expect(await onIndexFiles(alice.page, 'count')).toBeGreaterThan(0)
    await onIndexFiles(alice.page, change)
    await alice.open()
    await finds(alice, 'word7', ['word7'])
    await alice.searchbox.fill('common')
    await expect(alice.results).toHaveCount(20)
    await alice.page.getByRole('button', { name: 'Show more' }).click()
    await expect(alice.results).toHaveCount(40)
  }
})

test('messages whose time is over are not found any more', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await alice.send('word from Alice')
  await bob.send('word from Bob')
  await alice.hasStatus('word from Alice', 'acknowledged')
  await expect(alice.message('word from Bob')).toBeVisible()
  await finds(alice, 'word', ['word from Bob', 'word from Alice'])

  await alice.settings()
  await alice.page.getByRole('spinbutton', { name: 'Cleanup interval (seconds)' }).fill('1')
  await alice.page.getByRole('button', { name: 'Save' }).click()
  await alice.page.keyboard.press('Escape')
  await alice.page.getByRole('button', { name: 'Conversation details' }).click()
  await alice.page.getByRole('combobox', { name: 'Keep messages' }).selectOption('1 hour')
  await alice.page.keyboard.press('Escape')
  await alice.page.clock.install({ time: Date.now() + 2 * 3_600_000 })
  await alice.open()
  await alice.openConversation('Bob')
  await expect(alice.messages).toHaveCount(0)
  await finds(alice, 'word', [])
  await bob.send('word of today')
  await finds(alice, 'word', ['word of today'])
})
