import { expect, test } from './fixtures.ts'

test('a message that had its time says so, and can be sent again', async ({ newcomer, relay }) => {
  test.setTimeout(90_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  await Promise.all([alice.begin('Alice'), bob.begin('Bob')])
  await alice.settings()
  const lifetime = alice.page.getByRole('spinbutton', { name: 'Message lifetime (seconds)' })
  await lifetime.fill('0')
  await alice.page.getByRole('button', { name: 'Save' }).click()
  await expect(alice.page.getByRole('alert')).toBeVisible()
  await lifetime.fill('2')
  await alice.page.getByRole('button', { name: 'Save' }).click()
  await expect(alice.page.getByRole('alert')).toBeHidden()
  await alice.page.keyboard.press('Escape')
  await expect(lifetime).toBeHidden()

  const link = await bob.inviteLink()
  await bob.page.goto('about:blank')
  await alice.add(link)
  // Without a relay it cannot even be left for him.
  await relay.stop()
  await alice.send('in vain')
  await alice.hasStatus('in vain', 'expired')
  await relay.start()

  await alice.settings()
  await lifetime.fill('604800')
  await alice.page.getByRole('button', { name: 'Save' }).click()
  await alice.page.keyboard.press('Escape')
  await expect(lifetime).toBeHidden()
  await alice.send('meanwhile')
  await alice.message('in vain').getByRole('button', { name: 'Send again' }).click()
  await expect(alice.message('in vain')).toHaveAttribute('data-status', /pending|synced/)

  await bob.open()
  await bob.openConversation('Alice')
  await alice.hasStatus('in vain', 'acknowledged')
  expect(await bob.texts()).toEqual(['meanwhile', 'in vain'])
  expect(await alice.texts()).toEqual(['meanwhile', 'in vain'])
})
