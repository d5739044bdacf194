/** WCAG 2.2 AA, as far as a machine can tell: every screen, in both themes, on a phone and on a desk; and by keyboard alone. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { type GigiPage, introduce } from './gigi-page.ts'

const PHONE = { width: 390, height: 844 }
const DESK = { width: 1280, height: 800 }
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Each theme at one of the sizes. */
const LOOKS = [
  { viewport: DESK, colorScheme: 'light' },
  { viewport: PHONE, colorScheme: 'dark' },
] as const

/** What is wrong with what is shown, in both themes; at both sizes, unless it goes away when the size changes. */
async function faults(page: Page, screen: string, isOfSize = false): Promise<string[]> {
  const found: string[] = []
  for (const { viewport, colorScheme } of LOOKS) {
    if (!isOfSize) await page.setViewportSize(viewport)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    // A menu over the page is of no landmark.
    const rules = isOfSize ? ['region'] : []
    const { violations } = await new AxeBuilder({ page }).withTags(TAGS).disableRules(rules).analyze()
    for (const { id, nodes } of violations)
      for (const { target, failureSummary } of nodes)
        found.push([screen, colorScheme, id, target.join(' '), failureSummary].map(String).join(' | '))
  }
  if (!isOfSize) await page.setViewportSize(DESK)
  return found
}

/** Collects what is wrong with the screens of a page that are looked at. */
function viewer(page: Page) {
  const found: string[] = []
  return {
    found,
    look: async (screen: string, isOfSize = false): Promise<void> => {
      found.push(...(await faults(page, screen, isOfSize)))
    },
  }
}

test('nothing on any screen is out of reach or hard to read', async ({ newcomer }) => {
  test.setTimeout(240_000)
  const [alice, bob, stranger] = [await newcomer(), await newcomer(), await newcomer()]
  const { page } = alice
  await page.setViewportSize(DESK)
  const { found, look } = viewer(page)
  await expect(alice.page.getByRole('textbox', { name: 'Nickname' })).toBeVisible()
  await look('first start')
  await alice.page.getByRole('button', { name: 'I have a recovery phrase' }).click()
  await look('restore')
  await alice.page.getByRole('button', { name: 'Back' }).click()
  await introduce(alice, bob)
  await look('a conversation without messages')
  await alice.send('Hello Bob, see https://example.org/ when you like')
  await bob.send('Hello Alice 😀')
  await alice.hasStatus('Hello Bob, see https://example.org/ when you like', 'acknowledged')
  await look('a conversation')
  await alice.page.getByRole('button', { name: /Read/ }).first().click()
  await look('the status of a message')
  await alice.page.keyboard.press('Escape')
  await alice.searchbox.fill('hello')
  await expect(alice.results).toHaveCount(2)
  await look('search results')
  await alice.searchbox.fill('nothing like it')
  await expect(alice.page.getByText('No message has these words.')).toBeVisible()
  await look('a search without results')
  await alice.searchbox.fill('')
  await alice.page.getByRole('button', { name: 'New chat' }).click()
  await expect(alice.page.getByRole('textbox', { name: 'Your invite link' })).toHaveValue(/#invite=/)
  await look('new chat')
  await alice.page.keyboard.press('Escape')
  await alice.settings()
  await alice.page.getByRole('button', { name: 'Show recovery phrase' }).click()
  await look('settings')
  await alice.page.keyboard.press('Escape')

  // Someone nearby writes: a request, and then someone blocked.
  await stranger.begin('Carol')
  await stranger.online()
  await stranger.page.getByRole('button', { name: 'New chat' }).click()
  await stranger.page.getByRole('list', { name: 'Nearby' }).getByRole('button', { name: 'Alice' }).click()
  await stranger.send('May I?')
  await alice.openConversation('Carol')
  await expect(alice.page.getByRole('button', { name: 'Accept' })).toBeVisible()
  await look('a request')
  await alice.page.getByRole('button', { name: 'Block' }).click()
  await expect(alice.conversationLink('Carol')).toBeHidden()
  await alice.open()
  await expect(alice.conversationLink('Bob')).toBeVisible()
  await look('the list')
  expect(found).toEqual([])
})

test('nothing that opens over the screens is out of reach or hard to read, nor is anything in Arabic', async ({
  newcomer,
}) => {
  test.setTimeout(240_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  const { page } = alice
  await page.setViewportSize(DESK)
  const { found, look } = viewer(page)
  /** A menu, which closes when the window changes. */
  const lookAtMenu = async (screen: string): Promise<void> => {
    await expect(page.getByRole('menuitem').first()).toBeVisible()
    await look(screen, true)
  }
  await introduce(alice, bob)
  await bob.send('Hello Alice 😀')
  await expect(alice.message('Hello Alice 😀')).toBeVisible()
  await page.getByRole('button', { name: 'Emoji', exact: true }).click()
  await expect(page.getByRole('dialog', { name: 'Pick an emoji' })).toBeVisible()
  await look('emoji', true)
  await page.keyboard.press('Escape')
  await alice.message('Hello Alice 😀').getByTestId('text').click({ button: 'right' })
  await lookAtMenu('the menu of a message')
  await page.keyboard.press('Escape')
  await alice.conversationLink('Bob').click({ button: 'right' })
  await lookAtMenu('the menu of a conversation')
  await page.getByRole('menuitem', { name: 'Mute' }).click()
  await expect(page.getByRole('menuitem', { name: 'For 8 hours' })).toBeVisible()
  await lookAtMenu('how long it is muted')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Conversation details' }).click()
  await expect(page.getByRole('dialog', { name: 'Conversation details' })).toBeVisible()
  await look('details')
  await page.getByRole('button', { name: 'Clear conversation' }).click()
  await expect(page.getByRole('dialog', { name: 'Clear the conversation' })).toBeVisible()
  await look('a question')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+/')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await look('shortcuts')
  await page.keyboard.press('Escape')
  await alice.conversationLink('Bob').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Archive' }).click()
  await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible()
  await look('an offer to undo')
  await page.getByRole('button', { name: 'Archived (1)' }).click()
  await look('the archive')
  const link = await bob.inviteLink()
  await page.goto(link)
  await expect(page.getByRole('dialog', { name: 'Invite link' })).toBeVisible()
  await look('an invite')
  await page.keyboard.press('Escape')

  // The same in Arabic, from right to left: what depends on the direction and on the words.
  await page.evaluate(() => {
    localStorage.setItem('gigi.language', 'ar')
  })
  await page.goto(new URL('#/', page.url()).href)
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl')
  await page.getByRole('button', { name: 'الأرشيف' }).click()
  await page.getByRole('navigation').getByRole('link', { name: /^Bob/ }).click()
  await expect(page.getByRole('log')).toBeVisible()
  await look('a conversation in Arabic')
  await page.getByRole('button', { name: 'خيارات المحادثة' }).click()
  await lookAtMenu('the menu of a conversation in Arabic')
  await page.getByRole('menuitem', { name: 'التفاصيل' }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await look('details in Arabic')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Alt+Shift+N')
  await expect(page.getByRole('dialog')).toBeVisible()
  await look('new chat in Arabic')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+,')
  await expect(page.getByRole('dialog')).toBeVisible()
  await look('settings in Arabic')
  expect(found).toEqual([])
})

test('nothing of groups is out of reach or hard to read', async ({ newcomer }) => {
  test.setTimeout(240_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  const found: string[] = []
  const look = async ({ page }: GigiPage, screen: string): Promise<void> => {
    found.push(...(await faults(page, screen)))
  }
  await introduce(alice, bob)
  await alice.page.getByRole('button', { name: 'New group' }).click()
  await expect(alice.page.getByRole('checkbox', { name: 'Bob' })).toBeVisible()
  await look(alice, 'a new group')
  await alice.page.keyboard.press('Escape')
  await alice.createGroup('Chess club', ['Bob'])
  await expect(bob.invitation('Chess club').getByRole('button', { name: 'Join' })).toBeVisible()
  await look(bob, 'an invitation')
  await bob.joinGroup('Alice', 'Chess club')
  await bob.send('hello')
  await expect(alice.message('hello')).toBeVisible()
  await alice.send('welcome, @Bob')
  await alice.hasStatus('welcome, @Bob', 'acknowledged')
  await look(alice, 'a group')
  await alice.message('welcome, @Bob').locator('[data-status-button]').click()
  await expect(alice.page.getByTestId('member-status')).toHaveCount(1)
  await look(alice, 'the status by member')
  await alice.page.keyboard.press('Escape')
  await alice.details()
  await look(alice, 'the details of a group')
  expect(found).toEqual([])
})

/** Presses Tab until that has the focus. */
async function tabTo({ page }: GigiPage, role: 'textbox' | 'button' | 'link', name: string): Promise<void> {
  const wanted = page.getByRole(role, { name, exact: role !== 'link' })
  await expect(wanted).toBeVisible()
  for (let presses = 0; presses < 40; presses++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${role} ${name}`)
}

test('by keyboard alone: from the first start to the first message, and away again', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await bob.begin('Bob')
  await bob.online()
  const link = await bob.inviteLink()
  const { keyboard } = alice.page

  await tabTo(alice, 'textbox', 'Nickname')
  await keyboard.type('Alice')
  await keyboard.press('Enter')
  await tabTo(alice, 'button', 'New chat')
  await keyboard.press('Enter')
  await tabTo(alice, 'textbox', 'Invite link')
  await keyboard.insertText(link)
  await keyboard.press('Enter')
  // The conversation opens, and the cursor is where one writes.
  await expect(alice.composer).toBeFocused()
  await keyboard.type('Hello')
  await keyboard.press('Shift+Enter')
  await keyboard.type('Bob')
  await keyboard.press('Enter')
  await bob.openConversation('Alice')
  await expect(bob.messages.getByTestId('text')).toHaveText(['Hello\nBob'])
  await alice.hasStatus('Hello\nBob', 'acknowledged')
  // What happened to it is within reach, and so are the settings, and both are left again.
  await alice.page.keyboard.press('Shift+Tab')
  for (let presses = 0; presses < 10; presses++) {
    if ((await alice.page.locator(':focus').getAttribute('data-status-button')) !== null) break
    await keyboard.press('Shift+Tab')
  }
  await keyboard.press('Enter')
  await expect(alice.page.getByText('They opened the conversation')).toBeVisible()
  await keyboard.press('Escape')
  await expect(alice.page.getByText('They opened the conversation')).toBeHidden()
  await tabTo(alice, 'button', 'Settings')
  await keyboard.press('Enter')
  await expect(alice.page.getByRole('dialog')).toBeVisible()
  await keyboard.press('Escape')
  await expect(alice.page.getByRole('button', { name: 'Settings' })).toBeFocused()
  // Shortcuts lead there as well, and a list tells them.
  await keyboard.press('Escape')
  await keyboard.press('Control+/')
  await expect(alice.page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await keyboard.press('Escape')
  await keyboard.press('Control+,')
  await expect(alice.page.getByRole('dialog', { name: 'Settings' })).toBeVisible()
  await keyboard.press('Escape')
  await keyboard.press('Alt+Shift+N')
  await expect(alice.page.getByRole('dialog', { name: 'New chat' })).toBeVisible()
  await keyboard.press('Escape')
  await expect(alice.page.getByRole('dialog')).toBeHidden()
  await keyboard.press('Control+k')
  await expect(alice.searchbox).toBeFocused()
  await alice.page.goto(new URL('#/', alice.page.url()).href)
  await expect(alice.composer).toBeHidden()
  await keyboard.press('Alt+ArrowDown')
  await expect(alice.page.getByRole('heading', { name: 'Bob' })).toBeVisible()
})
