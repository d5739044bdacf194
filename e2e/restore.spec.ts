import { expect, test } from './fixtures.ts'
import type { GigiPage } from './gigi-page.ts'

/** Notes from here on how many contacts were in each backup that the mailbox of a page has kept. */
function backupsOf({ page }: GigiPage): readonly number[] {
  const kept: number[] = []
  page.on('console', (message) => {
    const contacts = /the backup is kept.*contacts: (\d+)/.exec(message.text())?.[1]
    if (contacts !== undefined) kept.push(Number(contacts))
  })
  return kept
}

test('a lost browser: the words alone bring back the contacts, and those bring back the history', async ({
  resident,
}) => {
  test.setTimeout(120_000)
  const [atAlices, atBobs, atCarols] = [await resident(), await resident(), await resident()]
  const [alice, bob] = [await atAlices.open(), await atBobs.open()]
  let carol = await atCarols.open()
  const backups = backupsOf(alice)
  await Promise.all([alice.begin('Alice'), bob.begin('Bob'), carol.begin('Carol')])
  await Promise.all([alice.online(), bob.online(), carol.online()])
  for (const [name, friend] of [
    ['Bob', bob],
    ['Carol', carol],
  ] as const) {
    await alice.add(await friend.inviteLink())
    await expect(alice.page.getByRole('heading', { name })).toBeVisible()
    await alice.send(`hello ${name}`)
    await friend.openConversation('Alice')
    await expect(friend.message(`hello ${name}`)).toBeVisible()
    await friend.send(`${name} says hello`)
    await expect(alice.message(`${name} says hello`)).toBeVisible()
    await alice.hasStatus(`hello ${name}`, 'acknowledged')
    await friend.hasStatus(`${name} says hello`, 'acknowledged')
  }
  const words = await alice.recoveryPhrase()
  expect(words.split(/\s+/)).toHaveLength(12)
  await expect.poll(() => backups.at(-1)).toBe(2)
  await atCarols.close()
  await atAlices.close()

  // Another browser, which has nothing but the words.
  const again = await (await resident()).open()
  await again.restore(words)
  await expect(again.conversationLink('Bob')).toBeVisible()
  await expect(again.conversationLink('Carol')).toBeVisible()
  await again.openConversation('Bob')
  await expect(again.messages).toHaveCount(2)
  expect(await again.texts()).toEqual(['hello Bob', 'Bob says hello'])
  await again.send('I am back')
  await expect(bob.message('I am back')).toBeVisible()
  // Their name came back too: nobody was asked for it.
  await expect(bob.page.getByRole('heading', { name: 'Alice' })).toBeVisible()

  await again.openConversation('Carol')
  await expect(again.messages).toHaveCount(0)
  carol = await atCarols.open()
  await expect(again.messages).toHaveCount(2)
  expect(await again.texts()).toEqual(['hello Carol', 'Carol says hello'])
  await carol.openConversation('Alice')
  await carol.send('welcome back')
  await expect(again.message('welcome back')).toBeVisible()
})
