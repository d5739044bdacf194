import { expect, test } from './fixtures.ts'

test('a broken, forged, own or expired link says which it is', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await Promise.all([alice.begin('Alice'), bob.begin('Bob')])
  const [own, link] = [await alice.inviteLink(), await bob.inviteLink()]
  // A signature is the last 64 bytes: another character within it is another signature.
  const at = link.length - 20
  const forged = link.slice(0, at) + (link[at] === 'A' ? 'B' : 'A') + link.slice(at + 1)

  let before = ''
  const said = async (text: string): Promise<string> => {
    await alice.page.getByRole('textbox', { name: 'Invite link', exact: true }).fill(text)
    await alice.page.getByRole('button', { name: 'Add', exact: true }).click()
    const alert = alice.page.getByRole('alert')
    await expect(alert).not.toHaveText(before)
    before = await alert.innerText()
    return before
  }
  await alice.page.getByRole('button', { name: 'New chat' }).click()
  const words = [await said('https://example.org/'), await said(forged), await said(own)]

  // The same link, forty days later.
  await alice.page.clock.install({ time: Date.now() + 40 * 24 * 3_600_000 })
  await alice.open()
  before = ''
  await alice.page.getByRole('button', { name: 'New chat' }).click()
  words.push(await said(link))
  expect(new Set(words).size).toBe(4)
})

test('a link in a browser with an identity asks once; renewed, the old link makes a request only', async ({
  newcomer,
}) => {
  const [alice, bob, carol] = [await newcomer(), await newcomer(), await newcomer()]
  await Promise.all([alice.begin('Alice'), bob.begin('Bob'), carol.begin('Carol')])
  const old = await bob.inviteLink()
  await alice.page.goto(old)
  await alice.page.getByRole('button', { name: 'Add', exact: true }).click()
  await expect(alice.page.getByRole('heading', { name: 'Bob' })).toBeVisible()
  await bob.openConversation('Alice')
  await expect(bob.composer).toBeVisible()

  await bob.page.getByRole('button', { name: 'New chat' }).click()
  const box = bob.page.getByRole('textbox', { name: 'Your invite link' })
  await bob.page
    .getByRole('dialog')
    .getByRole('button', { name: /renew|new link/i })
    .click()
  const confirm = bob.page.getByRole('button', { name: /renew/i }).last()
  if (await confirm.isVisible()) await confirm.click()
  await expect(box).not.toHaveValue(old)
  await bob.page.keyboard.press('Escape')

  await carol.add(old)
  await carol.send('let me in')
  await bob.openConversation('Carol')
  await expect(bob.page.getByRole('button', { name: 'Accept' })).toBeVisible()
})
