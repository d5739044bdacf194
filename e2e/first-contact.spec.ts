import { expect, test } from './fixtures.ts'
import { introduce } from './gigi-page.ts'

test('by invite link: two people talk both ways, over WebRTC and not over the relay', async ({
  newcomer,
  relay,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await Promise.all([alice.path('direct'), bob.path('direct')])
  await alice.send('hello Bob')
  await bob.send('hello Alice')
  await expect(bob.message('hello Bob')).toBeVisible()
  await expect(alice.message('hello Alice')).toBeVisible()
  await alice.hasStatus('hello Bob', 'acknowledged')
  await bob.hasStatus('hello Alice', 'acknowledged')

  // The proof that the relay has no part in it: it is gone, and they still talk.
  await relay.stop('SIGKILL')
  await expect(alice.network).not.toHaveAttribute('data-state', 'online')
  await alice.path('direct')
  await alice.send('the relay is gone')
  await expect(bob.message('the relay is gone')).toBeVisible()
  await alice.hasStatus('the relay is gone', 'acknowledged')
  await bob.send('so it is')
  await expect(alice.message('so it is')).toBeVisible()

  await relay.start()
  await Promise.all([alice.online(), bob.online()])
})

test('by invite link while the other is away: the words wait, and both are contacts when they come', async ({
  newcomer,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await Promise.all([alice.begin('Alice'), bob.begin('Bob')])
  const link = await bob.inviteLink()
  await bob.page.goto('about:blank')
  await alice.add(link)
  await alice.send('are you there?')
  await alice.presence('offline')
  await bob.open()
  await bob.openConversation('Alice')
  await expect(bob.message('are you there?')).toBeVisible()
  await expect(bob.page.getByRole('button', { name: 'Accept' })).toBeHidden()
  await alice.hasStatus('are you there?', 'acknowledged')
  await bob.send('I am')
  await expect(alice.message('I am')).toBeVisible()
})

test('opening a friend’s link in a new browser: one name, one click, and the conversation is open', async ({
  newcomer,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await bob.begin('Bob')
  const link = await bob.inviteLink()
  await alice.page.goto(link)
  await alice.page.reload()
  await expect(alice.page.getByText('Bob').first()).toBeVisible()
  await alice.page.getByRole('textbox', { name: 'Nickname' }).fill('Alice')
  await alice.page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(alice.page.getByRole('heading', { name: 'Bob' })).toBeVisible()
  await alice.send('hi')
  await alice.hasStatus('hi', 'delivered')
  expect(new URL(alice.page.url()).hash).not.toContain('invite')
})

test('someone nearby: a click begins, the other is asked, and accepts', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  const [aliceName, bobName] = ['Alice of Nearby', 'Bob of Nearby']
  await Promise.all([alice.begin(aliceName), bob.begin(bobName)])
  await alice.page.getByRole('button', { name: 'New chat' }).click()
  await alice.page.getByRole('list', { name: 'Nearby' }).getByRole('button', { name: bobName }).click()
  await alice.send('do you know me?')
  await bob.openConversation(aliceName)
  await expect(bob.message('do you know me?')).toBeVisible()
  await expect(bob.composer).toBeHidden()
  await alice.hasStatus('do you know me?', 'delivered')
  await bob.page.getByRole('button', { name: 'Accept' }).click()
  await bob.send('I do now')
  await expect(alice.message('I do now')).toBeVisible()
  await alice.hasStatus('do you know me?', 'acknowledged')
})

test('someone nearby who is blocked is not heard any more', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  const [aliceName, bobName] = ['Alice the Pest', 'Bob the Calm']
  await Promise.all([alice.begin(aliceName), bob.begin(bobName)])
  await alice.page.getByRole('button', { name: 'New chat' }).click()
  await alice.page.getByRole('list', { name: 'Nearby' }).getByRole('button', { name: bobName }).click()
  await alice.send('buy this')
  await bob.openConversation(aliceName)
  await bob.page.getByRole('button', { name: 'Block' }).click()
  await expect(bob.conversationLink(aliceName)).toBeHidden()
  await alice.presence('offline')

  // Alice looks for him every second, and each time he hangs up.
  await alice.settings()
  await alice.page.getByRole('spinbutton', { name: 'Sync interval (seconds)' }).fill('1')
  await alice.page.getByRole('button', { name: 'Save' }).click()
  await alice.page.keyboard.press('Escape')
  const refused = bob.page.waitForEvent('console', (message) => message.text().includes('session closed'))
  await alice.send('buy that')
  await refused
  await alice.hasStatus('buy that', 'pending')
  await expect(bob.conversationLink(aliceName)).toBeHidden()
})
