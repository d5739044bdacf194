import { expect, test } from './fixtures.ts'
import { introduce } from './gigi-page.ts'

const numbered = (n: number): string[] => Array.from({ length: n }, (_, i) => `message ${i + 1}`)

test('20 messages to someone away, both browsers restarted in between: all there once, in order, ticks right', async ({
  resident,
}) => {
  const [atAlices, atBobs] = [await resident(), await resident()]
  let [alice, bob] = [await atAlices.open(), await atBobs.open()]
  await introduce(alice, bob)
  await atBobs.close()

  await alice.presence('offline')
  for (const text of numbered(20)) await alice.send(text)
  await alice.hasStatus('message 20', 'synced')
  await atAlices.close()

  alice = await atAlices.open()
  await alice.openConversation('Bob')
  await expect(alice.messages).toHaveCount(20)
  await alice.hasStatus('message 1', 'synced')

  bob = await atBobs.open()
  await expect(bob.conversationLink('Alice').getByTestId('unread')).toHaveText('20')
  await alice.hasStatus('message 20', 'delivered')
  await alice.hasStatus('message 1', 'delivered')
  await bob.openConversation('Alice')
  await expect(bob.messages).toHaveCount(20)
  expect(await bob.texts()).toEqual(numbered(20))
  await expect(bob.conversationLink('Alice').getByTestId('unread')).toBeHidden()
  for (const text of ['message 1', 'message 20']) await alice.hasStatus(text, 'acknowledged')
  expect(await alice.texts()).toEqual(numbered(20))
})

test('reload in mid-send: what was sent is sent once, and what was typed is not lost', async ({
  newcomer,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  for (const text of numbered(10)) {
    await alice.send(text)
    if (text.endsWith('3') || text.endsWith('7')) await alice.page.reload()
    if (text.endsWith('5')) await bob.page.reload()
  }
  await alice.composer.fill('half a sent')
  await alice.page.reload()
  await expect(alice.composer).toHaveValue('half a sent')
  await alice.hasStatus('message 10', 'acknowledged')
  await expect(bob.messages).toHaveCount(10)
  expect(await bob.texts()).toEqual(numbered(10))
})

test('a tab that is closed is seen to be gone within two seconds, and one that comes, to be there', async ({
  newcomer,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await bob.page.close()
  await alice.presence('offline', 2_000)
})

test('read receipts can be switched off, and later ones start from then', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await bob.settings()
  const receipts = bob.page.getByRole('switch', { name: 'Read receipts' })
  await receipts.click()
  await expect(receipts).not.toBeChecked()
  await bob.open()
  await bob.openConversation('Alice')
  await alice.send('unseen')
  await expect(bob.message('unseen')).toBeVisible()
  await alice.hasStatus('unseen', 'delivered')
  await bob.settings()
  await receipts.click()
  await expect(receipts).toBeChecked()
  await bob.open()
  await bob.openConversation('Alice')
  await alice.send('seen')
  await alice.hasStatus('seen', 'acknowledged')
  await alice.hasStatus('unseen', 'delivered')
})

test('two tabs of one profile: both show and send, one of them goes, and the other carries on', async ({
  newcomer,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const second = await alice.inNewTab()
  await second.online()
  await second.openConversation('Bob')
  await second.send('from the second tab')
  await expect(alice.message('from the second tab')).toBeVisible()
  await expect(bob.message('from the second tab')).toBeVisible()
  await second.hasStatus('from the second tab', 'acknowledged')
  await alice.page.close()
  await second.send('the first tab is closed')
  await second.hasStatus('the first tab is closed', 'acknowledged')
  await bob.send('welcome')
  await expect(second.message('welcome')).toBeVisible()
})
