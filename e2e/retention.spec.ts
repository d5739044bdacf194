import { expect, test } from './fixtures.ts'
import { introduce } from './gigi-page.ts'

test('messages are kept for as long as the user says, on this device only', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await alice.send('from Alice')
  await bob.send('from Bob')
  await alice.hasStatus('from Alice', 'acknowledged')
  await expect(alice.message('from Bob')).toBeVisible()

  await alice.settings()
  await alice.page.getByRole('spinbutton', { name: 'Cleanup interval (seconds)' }).fill('1')
  await alice.page.getByRole('button', { name: 'Save' }).click()
  await alice.page.keyboard.press('Escape')
  const keep = alice.page.getByRole('combobox', { name: 'Keep messages' })
  const details = alice.page.getByRole('button', { name: 'Conversation details' })
  await details.click()
  await expect(keep.locator('option:checked')).toHaveText('Forever')
  await keep.selectOption('1 hour')
  await alice.page.keyboard.press('Escape')
  await expect(keep).toBeHidden()

  // Bob goes, and what Alice writes then stays, however long it waits.
  await bob.page.goto('about:blank')
  await alice.presence('offline')
  await alice.send('waits')
  await alice.hasStatus('waits', 'synced')
  expect(await alice.texts()).toEqual(['from Alice', 'from Bob', 'waits'])
  await alice.page.clock.install({ time: Date.now() + 2 * 3_600_000 })
  await alice.open()
  await alice.openConversation('Bob')
  await expect(alice.messages).toHaveCount(1)
  expect(await alice.texts()).toEqual(['waits'])
  await details.click()
  await expect(keep.locator('option:checked')).toHaveText('1 hour')
  await alice.page.keyboard.press('Escape')

  await bob.open()
  await bob.openConversation('Alice')
  await expect(bob.message('waits')).toBeVisible()
  expect(await bob.texts()).toEqual(['from Alice', 'from Bob', 'waits'])
  await alice.hasStatus('waits', 'acknowledged')
})
