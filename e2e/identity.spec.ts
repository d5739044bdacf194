import { expect, test } from './fixtures.ts'
import type { GigiPage } from './gigi-page.ts'

/** The 12 words in the settings. */
async function recoveryPhrase(someone: GigiPage): Promise<string> {
  await someone.settings()
  await someone.page.getByRole('button', { name: 'Show recovery phrase' }).click()
  return (await someone.page.getByTestId('recovery-phrase').innerText()).trim()
}

/** The peer id, as the identity that an invite link carries. */
async function identityOf(someone: GigiPage): Promise<string> {
  const link = await someone.inviteLink()
  // The body of the code begins with its version and the key; after them comes the nickname.
  return Buffer.from(link.slice(link.indexOf('=') + 1), 'base64url')
    .subarray(3, 39)
    .toString('hex')
}

test('the identity is the same after every reload and restart', async ({ resident }) => {
  const atAlices = await resident()
  let alice = await atAlices.open()
  await alice.begin('Alice')
  const identity = await identityOf(alice)
  await alice.page.reload()
  expect(await identityOf(alice)).toBe(identity)
  await atAlices.close()
  alice = await atAlices.open()
  expect(await identityOf(alice)).toBe(identity)
})

test('the recovery phrase brings the identity back in another browser', async ({ newcomer }) => {
  const [old, fresh] = [await newcomer(), await newcomer()]
  await old.begin('Alice')
  const identity = await identityOf(old)
  const words = await recoveryPhrase(old)
  expect(words.split(/\s+/)).toHaveLength(12)

  await fresh.page.getByRole('button', { name: 'I have a recovery phrase' }).click()
  const phrase = fresh.page.getByRole('textbox', { name: 'Recovery phrase' })
  await phrase.fill('one two three')
  await fresh.page.getByRole('button', { name: 'Restore' }).click()
  await expect(fresh.page.getByRole('alert')).toBeVisible()
  await phrase.fill(words)
  await fresh.page.getByRole('button', { name: 'Restore' }).click()
  await expect(fresh.conversations).toBeVisible()
  expect(await identityOf(fresh)).toBe(identity)
})

test('a nickname is asked for, and an empty one is refused', async ({ newcomer }) => {
  const alice = await newcomer()
  await alice.page.getByRole('textbox', { name: 'Nickname' }).fill('   ')
  await alice.page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(alice.page.getByRole('alert')).toBeVisible()
  await alice.begin('Alice')
})
