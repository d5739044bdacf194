import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { type GigiPage, introduce } from './gigi-page.ts'

const DESKTOP = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }

/** Chooses from the menu of someone in the list. */
async function choose(who: GigiPage, name: string, ...items: string[]): Promise<void> {
  await who.conversationLink(name).hover()
  await who.page.getByRole('button', { name: `Options for ${name}` }).click()
  await pick(who.page, ...items)
}

async function pick(page: Page, ...items: string[]): Promise<void> {
  for (const item of items) await page.getByRole('menuitem', { name: item, exact: true }).click()
  await expect(page.getByRole('menu')).toBeHidden()
}

/** Answers the question that was asked. */
const confirm = (page: Page, answer: string) =>
  page.getByRole('dialog').getByRole('button', { name: answer, exact: true }).click()

async function inMessage(who: GigiPage, text: string, item: string): Promise<void> {
  await who.message(text).hover()
  await who.message(text).getByRole('button', { name: 'Message options' }).click()
  await pick(who.page, item)
}

test('conversations are pinned, archived, muted, marked, cleared and deleted', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  const { page } = alice
  await page.setViewportSize(DESKTOP)
  await introduce(alice, bob)
  await bob.send('hello')
  await expect(alice.message('hello')).toBeVisible()
  const link = alice.conversationLink('Bob')

  await choose(alice, 'Bob', 'Pin')
  await expect(link).toHaveAccessibleName(/^Bob .*pinned/)
  await choose(alice, 'Bob', 'Unpin')
  await expect(link).not.toHaveAccessibleName(/pinned/)

  await choose(alice, 'Bob', 'Mute', 'For 8 hours')
  await expect(link).toHaveAccessibleName(/^Bob .*muted/)
  await choose(alice, 'Bob', 'Archive')
  await expect(link).toBeHidden()
  const archive = page.getByRole('button', { name: 'Archived (1)' })
  await expect(archive).toBeVisible()
  // Muted, it stays where it is.
  await bob.send('are you there?')
  await expect(alice.message('are you there?')).toBeVisible()
  await archive.click()
  await expect(link).toBeVisible()
  await choose(alice, 'Bob', 'Unmute')
  await bob.send('well?')
  await expect(page.getByRole('button', { name: 'Back to all conversations' })).toBeHidden()
  await expect(archive).toBeHidden()
  await expect(link).toBeVisible()

  await choose(alice, 'Bob', 'Archive')
  // The notice of the first time may be there still.
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await expect(archive).toBeHidden()
  await expect(link).toBeVisible()

  await choose(alice, 'Bob', 'Mark as unread')
  await expect(link).toHaveAccessibleName(/marked as unread/)
  await alice.openConversation('Bob')
  await expect(link).not.toHaveAccessibleName(/marked as unread/)

  await choose(alice, 'Bob', 'Clear conversation')
  await confirm(page, 'Clear')
  await expect(alice.messages).toHaveCount(0)
  await expect(link).toContainText('No messages yet')
  await bob.send('still here')
  await expect(alice.message('still here')).toBeVisible()
  expect(await alice.texts()).toEqual(['still here'])

  await choose(alice, 'Bob', 'Delete conversation')
  await confirm(page, 'Cancel')
  await expect(link).toBeVisible()
  await choose(alice, 'Bob', 'Delete conversation')
  await confirm(page, 'Delete')
  await expect(link).toBeHidden()
  await expect(alice.log).toBeHidden()
  await bob.send('and again')
  await expect(link.getByTestId('unread')).toHaveText('1')
  await alice.openConversation('Bob')
  await expect(alice.message('and again')).toBeVisible()
  expect(await alice.texts()).toEqual(['and again'])
  // Bob lost nothing.
  expect(await bob.texts()).toEqual(['hello', 'are you there?', 'well?', 'still here', 'and again'])
})

test('contacts are cleared, renamed and deleted', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  const { page } = alice
  await page.setViewportSize(DESKTOP)
  await introduce(alice, bob)
  await bob.send('hello')
  await expect(alice.message('hello')).toBeVisible()

  // Where space runs short, the largest conversations are cleared from the settings.
  await alice.settings()
  const largest = page.getByRole('list', { name: 'The largest conversations' })
  await expect(largest.getByRole('listitem')).toContainText(['messages here'])
  await largest.getByRole('button', { name: 'Clear the conversation with Bob' }).click()
  await page
    .getByRole('dialog', { name: 'Clear the conversation' })
    .getByRole('button', { name: 'Clear' })
    .click()
  await expect(largest).toBeHidden()
  await page.keyboard.press('Escape')
  await expect(alice.messages).toHaveCount(0)
  await expect(bob.message('hello')).toBeVisible()

  await page.getByRole('button', { name: 'Conversation details' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Uncle')
  await page.getByRole('button', { name: 'Rename' }).click()
  await expect(page.getByText('They call themselves Bob.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('heading', { name: 'Uncle' })).toBeVisible()
  await expect(alice.conversationLink('Uncle')).toBeVisible()

  await page.getByRole('button', { name: 'Conversation details' }).click()
  await page.getByRole('button', { name: 'Delete contact' }).click()
  await confirm(page, 'Delete')
  await expect(alice.conversationLink('Uncle')).toBeHidden()
  await expect(alice.log).toBeHidden()
  await page.reload()
  await alice.online()
  await expect(page.getByRole('heading', { name: 'No conversations yet' })).toBeVisible()

  await bob.send('who is there?')
  await alice.openConversation('Bob')
  await expect(page.getByRole('button', { name: 'Accept' })).toBeVisible()
  expect(await alice.texts()).toEqual(['who is there?'])
})

test('a message is copied, deleted, and brought back', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  const { page } = alice
  await page.setViewportSize(DESKTOP)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await introduce(alice, bob)
  await bob.send('one')
  await bob.send('two')
  await expect(alice.message('two')).toBeVisible()

  await inMessage(alice, 'one', 'Copy')
  await expect(page.getByText('Copied', { exact: true })).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('one')

  await alice.message('two').getByTestId('text').click({ button: 'right' })
  await pick(page, 'Delete for me')
  await expect(alice.message('two')).toBeHidden()
  // Whoever goes by keyboard goes on beside where it was.
  await expect(alice.message('one')).toBeFocused()
  await expect(alice.conversationLink('Bob')).toContainText('one')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(alice.message('two')).toBeVisible()
  expect(await alice.texts()).toEqual(['one', 'two'])

  // What Bob does not have yet is not sent any more.
  await bob.page.goto('about:blank')
  await alice.presence('offline')
  await page.context().setOffline(true)
  await alice.send('not meant so')
  await alice.send('meant so')
  await inMessage(alice, 'not meant so', 'Delete for me')
  await expect(page.getByText('Deleted, and no longer sent.')).toBeVisible()
  await page.context().setOffline(false)
  await bob.open()
  await bob.openConversation('Alice')
  await expect(bob.message('meant so')).toBeVisible()
  expect(await bob.texts()).toEqual(['one', 'two', 'meant so'])
  await expect(bob.page.getByTestId('gap')).toHaveCount(0)
})

test('menus are opened by keys, and on a phone by a finger that rests', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  const { page } = alice
  await page.setViewportSize(DESKTOP)
  await introduce(alice, bob)
  await bob.send('hello')
  await expect(alice.message('hello')).toBeVisible()
  const options = page.getByRole('button', { name: 'Options for Bob' })
  await options.focus()
  await page.keyboard.press('Enter')
  const items = page.getByRole('menuitem')
  await expect(items.first()).toBeFocused()
  await page.keyboard.press('ArrowUp')
  await expect(items.last()).toBeFocused()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowDown')
  await expect(items.nth(1)).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('menu')).toBeHidden()
  await expect(options).toBeFocused()

  await page.setViewportSize(PHONE)
  await page.getByRole('button', { name: 'Conversation options' }).click()
  await pick(page, 'Details')
  await expect(page.getByRole('dialog', { name: 'Conversation details' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Back' }).click()

  const touch = await page.context().newCDPSession(page)
  const rest = async (box: { x: number; y: number; width: number; height: number } | null) => {
    const point = { x: (box?.x ?? 0) + (box?.width ?? 0) / 2, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 }
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [point] })
    const menu = page.getByRole('menu')
    await expect(menu).toBeVisible()
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    await expect(menu).toBeVisible()
    const { x, width } = (await menu.boundingBox()) ?? { x: -1, width: 0 }
    expect(x).toBeGreaterThanOrEqual(0)
    expect(x + width).toBeLessThanOrEqual(PHONE.width)
  }
  await rest(await alice.conversationLink('Bob').boundingBox())
  await pick(page, 'Pin')
  await alice.openConversation('Bob')
  await rest(await alice.message('hello').getByTestId('text').boundingBox())
  await pick(page, 'Delete for me')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(alice.message('hello')).toBeVisible()
})
