import { expect, test } from './fixtures.ts'
import { type GigiPage, introduce } from './gigi-page.ts'

/** More than the interface holds, unread or read. */
const LONG = 620
/** The most messages that the document may hold. */
const HELD = 500

const text = (number: number): string => `number ${String(number)} of many`
const numberIn = (shown: string): number => Number(/number (\d+) of/.exec(shown)?.[1] ?? NaN)

/** The numbers of the messages in the document, as they stand. */
const held = async (who: GigiPage): Promise<number[]> =>
  (await who.texts()).map(numberIn).filter((n) => n > 0)

/** Turns the wheel over the log until `isThere`; each time what is held is in order, without a hole, and not too much. */
async function wheel(who: GigiPage, by: number, isThere: () => Promise<boolean>): Promise<Set<number>> {
  const passed = new Set<number>()
  await who.log.hover()
  await expect(async () => {
    await who.page.mouse.wheel(0, by)
    const numbers = await held(who)
    expect(numbers.length).toBeLessThanOrEqual(HELD)
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i))
    for (const number of numbers) passed.add(number)
    expect(await isThere()).toBe(true)
  }).toPass({ timeout: 60_000, intervals: [50] })
  for (const number of await held(who)) passed.add(number)
  return passed
}

test('a long conversation: all of it is read, scrolled through and searched, and nothing jumps', async ({
  newcomer,
}) => {
  test.setTimeout(240_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  // Alice is elsewhere: what comes is unread.
  await alice.page.goto(new URL('#/', alice.page.url()).href)
  await expect(alice.composer).toBeHidden()
  await bob.sendMany(Array.from({ length: LONG }, (_, i) => text(i + 1)))
  await expect(alice.conversationLink('Bob').getByTestId('unread')).toHaveText(String(LONG), {
    timeout: 60_000,
  })

  await alice.openConversation('Bob')
  await expect(alice.message(text(LONG))).toBeInViewport()
  await expect(alice.conversationLink('Bob').getByTestId('unread')).toBeHidden()
  await bob.hasStatus(text(LONG), 'acknowledged')

  const passed = await wheel(alice, -1500, () => alice.message(text(1)).isVisible())
  expect(passed.size).toBe(LONG)
  await expect(alice.page.getByText('This is the beginning of your conversation with Bob.')).toBeVisible()

  // What comes below while one reads above moves nothing, and is announced.
  const place = () => alice.message(text(3)).boundingBox()
  const before = await place()
  await bob.send('and one more')
  await expect(alice.page.getByRole('button', { name: '1 new' })).toBeVisible()
  expect(await place()).toEqual(before)
  await alice.page.getByRole('button', { name: '1 new' }).click()
  await expect(alice.message('and one more')).toBeInViewport()
  await bob.hasStatus('and one more', 'acknowledged')

  // A message that is found is shown where it stands.
  await alice.searchbox.fill(text(137))
  await alice.results.first().click()
  await expect(alice.message(text(137))).toBeInViewport()
  await expect(alice.message(text(137))).toBeFocused()
  expect(await held(alice)).toEqual(expect.arrayContaining([130, 136, 138, 145]))
  await alice.searchbox.fill(text(600))
  await alice.results.first().click()
  await expect(alice.message(text(600))).toBeInViewport()
  await alice.searchbox.fill('')
  await wheel(alice, 1500, () => alice.message('and one more').isVisible())
  await bob.send('the last')
  await expect(alice.message('the last')).toBeInViewport()
})
