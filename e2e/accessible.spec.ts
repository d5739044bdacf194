/** WCAG 2.2 AA, as far as a machine can tell: every screen, in both themes, on a phone and on a desk; and by keyboard alone. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { type GigiPage, introduce } from './gigi-page.ts'

const PHONE = { width: 390, height: 844 }
const DESK = { width: 1280, height: 800 }
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What is wrong with what is shown, in both themes and both sizes. */
async function faults(page: Page, screen: string): Promise<string[]> {
  const found: string[] = []
  for (const viewport of [DESK, PHONE])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze()
      for (const { id, nodes } of violations)
        for (const { target, failureSummary } of nodes)
          found.push(
            [screen, viewport.width, colorScheme, id, target.join(' '), failureSummary]
              .map(String)
              .join(' | '),
          )
    }
  await page.setViewportSize(DESK)
  return found
}

test('nothing on any screen is out of reach or hard to read', async ({ newcomer }) => {
  test.setTimeout(240_000)
  const [alice, bob, stranger] = [await newcomer(), await newcomer(), await newcomer()]
  const found: string[] = []
  const look = async ({ page }: GigiPage, screen: string): Promise<void> => {
    found.push(...(await faults(page, screen)))
  }
  await expect(alice.page.getByRole('textbox', { name: 'Nickname' })).toBeVisible()
  await look(alice, 'first start')
  await alice.page.getByRole('button', { name: 'I have a recovery phrase' }).click()
  await look(alice, 'restore')
  await alice.page.getByRole('button', { name: 'Back' }).click()
  await introduce(alice, bob)
  await look(alice, 'a conversation without messages')
  await alice.send('Hello Bob, see https://example.org/ when you like')
  await bob.send('Hello Alice 😀')
  await alice.hasStatus('Hello Bob, see https://example.org/ when you like', 'acknowledged')
  await look(alice, 'a conversation')
  await alice.page.getByRole('button', { name: /Read/ }).first().click()
  await look(alice, 'the status of a message')
  await alice.page.keyboard.press('Escape')
  await alice.searchbox.fill('hello')
  await expect(alice.results).toHaveCount(2)
  await look(alice, 'search results')
  await alice.searchbox.fill('nothing like it')
  await expect(alice.page.getByText('No message has these words.')).toBeVisible()
  await look(alice, 'a search without results')
  await alice.searchbox.fill('')
  await alice.page.getByRole('button', { name: 'New chat' }).click()
  await expect(alice.page.getByRole('textbox', { name: 'Your invite link' })).toHaveValue(/#invite=/)
  await look(alice, 'new chat')
  await alice.page.keyboard.press('Escape')
  await alice.settings()
  await alice.page.getByRole('button', { name: 'Show recovery phrase' }).click()
  await look(alice, 'settings')
  await alice.page.keyboard.press('Escape')

  // Someone nearby writes: a request, and then someone blocked.
  await stranger.begin('Carol')
  await stranger.online()
  await stranger.page.getByRole('button', { name: 'New chat' }).click()
  await stranger.page.getByRole('list', { name: 'Nearby' }).getByRole('button', { name: 'Alice' }).click()
  await stranger.send('May I?')
  await alice.openConversation('Carol')
  await expect(alice.page.getByRole('button', { name: 'Accept' })).toBeVisible()
  await look(alice, 'a request')
  await alice.page.getByRole('button', { name: 'Block' }).click()
  await expect(alice.conversationLink('Carol')).toBeHidden()
  await alice.open()
  await expect(alice.conversationLink('Bob')).toBeVisible()
  await look(alice, 'the list')
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
