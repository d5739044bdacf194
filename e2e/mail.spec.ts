import { expect, test } from './fixtures.ts'
import type { GigiPage } from './gigi-page.ts'
import { debts, unread } from './store-view.ts'

/** Everything here is read, and word of that is left. */
const allTold = ({ page }: GigiPage): Promise<void> =>
  expect.poll(async () => (await unread(page)) + (await debts(page))).toBe(0)

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
  await allTold(bob)
  await atBobs.close()

  alice = await atAlices.open()
  await alice.openConversation('Bob')
  await expect(alice.message('I am, now')).toBeVisible()
  await alice.hasStatus('are you there?', 'acknowledged')
  // It takes a tenth of a second to leave word of what was read.
  await allTold(alice)
  await atAlices.close()

  bob = await atBobs.open()
  await bob.openConversation('Alice')
  await bob.hasStatus('I am, now', 'acknowledged')
})
