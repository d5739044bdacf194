/**
 * The whole browser is killed at random moments of sending and of receiving. `KILLS` and `SEED` ask for more, or for the
 * same again.
 */
import { expect, test } from './fixtures.ts'
import { type GigiPage, introduce } from './gigi-page.ts'
import { storedMessages, undelivered } from './store-view.ts'
import { SeededRandom } from '../src/testing/fake-world.ts'

const KILLS = Number(process.env['KILLS'] ?? 50)
const SEED = Number(process.env['SEED'] ?? 1)
const TEXTS_A_KILL = 10
/** The longest wait until a kill, milliseconds: about as long as sending the texts takes. */
const MAX_DELAY_MS = 400

const texts = async (page: GigiPage): Promise<string[]> =>
  (await storedMessages(page.page)).map(({ text }) => text)

/** Nothing is said to be delivered that is not in Bob's store. */
async function expectTrue(alice: GigiPage, bob: GigiPage): Promise<void> {
  const claimed = (await storedMessages(alice.page)).filter(
    ({ status }) => status === 'Delivered' || status === 'Acknowledged',
  )
  const his = await texts(bob)
  expect(claimed.filter(({ text }) => !his.includes(text))).toEqual([])
}

/** A text that was under way when the browser died is sent by the next one. */
const nothingUnderWay = ({ page }: GigiPage): Promise<void> =>
  expect
    .poll(() => page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('sending'))))
    .toEqual([])

test(`${KILLS} kills over ${KILLS * TEXTS_A_KILL} messages: nothing is lost, doubled or misreported`, async ({
  resident,
}) => {
  test.setTimeout(KILLS * 20_000 + 60_000)
  console.info(`kills: SEED=${SEED}`)
  const random = new SeededRandom(SEED)
  const [atAlices, atBobs] = [await resident(), await resident()]
  let [alice, bob] = [await atAlices.open(), await atBobs.open()]
  await introduce(alice, bob)
  /** What Alice's app said was sent. */
  const sent = new Set<string>()
  let count = 0

  for (let kills = 0; kills < KILLS; kills++) {
    const stored = new Set(await texts(alice))
    const next = Array.from({ length: TEXTS_A_KILL }, () => `text ${++count}`)
    const sending = alice.sendMany(
      next.filter((text) => !stored.has(text)),
      (text) => sent.add(text),
    )
    const outcome = sending.then(
      () => 'sent',
      () => 'killed',
    )
    const victim = random.fraction() < 0.5 ? atAlices : atBobs
    const delay = random.fraction() * MAX_DELAY_MS
    await new Promise((resolve) => setTimeout(resolve, delay))
    await victim.kill()
    if (victim === atAlices) {
      await outcome
      alice = await atAlices.open()
      await alice.openConversation('Bob')
      // Nothing that was said to be sent is lost; what was not said, the user sends again.
      await nothingUnderWay(alice)
      await expectTrue(alice, bob)
      const hers = await texts(alice)
      expect([...sent].filter((text) => !hers.includes(text))).toEqual([])
      expect(new Set(hers).size).toBe(hers.length)
      const missing = next.filter((text) => !hers.includes(text))
      // What was stored or is still under way is not in the field any more.
      const draft = await alice.composer.inputValue()
      expect(hers).not.toContain(draft)
      await alice.composer.fill('')
      await alice.sendMany(missing, (text) => sent.add(text))
    } else {
      expect(await outcome).toBe('sent')
      bob = await atBobs.open()
      await expectTrue(alice, bob)
      await bob.openConversation('Alice')
    }
  }

  const expected = Array.from({ length: count }, (_, i) => `text ${i + 1}`)
  await expect.poll(() => undelivered(alice.page), { timeout: 60_000 }).toBe(0)
  expect([...(await texts(alice))].sort()).toEqual([...expected].sort())
  expect(await texts(bob)).toEqual(await texts(alice))
})
