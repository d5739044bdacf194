import { expect, test } from './fixtures.ts'
import { introduce } from './gigi-page.ts'

test('the relay is killed and restarted in mid-conversation: nothing is lost, and presence comes back', async ({
  newcomer,
  relay,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await alice.send('before')
  await alice.hasStatus('before', 'acknowledged')
  await relay.stop('SIGKILL')
  await expect(alice.network).not.toHaveAttribute('data-state', 'online')
  await bob.page.goto('about:blank')
  await alice.presence('offline')
  await alice.send('while it is down')
  await alice.hasStatus('while it is down', 'pending')
  await relay.start()
  await alice.online()
  await bob.open()
  await bob.openConversation('Alice')
  await expect(bob.message('while it is down')).toBeVisible()
  await alice.hasStatus('while it is down', 'acknowledged')
  expect(await bob.texts()).toEqual(['before', 'while it is down'])
})

test('with the relay down the app opens, with history and composer, says so, and recovers by itself', async ({
  resident,
  relay,
}) => {
  const [atAlices, atBobs] = [await resident(), await resident()]
  let [alice, bob] = [await atAlices.open(), await atBobs.open()]
  await introduce(alice, bob)
  await alice.send('kept')
  await alice.hasStatus('kept', 'acknowledged')
  await alice.serviceWorkerReady()
  await atAlices.close()
  await relay.stop()

  alice = await atAlices.open()
  await expect(alice.network).toHaveAttribute('data-state', 'offline')
  await alice.openConversation('Bob')
  await expect(alice.message('kept')).toBeVisible()
  await alice.send('written without a relay')
  await alice.hasStatus('written without a relay', 'pending')
  await atBobs.close()

  await relay.start()
  await alice.online()
  bob = await atBobs.open()
  await bob.openConversation('Alice')
  await expect(bob.message('written without a relay')).toBeVisible()
  await alice.hasStatus('written without a relay', 'acknowledged')
})
