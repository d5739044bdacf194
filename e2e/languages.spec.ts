import type { Browser, BrowserContext, Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { GigiPage, introduce } from './gigi-page.ts'
import { storedLanguage } from './store-view.ts'

const PHONE = { width: 390, height: 844 }

/** What the tests need of the interface in Arabic, by its names there. */
const ARABIC = {
  nickname: 'الاسم المستعار',
  start: 'ابدأ',
  conversations: 'المحادثات',
  settings: 'الإعدادات',
  language: 'اللغة',
  theme: 'السمة',
  newChat: 'محادثة جديدة',
  yourLink: 'رابط دعوتك',
  theirLink: 'رابط الدعوة',
  add: 'إضافة',
  message: 'الرسالة',
  send: 'إرسال',
  messages: 'الرسائل',
  messageMenu: ['نسخ', 'حذف لديّ فقط'],
  pin: 'تثبيت',
} as const

/** The page in another language: that it is said and written so. */
async function speaks({ page }: GigiPage, lang: 'en' | 'ar', dir: 'ltr' | 'rtl'): Promise<void> {
  const html = page.locator('html')
  await expect(html).toHaveAttribute('lang', lang)
  await expect(html).toHaveAttribute('dir', dir)
  const list = page.getByRole('navigation', { name: lang === 'ar' ? ARABIC.conversations : 'Conversations' })
  await expect(list).toBeVisible()
}

/** Whether the list of conversations stands on the left of the page, or on the right. */
async function sideOfList(page: Page): Promise<'left' | 'right'> {
  const box = await page.getByRole('navigation').boundingBox()
  if (box === null) throw new Error('there is no list')
  return box.x < 100 ? 'left' : 'right'
}

const choose = (page: Page, field: string, option: string): Promise<unknown> =>
  page.getByRole('combobox', { name: field }).selectOption({ label: option })

const background = (page: Page): Promise<string> =>
  page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)

const [LIGHT, DARK] = ['rgb(253, 252, 250)', 'rgb(21, 27, 30)']

/** The colour that the browser paints around the page. */
const themeColour = (page: Page): Promise<string | undefined> =>
  page.evaluate(
    () =>
      [...document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')].find(
        ({ media }) => matchMedia(media).matches,
      )?.content,
  )

async function inArabic(browser: Browser, url: string, contexts: BrowserContext[]): Promise<GigiPage> {
  const context = await browser.newContext({ locale: 'ar-EG', viewport: PHONE })
  contexts.push(context)
  const gigi = new GigiPage(await context.newPage(), url)
  await gigi.open()
  return gigi
}

test('Arabic, chosen in the settings, holds at once, in another tab too, and at the next start', async ({
  newcomer,
}) => {
  const alice = await newcomer()
  await alice.begin('Alice')
  const second = await alice.inNewTab()
  await speaks(second, 'en', 'ltr')
  expect(await sideOfList(alice.page)).toBe('left')

  await alice.settings()
  await choose(alice.page, 'Language', 'العربية')
  await expect(alice.page.getByRole('dialog', { name: ARABIC.settings })).toBeVisible()
  await alice.page.keyboard.press('Escape')
  await speaks(alice, 'ar', 'rtl')
  await speaks(second, 'ar', 'rtl')
  expect(await sideOfList(alice.page)).toBe('right')
  expect(await sideOfList(second.page)).toBe('right')
  await expect.poll(() => storedLanguage(alice.page)).toBe('ar')

  await alice.open()
  await speaks(alice, 'ar', 'rtl')

  // Back again, all is called as it was.
  await alice.page.getByRole('button', { name: ARABIC.settings }).click()
  await choose(alice.page, ARABIC.language, 'English')
  await expect(alice.page.getByRole('dialog', { name: 'Settings' })).toBeVisible()
  for (const name of ['Sync interval (seconds)', 'Message lifetime (seconds)', 'Batch size'])
    await expect(alice.page.getByRole('spinbutton', { name })).toBeVisible()
  await expect(alice.page.getByRole('switch', { name: 'Read receipts' })).toBeVisible()
  await alice.page.keyboard.press('Escape')
  await speaks(alice, 'en', 'ltr')
  await speaks(second, 'en', 'ltr')
  await expect(alice.page.getByRole('button', { name: 'New chat' })).toBeVisible()
  await expect(alice.searchbox).toBeVisible()
  await expect.poll(() => storedLanguage(alice.page)).toBe('en')
})

test('two people talk in Arabic, as their browsers are set, on phones', async ({ browser, relay }) => {
  const contexts: BrowserContext[] = []
  const [layla, bob] = [
    await inArabic(browser, relay.url, contexts),
    await inArabic(browser, relay.url, contexts),
  ]
  const named = (page: Page, role: 'button' | 'textbox', name: string) =>
    page.getByRole(role, { name, exact: true })
  for (const [gigi, nickname] of [
    [layla, 'ليلى'],
    [bob, 'Bob'],
  ] as const) {
    await named(gigi.page, 'textbox', ARABIC.nickname).fill(nickname)
    await named(gigi.page, 'button', ARABIC.start).click()
    await speaks(gigi, 'ar', 'rtl')
    await gigi.online()
  }
  await named(bob.page, 'button', ARABIC.newChat).click()
  const box = named(bob.page, 'textbox', ARABIC.yourLink)
  await expect(box).toHaveValue(/#invite=/)
  const link = await box.inputValue()
  await bob.page.keyboard.press('Escape')

  await named(layla.page, 'button', ARABIC.newChat).click()
  await named(layla.page, 'textbox', ARABIC.theirLink).fill(link)
  await named(layla.page, 'button', ARABIC.add).click()
  const say = async ({ page }: GigiPage, text: string): Promise<void> => {
    await named(page, 'textbox', ARABIC.message).fill(text)
    await named(page, 'button', ARABIC.send).click()
  }
  await say(layla, 'مرحبًا يا Bob!')
  await bob.page.getByRole('navigation').getByRole('link', { name: /^ليلى/ }).click()
  const log = ({ page }: GigiPage) => page.getByRole('log', { name: ARABIC.messages })
  await expect(log(bob).getByText('مرحبًا يا Bob!')).toBeVisible()
  await say(bob, 'Hello!')
  await expect(log(layla).getByText('Hello!')).toBeVisible()
  await expect(log(layla).locator('[data-direction="sent"]')).toHaveAttribute('data-status', 'acknowledged')

  // Own messages stand where lines end; a text that runs the other way stays in one piece.
  const box1 = await log(layla).locator('[data-direction="sent"] [data-testid="text"]').boundingBox()
  const box2 = await log(layla).locator('[data-direction="received"] [data-testid="text"]').boundingBox()
  expect(box1?.x).toBeLessThan(box2?.x ?? 0)
  const width = await layla.page.evaluate(() => document.documentElement.scrollWidth)
  expect(width).toBe(PHONE.width)
  await Promise.all(contexts.map((context) => context.close()))
})

test('a theme, once chosen, holds whatever the system says, in all tabs and at the next start', async ({
  newcomer,
}) => {
  const alice = await newcomer()
  await alice.begin('Alice')
  const second = await alice.inNewTab()
  expect(await background(alice.page)).toBe(LIGHT)

  await alice.settings()
  await choose(alice.page, 'Theme', 'Dark')
  for (const { page } of [alice, second]) {
    await expect.poll(() => background(page)).toBe(DARK)
    expect(await themeColour(page)).toBe('#151b1e')
  }

  await second.open()
  await expect(second.conversations).toBeVisible()
  expect(await background(second.page)).toBe(DARK)

  await choose(alice.page, 'Theme', 'Light')
  await alice.page.emulateMedia({ colorScheme: 'dark' })
  expect(await background(alice.page)).toBe(LIGHT)
  expect(await themeColour(alice.page)).toBe('#fdfcfa')
  await choose(alice.page, 'Theme', 'System')
  expect(await background(alice.page)).toBe(DARK)
})

test('the first paint is in the chosen theme already, before the app runs', async ({ browser, relay }) => {
  const origin = new URL(relay.url).origin
  const context = await browser.newContext({
    colorScheme: 'light',
    // It would bring the app from its cache.
    serviceWorkers: 'block',
    storageState: {
      cookies: [],
      origins: [{ origin, localStorage: [{ name: 'gigi.theme', value: 'dark' }] }],
    },
  })
  const page = await context.newPage()
  await page.route(/\/assets\/.*\.js$/, (route) => route.abort())
  await page.goto(relay.url)
  await expect(page.locator('#app')).toBeEmpty()
  expect(await background(page)).toBe(DARK)
  await context.close()
})

test('a conversation goes on while its language changes', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await alice.send('before')
  await alice.settings()
  await choose(alice.page, 'Language', 'العربية')
  await alice.page.keyboard.press('Escape')
  await expect(alice.page.getByRole('textbox', { name: ARABIC.message, exact: true })).toBeVisible()
  await expect(alice.page.getByRole('log', { name: ARABIC.messages }).getByText('before')).toBeVisible()
  await bob.send('answer')
  const answer = alice.page.getByRole('log', { name: ARABIC.messages }).getByText('answer')
  await expect(answer).toBeVisible()
  // Menus too, of which the words were known before.
  await answer.click({ button: 'right' })
  await expect(alice.page.getByRole('menuitem')).toHaveText(ARABIC.messageMenu)
  await alice.page.keyboard.press('Escape')
  await alice.page.getByRole('navigation').getByRole('link', { name: /^Bob/ }).click({ button: 'right' })
  await expect(alice.page.getByRole('menuitem').first()).toHaveText(ARABIC.pin)
})
