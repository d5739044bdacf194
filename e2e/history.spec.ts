import { expect, test } from './fixtures.ts'
import { introduce } from './gigi-page.ts'

test('who lost the browser gets the conversation back by the recovery phrase, and the old browser says so', async ({
  newcomer,
}) => {
  const [alice, bob, fresh] = [await newcomer(), await newcomer(), await newcomer()]
  await introduce(alice, bob)
  for (let i = 1; i <= 3; i++) {
    await alice.send(`from Alice ${String(i)}`)
    await bob.send(`from Bob ${String(i)}`)
  }
  await alice.hasStatus('from Alice 3', 'acknowledged')
  await bob.hasStatus('from Bob 3', 'acknowledged')
  const texts = await bob.texts()
  const phrase = await alice.recoveryPhrase()

  // Bob looks for silent contacts every second, not every thirty.
  await bob.settings()
  await bob.page.getByRole('spinbutton', { name: 'Sync interval (seconds)' }).fill('1')
  await bob.page.getByRole('button', { name: 'Save' }).click()
  await bob.page.keyboard.press('Escape')

  await fresh.restore(phrase)
  await fresh.online()
  await expect(alice.page.getByRole('alert')).toContainText('in use in another browser')
  await expect(fresh.conversationLink('Bob')).toBeVisible()
  await expect(fresh.conversationLink('Bob').getByTestId('unread')).toBeHidden()
  await fresh.openConversation('Bob')
  await expect(fresh.messages).toHaveCount(texts.length)
  expect(await fresh.texts()).toEqual(texts)
  await fresh.hasStatus('from Alice 1', 'acknowledged')
  await fresh.send('I am back')
  await expect(bob.message('I am back')).toBeVisible()
})

test('who writes is seen to write', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await alice.composer.pressSequentially('Let me th')
  await expect(bob.page.locator('[data-presence]').first()).toHaveText('writing …')
  await expect(bob.page.locator('[data-presence]').first()).not.toHaveText('writing …')
})
