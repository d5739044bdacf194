import { expect, test } from './fixtures.ts'
import type { GigiPage } from './gigi-page.ts'

/** Alice knows the others, who do not know each other. All are there. */
async function acquaint(alice: GigiPage, others: Readonly<Record<string, GigiPage>>): Promise<void> {
  await Promise.all([alice.begin('Alice'), ...Object.entries(others).map(([name, page]) => page.begin(name))])
  await Promise.all([alice, ...Object.values(others)].map((page) => page.online()))
  for (const [name, page] of Object.entries(others)) {
    await alice.add(await page.inviteLink())
    await page.openConversation('Alice')
    await alice.presence('online')
    await expect(alice.page.getByRole('heading', { name })).toBeVisible()
  }
}

test('four people: create, invite, join, ignore, write, and see how far a message has come with each', async ({
  newcomer,
}) => {
  test.slow()
  const [alice, bob, carol, dora] = [await newcomer(), await newcomer(), await newcomer(), await newcomer()]
  await acquaint(alice, { Bob: bob, Carol: carol, Dora: dora })
  await alice.createGroup('Chess club', ['Bob', 'Carol', 'Dora'])
  await alice.send('welcome')

  await dora.invitation('Chess club').getByRole('button', { name: 'Ignore' }).click()
  await expect(dora.invitation('Chess club')).toContainText('You ignored this invitation.')
  await expect(dora.conversationLink('Chess club')).toBeHidden()
  await bob.joinGroup('Alice', 'Chess club')
  await carol.joinGroup('Alice', 'Chess club')
  await expect(alice.membershipLines.filter({ hasText: 'Carol joined' })).toBeVisible()
  await expect(bob.membershipLines.filter({ hasText: 'Carol joined' })).toBeVisible()

  await bob.send('hello from Bob')
  for (const other of [alice, carol]) {
    await expect(other.message('hello from Bob')).toBeVisible()
    await expect(other.message('hello from Bob')).toContainText('Bob')
  }
  await bob.hasStatus('hello from Bob', 'acknowledged')
  await bob.message('hello from Bob').locator('[data-status-button]').click()
  const members = bob.page.getByTestId('member-status')
  await expect(members).toHaveCount(2)
  await expect(members.filter({ hasText: 'Carol' })).toHaveAttribute('data-status', 'acknowledged')
  await bob.page.keyboard.press('Escape')

  // A mention of her is counted apart while she looks elsewhere.
  await carol.openConversation('Alice')
  await bob.send('what does @Carol think?')
  await expect(carol.conversationLink('Chess club').getByTestId('mentions')).toHaveText('1')
  await expect(carol.conversationLink('Chess club').getByTestId('unread')).toHaveText('1')
  await bob.hasStatus('what does @Carol think?', 'delivered')
  await carol.openConversation('Chess club')
  await bob.hasStatus('what does @Carol think?', 'acknowledged')
  expect((await dora.texts()).join()).not.toContain('hello from Bob')
})

test('who was away gets what was written from whoever is there, while its author is away', async ({
  newcomer,
  resident,
}) => {
  test.slow()
  const [atBobs, atDoras] = [await resident(), await resident()]
  const [alice, carol] = [await newcomer(), await newcomer()]
  let [bob, dora] = [await atBobs.open(), await atDoras.open()]
  await acquaint(alice, { Bob: bob, Carol: carol, Dora: dora })
  await alice.createGroup('Hikers', ['Bob', 'Carol', 'Dora'])
  for (const page of [bob, carol, dora]) await page.joinGroup('Alice', 'Hikers')
  for (const page of [bob, carol])
    await expect(page.membershipLines.filter({ hasText: 'Dora joined' })).toBeVisible()

  await atDoras.close()
  await bob.send('meet at eight')
  for (const page of [alice, carol]) await expect(page.message('meet at eight')).toBeVisible()
  await bob.message('meet at eight').locator('[data-status-button]').click()
  await expect(bob.page.getByTestId('member-status').filter({ hasText: 'Carol' })).toHaveAttribute(
    'data-status',
    'acknowledged',
  )
  await atBobs.close()

  dora = await atDoras.open()
  await expect(dora.conversationLink('Hikers').getByTestId('unread')).toHaveText('1')
  await dora.openConversation('Hikers')
  await expect(dora.message('meet at eight')).toBeVisible()
  await expect(dora.message('meet at eight')).toHaveCount(1)

  // Bob hears of it, be it from her or through the others.
  bob = await atBobs.open()
  await bob.openConversation('Hikers')
  await bob.hasStatus('meet at eight', 'acknowledged')
})

test('who is removed gets nothing more, who leaves neither; a rename is seen by those who are left', async ({
  newcomer,
}) => {
  test.slow()
  const [alice, bob, carol, dora] = [await newcomer(), await newcomer(), await newcomer(), await newcomer()]
  await acquaint(alice, { Bob: bob, Carol: carol, Dora: dora })
  await alice.createGroup('Choir', ['Bob', 'Carol', 'Dora'])
  for (const page of [bob, carol, dora]) await page.joinGroup('Alice', 'Choir')
  for (const page of [bob, carol])
    await expect(page.membershipLines.filter({ hasText: 'Dora joined' })).toBeVisible()

  const details = await alice.details()
  await details.getByRole('button', { name: 'Remove Dora' }).click()
  await alice.page.getByRole('button', { name: 'Remove', exact: true }).click()
  await expect(dora.page.getByText('You were removed from this group.')).toBeVisible()
  await expect(bob.membershipLines.filter({ hasText: 'Alice removed Dora' })).toBeVisible()
  await alice.send('just us now')
  await bob.send('so it is')
  for (const page of [alice, bob, carol]) await expect(page.message('so it is')).toBeVisible()
  await alice.hasStatus('just us now', 'acknowledged')
  expect(await dora.texts()).toEqual([])

  const again = await alice.details()
  await again.getByRole('textbox', { name: 'Group name' }).fill('Small choir')
  await again.getByRole('button', { name: 'Rename' }).click()
  await alice.page.keyboard.press('Escape')
  for (const page of [alice, bob, carol]) await expect(page.conversationLink('Small choir')).toBeVisible()
  await expect(dora.conversationLink('Choir')).toBeVisible()

  const carols = await carol.details()
  await carols.getByRole('button', { name: 'Leave group' }).click()
  await carol.page.getByRole('button', { name: 'Leave', exact: true }).click()
  await expect(carol.page.getByText('You left this group.')).toBeVisible()
  await expect(alice.membershipLines.filter({ hasText: 'Carol left' })).toBeVisible()
  await alice.send('only two')
  await expect(bob.message('only two')).toBeVisible()
  await alice.hasStatus('only two', 'acknowledged')
  expect(await carol.texts()).toEqual(['just us now', 'so it is'])
})

test('two groups of one name are two groups', async ({ newcomer }) => {
  const [alice, bob, carol] = [await newcomer(), await newcomer(), await newcomer()]
  await acquaint(alice, { Bob: bob, Carol: carol })
  await alice.createGroup('Family', ['Bob'])
  await bob.joinGroup('Alice', 'Family')
  await alice.send('to Bob')
  await alice.createGroup('Family', ['Carol'])
  await carol.joinGroup('Alice', 'Family')
  await alice.send('to Carol')
  await expect(alice.conversationLink('Family')).toHaveCount(2)
  await expect(bob.message('to Bob')).toBeVisible()
  await expect(carol.message('to Carol')).toBeVisible()
  await alice.hasStatus('to Carol', 'acknowledged')
  expect(await bob.texts()).toEqual(['to Bob'])
  expect(await carol.texts()).toEqual(['to Carol'])
})

test('members who are never there at the same time write to each other by mail, though they are no contacts', async ({
  newcomer,
  resident,
}) => {
  test.slow()
  const [atBobs, atCarols] = [await resident(), await resident()]
  const alice = await newcomer()
  let [bob, carol] = [await atBobs.open(), await atCarols.open()]
  await acquaint(alice, { Bob: bob, Carol: carol })
  await alice.createGroup('Post', ['Bob', 'Carol'])
  for (const page of [bob, carol]) await page.joinGroup('Alice', 'Post')
  await expect(bob.membershipLines.filter({ hasText: 'Carol joined' })).toBeVisible()
  await atCarols.close()
  await alice.page.close()
  await bob.send('by mail')
  await bob.hasStatus('by mail', 'synced')
  await atBobs.close()

  carol = await atCarols.open()
  await carol.openConversation('Post')
  await expect(carol.message('by mail')).toBeVisible()
  bob = await atBobs.open()
  await bob.openConversation('Post')
  await expect(bob.message('by mail')).toBeVisible()
})
