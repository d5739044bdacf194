/**
 * How the main screens look: both sizes, both themes, both directions of writing. The pictures are of one font that comes
 * with the tests, drawn without hints of the machine, at a time of day that stands still; so what differs between machines is
 * the edge of a letter here and there, and what differs by more has been changed. `npx playwright test e2e/looks.spec.ts -u`
 * takes them anew.
 */
import { readFile } from 'node:fs/promises'
import type { Browser, BrowserContext, Page } from '@playwright/test'
import { findChromium } from '../scripts/chromium.mjs'
import { CHROMIUM_ARGS } from './chromium.ts'
import { expect, test } from './fixtures.ts'
import { GigiPage } from './gigi-page.ts'

const PHONE = { width: 390, height: 844 }
const DESK = { width: 1280, height: 800 }

/** How each picture is taken, by the beginning of its name. */
const LOOKS = {
  'desk-light-en': { viewport: DESK, colorScheme: 'light', language: 'en' },
  'phone-dark-en': { viewport: PHONE, colorScheme: 'dark', language: 'en' },
  'phone-light-ar': { viewport: PHONE, colorScheme: 'light', language: 'ar' },
  'desk-dark-ar': { viewport: DESK, colorScheme: 'dark', language: 'ar' },
} as const
type Look = keyof typeof LOOKS

/**
 * How little of a picture may differ: edges of letters, as another version of the browser may draw them. Two pixels more
 * between the words and the edge of their bubbles are too much, as the test shows.
 */
const TOLERANCE = { maxDiffPixelRatio: 0.001, threshold: 0.1 }

/** Who they are is the same each time, and with it the colour of each. */
const ALICE = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const BOB = 'letter advice cage absurd amount doctor acoustic avoid letter advice cage above'
const CAROL = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about'

const at = (days: number, time: string): Date => {
  const day = new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
  return new Date(`${day}T${time}:00Z`)
}

/** The same strokes everywhere, whatever a machine is set to. */
const DRAWING = ['--font-render-hinting=none', '--disable-lcd-text', '--force-color-profile=srgb']

const executablePath = findChromium()

test.use({
  launchOptions: {
    args: [...CHROMIUM_ARGS, ...DRAWING],
    ...(executablePath === undefined ? {} : { executablePath }),
  },
  // A relay of its own: nobody else is nearby.
  relayEnv: { PUSH_CONTACT: 'off' },
})

/** Has the font of the tests at hand in all pages. */
async function bringFont(context: BrowserContext): Promise<void> {
  const faces = await Promise.all(
    [400, 500, 600].flatMap((weight) =>
      [
        ['latin', 'U+0-5FF, U+2000-206F, U+20A0-2BFF'],
        ['arabic', 'U+600-6FF, U+FB50-FEFF'],
      ].map(async ([script = '', range = '']) => {
        const file = `../node_modules/@fontsource/vazirmatn/files/vazirmatn-${script}-${String(weight)}-normal.woff2`
        const data = await readFile(new URL(file, import.meta.url), 'base64')
        return { data, weight: String(weight), range }
      }),
    ),
  )
  await context.addInitScript((faces) => {
    for (const { data, weight, range } of faces) {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
      document.fonts.add(new FontFace('Looks', bytes, { weight, unicodeRange: range }))
    }
  }, faces)
}

/** Draws all text in it. */
async function setFont(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { style } = document.documentElement
    for (const family of ['text', 'code']) style.setProperty(`--font-${family}`, 'Looks')
    await Promise.all([...document.fonts].map((face) => face.load()))
  })
}

async function visitor(browser: Browser, url: string, time: Date): Promise<GigiPage> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', reducedMotion: 'reduce' })
  await bringFont(context)
  const page = await context.newPage()
  await page.clock.setFixedTime(time)
  const gigi = new GigiPage(page, url)
  await gigi.open()
  return gigi
}

async function restored(gigi: GigiPage, phrase: string, nickname: string): Promise<void> {
  await gigi.page.getByRole('button', { name: 'I have a recovery phrase' }).click()
  await gigi.page.getByRole('textbox', { name: 'Nickname' }).fill(nickname)
  await gigi.page.getByRole('textbox', { name: 'Recovery phrase' }).fill(phrase)
  await gigi.page.getByRole('button', { name: 'Restore' }).click()
  await gigi.online()
}

async function puton(page: Page, look: Look): Promise<void> {
  const { viewport, colorScheme, language } = LOOKS[look]
  await page.setViewportSize(viewport)
  await page.emulateMedia({ colorScheme })
  await page.evaluate((language) => {
    localStorage.setItem('gigi.language', language)
  }, language)
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('lang', language)
}

const looks = Object.keys(LOOKS) as Look[]

test('the main screens look as they did', async ({ browser, relay }) => {
  test.setTimeout(180_000)
  const picture = async (page: Page, name: string, mask: string[] = []): Promise<void> => {
    await setFont(page)
    await expect(page).toHaveScreenshot(`${name}.png`, {
      ...TOLERANCE,
      mask: mask.map((selector) => page.locator(selector)),
      maskColor: '#888888',
    })
  }

  const [alice, bob, carol] = await Promise.all([
    visitor(browser, relay.url, at(-1, '18:02')),
    visitor(browser, relay.url, at(-1, '18:02')),
    visitor(browser, relay.url, at(0, '09:38')),
  ])
  const { page } = alice
  for (const look of looks) {
    await puton(page, look)
    await expect(page.locator('main.first-start h1')).toBeVisible()
    await picture(page, `${look}-start`)
  }
  await puton(page, 'desk-light-en')
  await Promise.all([
    restored(alice, ALICE, 'Alice'),
    restored(bob, BOB, 'Bob'),
    restored(carol, CAROL, 'Carol'),
  ])

  // Yesterday they made friends; this morning they write again.
  await alice.add(await bob.inviteLink())
  await bob.openConversation('Alice')
  await alice.send('Hi Bob! Are you coming on Saturday?')
  await alice.send('The programme is at https://example.org/saturday')
  await bob.send('Of course. I bring the cake, and if the weather holds we could walk along the river.')
  await bob.hasStatus(
    'Of course. I bring the cake, and if the weather holds we could walk along the river.',
    'acknowledged',
  )
  for (const { page } of [alice, bob]) await page.clock.setFixedTime(at(0, '09:41'))
  await bob.send('مرحبًا! Shall I bring Carol?')
  await bob.send('She would love to come.')
  await alice.send('Yes!\nThe more the merrier.')
  await alice.hasStatus('Yes!\nThe more the merrier.', 'acknowledged')
  await page.goto(new URL('#/', page.url()).href)
  await bob.send('Great, see you then')
  await expect(alice.conversationLink('Bob').getByTestId('unread')).toHaveText('1')
  // By a link that holds no more one can only ask.
  const old = await alice.inviteLink()
  await page.getByRole('button', { name: 'New chat' }).click()
  await page.getByRole('button', { name: 'Renew link' }).click()
  await expect(page.getByRole('textbox', { name: 'Your invite link' })).not.toHaveValue(old)
  await page.keyboard.press('Escape')
  await carol.add(old)
  await carol.send('Bob told me of Saturday!')
  await expect(alice.conversationLink('Carol')).toBeVisible()
  // Whoever is there, and by which way, is told by words that change.
  await Promise.all([bob.page.context().close(), carol.page.context().close()])
  await alice.openConversation('Carol')
  await alice.presence('offline')
  await page.goto(new URL('#/', page.url()).href)

  for (const look of looks) {
    await puton(page, look)
    await expect(alice.network).toHaveAttribute('data-state', 'online')
    await picture(page, `${look}-list`)
  }
  await puton(page, 'desk-light-en')
  await alice.openConversation('Bob')
  await alice.presence('offline')
  await expect(alice.conversationLink('Bob').getByTestId('unread')).toBeHidden()
  for (const look of looks) {
    await puton(page, look)
    await expect(page.locator('[data-message-id]')).toHaveCount(7)
    await expect(alice.network).toHaveAttribute('data-state', 'online')
    // On a phone the list is behind the conversation.
    await picture(page, `${look}-conversation`)
  }
  // The same of a phone where little is different, and yet too much.
  await puton(page, 'phone-dark-en')
  await expect(page.locator('[data-message-id]')).toHaveCount(7)
  await expect(alice.network).toHaveAttribute('data-state', 'online')
  await setFont(page)
  await page.evaluate(() => {
    document.documentElement.style.setProperty('--space-3', '0.875rem')
  })
  await expect(page).not.toHaveScreenshot('phone-dark-en-conversation.png', TOLERANCE)

  for (const look of looks) {
    await puton(page, look)
    await expect(alice.network).toHaveAttribute('data-state', 'online')
    await page.keyboard.press('Alt+Shift+N')
    await expect(page.getByRole('dialog').getByRole('textbox').first()).toHaveValue(/#invite=/)
    await picture(page, `${look}-new-chat`, ['[role=dialog] svg[role=img]', '[role=dialog] input[readonly]'])
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+,')
    await expect(page.getByRole('dialog').getByRole('textbox').first()).toHaveValue('Alice')
    await picture(page, `${look}-settings`)
    await page.keyboard.press('Escape')
  }
  await page.context().close()
})
