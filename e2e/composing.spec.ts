import { expect, test } from './fixtures.ts'
import { introduce } from './gigi-page.ts'

test('emoji are picked by kind, by words, by keyboard, and stand where the cursor is', async ({
  newcomer,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const { page, composer } = alice
  const picker = page.getByRole('dialog', { name: 'Pick an emoji' })
  await composer.fill('Lunch?')
  await composer.press('Home')
  await page.getByRole('button', { name: 'Emoji', exact: true }).click()
  await picker.getByRole('textbox', { name: 'Search emoji' }).fill('piz')
  await picker.getByRole('button', { name: 'pizza' }).click()
  await expect(composer).toHaveValue('🍕Lunch?')
  await picker.getByRole('textbox', { name: 'Search emoji' }).fill('')
  await picker.getByRole('tab', { name: 'People' }).click()
  await picker.getByRole('radio', { name: 'Medium', exact: true }).check()
  await picker.getByRole('button', { name: 'thumbs up' }).click()
  await expect(composer).toHaveValue('🍕👍🏽Lunch?')
  await page.keyboard.press('Escape')
  await expect(picker).toBeHidden()
  await expect(composer).toBeFocused()
  await composer.press('End')
  await composer.press('Shift+Enter')
  await page.keyboard.type('At noon')
  await composer.press('Enter')
  await expect(bob.message('🍕👍🏽Lunch?\nAt noon')).toBeVisible()

  // What was used is there again, with the skin that was chosen.
  await page.getByRole('button', { name: 'Emoji', exact: true }).click()
  await expect(picker.getByRole('tab', { name: 'Used lately' })).toHaveAttribute('aria-selected', 'true')
  await picker.getByRole('button', { name: 'thumbs up' }).focus()
  await page.keyboard.press('ArrowRight')
  await expect(picker.getByRole('button', { name: 'pizza' })).toBeFocused()
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Enter')
  await expect(composer).toHaveValue('👍🏽')

  // Whoever has scrolled and types means the message; in another field they mean that.
  await page.keyboard.press('Escape')
  await alice.log.click()
  await page.keyboard.type(' yes')
  await expect(composer).toHaveValue('👍🏽yes')
  await alice.searchbox.click()
  await page.keyboard.type('no')
  await expect(alice.searchbox).toHaveValue('no')
  await expect(composer).toHaveValue('👍🏽yes')
})

test('what happened to a message is told to whoever asks', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await alice.send('read at once')
  await alice.hasStatus('read at once', 'acknowledged')
  await alice.message('read at once').getByRole('button', { name: 'Read' }).click()
  const told = alice.page.getByRole('dialog', { name: 'Read' })
  await expect(told.getByRole('term')).toHaveText(['Written', 'Delivered', 'Read'])
  await alice.page.keyboard.press('Escape')

  await bob.page.context().close()
  await alice.presence('offline')
  await alice.send('later')
  await alice.hasStatus('later', 'synced')
  await alice.message('later').getByRole('button', { name: 'In the mailbox' }).click()
  const waiting = alice.page.getByRole('dialog', { name: 'In the mailbox' })
  await expect(waiting.getByRole('term')).toHaveText([
    'Written',
    'Waiting since',
    'In the mailbox since',
    'Next try',
    'Tried until',
  ])
})
