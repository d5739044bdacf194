/** Every size that a page is looked at in: nothing is cut off, everything can be touched, and a keyboard hides nothing. */
import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { introduce } from './gigi-page.ts'

const PHONE = { width: 390, height: 844 }
/** The narrowest phone; a desk at 200 %, and at 400 % (WCAG 1.4.10); where two panes begin; and one very wide. */
const SIZES = [
  PHONE,
  { width: 320, height: 640 },
  { width: 640, height: 400 },
  { width: 320, height: 256 },
  { width: 800, height: 600 },
  { width: 3440, height: 1440 },
] as const

/** Edge of what a finger hits, pixels. */
const TOUCH = 44

/** What stands out of the page to the left or to the right, by its words. */
const cutOff = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLElement>(
        'button, a, input, textarea, select, h1, h2, h3, p, label, dd, li',
      ),
    ]
      .filter((element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect()
        return width > 1 && (left < -0.5 || right > innerWidth + 0.5)
      })
      .map((element) => `${element.tagName} ${element.ariaLabel ?? element.textContent}`.slice(0, 60)),
  )

/**
 * What can be pressed, and is so small that a finger misses it. Links within a text are exempt (WCAG 2.5.5), and so is the time
 * of a message, which is larger for fingers only.
 */
const tooSmall = (page: Page): Promise<string[]> =>
  page.evaluate((touch) => {
    const shown = [...document.querySelectorAll('[role=dialog], [role=menu]')].at(-1) ?? document
    return [...shown.querySelectorAll<HTMLElement>('button, a, input, textarea, select')]
      .filter((element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
      .filter((element) => element.closest('[data-testid=text], [data-status-button]') === null)
      .filter((element) => {
        const { width, height } = element.getBoundingClientRect()
        // What only screen readers are told of is pressed by nobody.
        return width > 1 && (width < touch - 0.5 || height < touch - 0.5)
      })
      .map((element) => `${element.tagName} ${element.ariaLabel ?? element.textContent}`.slice(0, 60))
  }, TOUCH)

/** What moves on the page, by its name. */
const motion = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    document
      .getAnimations()
      .filter(({ effect, playState }) => playState === 'running' && Number(effect?.getTiming().duration) > 0)
      .map((animation) => (animation instanceof CSSAnimation ? animation.animationName : 'transition')),
  )

test('at every size nothing is cut off, and on phones everything is large enough to touch', async ({
  newcomer,
}) => {
  test.setTimeout(120_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  const { page } = alice
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const wrong: string[] = []
  const look = async (screen: string): Promise<void> => {
    for (const size of SIZES) {
      await page.setViewportSize(size)
      const where = `${screen}, ${String(size.width)}x${String(size.height)}`
      wrong.push(...(await cutOff(page)).map((what) => `${where}: ${what} is cut off`))
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (wide > 0) wrong.push(`${where}: the page scrolls sideways`)
      if (size === PHONE)
        wrong.push(...(await tooSmall(page)).map((what) => `${where}: ${what} is too small`))
    }
    await page.setViewportSize(PHONE)
  }
  await look('first start')
  await alice.begin('Alice with a name as long as they may be')
  await bob.begin('Bob with a name as long as they may be')
  await Promise.all([alice.online(), bob.online()])
  await look('nothing yet')
  await alice.add(await bob.inviteLink())
  await alice.send(
    'https://a-very-long-name-without-any-break.example.org/and/a/path/that/goes/on/and/on/index.html',
  )
  await alice.send('Short')
  await bob.openConversation('Alice')
  await bob.send('Anunbrokenwordthatislongerthanthenarrowestphoneiswide'.repeat(2))
  await alice.hasStatus('Short', 'acknowledged')
  await look('a conversation')
  for (const [screen, open] of [
    ['details', () => page.getByRole('button', { name: 'Conversation options' }).click()],
    ['new chat', () => page.keyboard.press('Alt+Shift+N')],
    ['settings', () => page.keyboard.press('Control+,')],
  ] as const) {
    await open()
    if (screen === 'details') await page.getByRole('menuitem', { name: 'Details' }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await look(screen)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toBeHidden()
  }
  await page.getByRole('button', { name: 'Emoji', exact: true }).click()
  await expect(page.getByRole('tab').first()).toBeVisible()
  wrong.push(...(await tooSmall(page)).map((what) => `emoji: ${what} is too small`))
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Conversation options' }).click()
  await expect(page.getByRole('menuitem').first()).toBeVisible()
  wrong.push(...(await tooSmall(page)).map((what) => `menu: ${what} is too small`))
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Back' }).click()
  await look('the list')
  expect(wrong).toEqual([])

  // Two panes from 800 pixels on, below that one with a way back.
  await page.setViewportSize({ width: 800, height: 600 })
  await alice.openConversation('Bob')
  await expect(alice.conversations).toBeVisible()
  await expect(alice.log).toBeVisible()
  await expect(page.getByRole('button', { name: 'Back' })).toBeHidden()
  await page.setViewportSize({ width: 799, height: 600 })
  await expect(alice.conversations).toBeHidden()
  await page.getByRole('button', { name: 'Back' }).click()
  await expect(alice.conversations).toBeVisible()
  await expect(alice.log).toBeHidden()

  // Whoever wants no motion sees none.
  await page.keyboard.press('Control+,')
  await expect(page.getByRole('dialog')).toBeVisible()
  expect(await motion(page)).toEqual([])
})

test('a keyboard that lies over the page leaves the composer and the newest message in sight', async ({
  newcomer,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  const { page } = alice
  await page.setViewportSize(PHONE)
  // As Safari has it: the window stays as it is, and what is seen of it is less.
  await page.addInitScript(() => {
    const seen = Object.assign(new EventTarget(), {
      height: innerHeight,
      width: innerWidth,
      scale: 1,
      offsetTop: 0,
    })
    Object.defineProperty(globalThis, 'visualViewport', { value: seen })
  })
  await alice.open()
  await introduce(alice, bob)
  await bob.sendMany(Array.from({ length: 25 }, (_, i) => `message ${String(i + 1)}`))
  await expect(alice.message('message 25')).toBeInViewport()
  const keyboard = (height: number) =>
    page.evaluate((height) => {
      const seen = visualViewport as unknown as { height: number } & EventTarget
      seen.height = innerHeight - height
      seen.dispatchEvent(new Event('resize'))
    }, height)
  const bottom = async (): Promise<number> => {
    const box = await alice.composer.boundingBox()
    return (box?.y ?? 0) + (box?.height ?? 0)
  }
  const before = await bottom()
  await keyboard(336)
  await expect.poll(bottom).toBeCloseTo(before - 336, 0)
  const newest = await alice.message('message 25').boundingBox()
  expect((newest?.y ?? 0) + (newest?.height ?? 0)).toBeLessThan(PHONE.height - 336)
  await keyboard(0)
  await expect.poll(bottom).toBeCloseTo(before, 0)
  await expect(alice.message('message 25')).toBeInViewport()
})
