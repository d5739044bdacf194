import { expect, test } from './fixtures.ts'
import { debts } from './store-view.ts'

test('never there at the same time: by link, there and back, read, all by mail', async ({ resident }) => {
  test.setTimeout(120_000)
  const [atAlices, atBobs] = [await resident(), await resident()]
  let bob = await atBobs.open()
  await bob.begin('Bob')
  await bob.online()
  const link = await bob.inviteLink()
  await atBobs.close()

  let alice = await atAlices.open()
  await alice.begin('Alice')
  await alice.online()
  await alice.add(link)
  await alice.send('are you there?')
  await alice.hasStatus('are you there?', 'synced')
  await atAlices.close()

  bob = await atBobs.open()
  await bob.openConversation('Alice')
  await expect(bob.message('are you there?')).toBeVisible()
  await bob.send('I am, now')
  await bob.hasStatus('I am, now', 'synced')
  await expect.poll(() => debts(bob.page)).toBe(0)
  await atBobs.close()

  alice = await atAlices.open()
  await alice.openConversation('Bob')
  await expect(alice.message('I am, now')).toBeVisible()
  await alice.hasStatus('are you there?', 'acknowledged')
  // It takes a tenth of a second to leave word of what was read.
  await expect.poll(() => debts(alice.page)).toBe(0)
  await atAlices.close()

  bob = await atBobs.open()
  await bob.openConversation('Alice')
  await bob.hasStatus('I am, now', 'acknowledged')
})
