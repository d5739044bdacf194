import { expect, test } from './fixtures.ts'
import type { GigiPage } from './gigi-page.ts'

/** Settings say for how long a message is tried. */
async function setLifetime(user: GigiPage, seconds: string): Promise<void> {
  await user.settings()
  const lifetime = user.page.getByRole('spinbutton', { name: 'Message lifetime (seconds)' })
  await lifetime.fill('0')
  await user.page.getByRole('button', { name: 'Save' }).click()
  await expect(user.page.getByRole('alert')).toBeVisible()
  await lifetime.fill(seconds)
  await user.page.getByRole('button', { name: 'Save' }).click()
  await expect(user.page.getByRole('alert')).toBeHidden()
  await user.page.keyboard.press('Escape')
  await expect(lifetime).toBeHidden()
}

for (const [where, order] of [
  ['nowhere', ['meanwhile', 'in vain']],
  // It may have arrived there long since, and stands where it stood.
  ['in a mailbox', ['in vain', 'meanwhile']],
] as const)
  test(`a message that had its time and lies ${where} says so, and can be sent again`, async ({
    newcomer,
    relay,
  }) => {
    test.setTimeout(90_000)
    const [alice, bob] = [await newcomer(), await newcomer()]
    await Promise.all([alice.begin('Alice'), bob.begin('Bob')])
    await setLifetime(alice, where === 'nowhere' ? '2' : '6')
    const link = await bob.inviteLink()
    await bob.page.goto('about:blank')
    await alice.add(link)
    if (where === 'nowhere') await relay.stop()
    await alice.send('in vain')
    if (where !== 'nowhere') await alice.hasStatus('in vain', 'synced')
    await alice.hasStatus('in vain', 'expired')
    if (where === 'nowhere') await relay.start()

    await setLifetime(alice, '604800')
    await alice.send('meanwhile')
    await alice.message('in vain').getByRole('button', { name: 'Send again' }).click()
    await expect(alice.message('in vain')).toHaveAttribute('data-status', /pending|synced/)

    await bob.open()
    await bob.openConversation('Alice')
    await alice.hasStatus('in vain', 'acknowledged')
    expect(await bob.texts()).toEqual(order)
    expect(await alice.texts()).toEqual(order)
  })
