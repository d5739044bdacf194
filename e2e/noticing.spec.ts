/** What a person is told while Gigi is open and they look elsewhere. */
import type { Locator } from '@playwright/test'
import { Background } from './background.ts'
import { expect, test } from './fixtures.ts'
import { GigiPage, introduce } from './gigi-page.ts'
import { inPlainBrowser } from './plain-browser.ts'
import { peerIds } from './store-view.ts'

const switchNamed = ({ page }: GigiPage, name: string): Locator => page.getByRole('switch', { name })

test('the title counts what is unread, up and down, unless that is switched off', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await expect(bob.page).toHaveTitle('Gigi')
  await bob.open()
  await alice.send('one')
  await expect(bob.page).toHaveTitle('(1) Gigi')
  await alice.send('two')
  await expect(bob.page).toHaveTitle('(2) Gigi')
  await bob.settings()
  await switchNamed(bob, 'Count what is unread').click()
  await expect(bob.page).toHaveTitle('Gigi')
  await switchNamed(bob, 'Count what is unread').click()
  await expect(bob.page).toHaveTitle('(2) Gigi')
  await bob.page.keyboard.press('Escape')
  await bob.openConversation('Alice')
  await expect(bob.page).toHaveTitle('Gigi')
  // What was new stands apart, as long as the conversation is open.
  await expect(bob.log.getByText('2 new messages')).toBeVisible()
  await alice.send('three')
  await expect(bob.message('three')).toBeVisible()
  await expect(bob.log.getByText('2 new messages')).toBeVisible()
  await expect(alice.page).toHaveTitle('Gigi')
})

test('with tabs in the background, who wrote is shown once, until it is read', async ({
  newcomer,
  relay,
  launchOptions,
}) => {
  test.setTimeout(120_000)
  await inPlainBrowser(launchOptions, async (page) => {
    const [alice, bob] = [await newcomer(), new GigiPage(page, relay.url)]
    await page.context().grantPermissions(['notifications'], { origin: relay.url })
    await bob.open()
    await introduce(alice, bob)
    await bob.serviceWorkerReady()
    await bob.settings()
    // It needs no more than the browser's leave.
    await expect(switchNamed(bob, 'Notify me while Gigi is in the background')).toBeChecked()
    await page.keyboard.press('Escape')
    const another = await bob.inNewTab()
    const background = await Background.at(await page.context().newPage(), relay.url)
    await background.page.bringToFront()
    for (const tab of [bob, another])
      await expect.poll(() => tab.page.evaluate(() => document.visibilityState)).toBe('hidden')

    await alice.send('are you there')
    await expect.poll(() => background.notifications).toEqual(['Alice: New message'])
    await alice.send('hello?')
    await expect.poll(() => background.notifications).toEqual(['Alice: 2 new messages'])
    expect(background.displayed).toBe(2)
    await expect(bob.page).toHaveTitle('(2) Gigi')

    await page.bringToFront()
    await expect(bob.message('hello?')).toBeVisible()
    await expect.poll(() => background.notifications).toEqual([])
    await alice.send('so you are')
    await alice.hasStatus('so you are', 'acknowledged')
    expect(background.displayed).toBe(2)
  })
})

test('a message that comes is heard, unless that is switched off, or it is seen', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  // Whatever goes to the loudspeakers is measured on its way there.
  await bob.page.addInitScript(() => {
    const meters: AnalyserNode[] = []
    const heard = { notes: 0, loudest: 0 }
    Object.assign(globalThis, { heard })
    setInterval(() => {
      for (const meter of meters) {
        const wave = new Float32Array(meter.fftSize)
        meter.getFloatTimeDomainData(wave)
        heard.loudest = Math.max(heard.loudest, ...wave.map(Math.abs))
      }
    }, 20)
    /** Has `first` done before a method of all nodes of a kind. */
    const before = (
      kind: object,
      method: string,
      first: (self: AudioNode, target: unknown) => void,
    ): void => {
      const real = Reflect.get(kind, method) as () => unknown
      Reflect.set(kind, method, function (this: AudioNode, ...given: unknown[]) {
        first(this, given[0])
        return Reflect.apply(real, this, given) as unknown
      })
    }
    before(OscillatorNode.prototype, 'start', () => {
      heard.notes += 1
    })
    before(AudioNode.prototype, 'connect', (self, target) => {
      if (!(target instanceof AudioDestinationNode)) return
      const meter = self.context.createAnalyser()
      self.connect(meter)
      meters.push(meter)
    })
  })
  const heard = () =>
    bob.page.evaluate(() => (globalThis as unknown as { heard: { notes: number; loudest: number } }).heard)
  await bob.open()
  await introduce(alice, bob)
  // What is before one's eyes needs no sound.
  await alice.send('seen')
  await alice.hasStatus('seen', 'acknowledged')
  await bob.settings()
  await switchNamed(bob, 'Sound').click()
  await bob.page.keyboard.press('Escape')
  await bob.page.goto(new URL('#/', bob.page.url()).href)
  await expect(bob.composer).toBeHidden()
  await alice.send('not heard')
  await expect(bob.page).toHaveTitle('(1) Gigi')
  expect((await heard()).notes).toBe(0)
  await bob.settings()
  await switchNamed(bob, 'Sound').click()
  await bob.page.keyboard.press('Escape')
  await alice.send('heard')
  await expect.poll(async () => (await heard()).loudest).toBeGreaterThan(0.02)
  expect((await heard()).notes).toBe(2)
})

test('the diagnostics say how one is connected, and nothing that is secret', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await alice.send('meet me at the old mill')
  await alice.hasStatus('meet me at the old mill', 'acknowledged')
  const phrase = await bob.recoveryPhrase()
  const link = await bob.inviteLink()

  await bob.page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await bob.settings()
  await bob.page.getByRole('button', { name: 'Copy diagnostics' }).click()
  const text = await bob.page.getByTestId('diagnostics').innerText()
  await expect.poll(() => bob.page.evaluate(() => navigator.clipboard.readText())).toBe(text)
  for (const line of ['tab: runs the node', 'network: online', 'reservation: held', 'waiting: nothing'])
    expect(text).toContain(line)
  expect(text).toMatch(/^sessions: 1 direct, 0 relayed$|^sessions: 0 direct, 1 relayed$/m)
  expect(text).toMatch(/^relays: \S+ port \d+ ws/m)

  const said = text.toLowerCase()
  for (const name of ['alice', 'bob', 'mill']) expect(said).not.toContain(name)
  const words = new Set(said.match(/[a-z]+/g))
  expect(phrase.split(/\s+/).filter((word) => words.has(word)).length).toBeLessThan(4)
  expect(hasPieceOf(text, link.split('#invite=')[1] ?? '')).toBe(false)
  for (const peer of await peerIds(bob.page)) expect(hasPieceOf(text, peer)).toBe(false)
})

/** Whether nine letters of a secret that follow each other are in a text. */
const hasPieceOf = (text: string, secret: string): boolean =>
  Array.from(secret, (_, at) => secret.slice(at, at + 9)).some(
    (piece) => piece.length === 9 && text.includes(piece),
  )
