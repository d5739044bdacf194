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

  // What was being written is there, or whoever wrote it is not: nobody writes any more.
  await alice.composer.pressSequentially('ink')
  await expect(bob.page.locator('[data-presence]').first()).toHaveText('writing …')
  await alice.page.keyboard.press('Enter')
  await expect(bob.message('Let me think')).toBeVisible()
  await expect(bob.page.locator('[data-presence]').first()).toHaveText(/online/, { timeout: 1_000 })
})

test('what nobody has any more is said to be lost, where it stood', async ({ newcomer }) => {
  const [alice, bob, fresh] = [await newcomer(), await newcomer(), await newcomer()]
  await introduce(alice, bob)
  for (let i = 1; i <= 5; i++) await bob.send(`from Bob ${String(i)}`)
  await bob.hasStatus('from Bob 5', 'acknowledged')
  const phrase = await alice.recoveryPhrase()
  await alice.page.close()
  // Bob's storage lost two of them.
  await bob.page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('gigi')
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(new Error('no database'))
    })
    const store = database.transaction('messages', 'readwrite').objectStore('messages')
    const rows = await new Promise<{ id: string; content_json: string }[]>((resolve) => {
      const request = store.getAll()
      request.onsuccess = () => resolve(request.result as { id: string; content_json: string }[])
    })
    for (const { id, content_json } of rows) if (/Bob [23]/.test(content_json)) store.delete(id)
    database.close()
  })
  await bob.settings()
  await bob.page.getByRole('spinbutton', { name: 'Sync interval (seconds)' }).fill('1')
  await bob.page.getByRole('button', { name: 'Save' }).click()

  await fresh.restore(phrase)
  await expect(fresh.conversationLink('Bob')).toBeVisible()
  await fresh.openConversation('Bob')
  const gap = fresh.page.getByTestId('gap')
  await expect(gap).toHaveAttribute('data-count', '2')
  await expect(gap).toContainText('are lost')
  expect(await fresh.texts()).toEqual(['from Bob 1', 'from Bob 4', 'from Bob 5'])
  const next = gap.locator('xpath=following-sibling::*[1]')
  await expect(next).toContainText('from Bob 4')
})
