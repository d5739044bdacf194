/** A relay that is killed while it takes mail: what it said that it has, it has. */
import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { run, type Running, urlOf } from '../test-process.ts'
import { healthOf, temporaryFolder, testClient } from '../testing.ts'
import { MailboxClient } from './test-client.ts'
import { idOf, type Owner, ownerOf } from './testing.ts'

/** How often it is killed. */
const KILLS = 8
/** Deposits under way at once, of one client. */
const AT_ONCE = 24

const [alice, bob] = await Promise.all([ownerOf(1), ownerOf(2)])
const GRANT = alice.grant(bob.peerId)

/** The content of an item: its number again and again, some small, some over many pages of the database. */
const contentOf = (n: number): Uint8Array =>
  new Uint8Array(new Uint32Array(n % 5 === 0 ? 4000 : 40).fill(n).buffer)

const joined = async (relay: Running, who: Owner): Promise<MailboxClient> => {
  const url = await urlOf(relay)
  const { peerId } = await healthOf({ url })
  const address = `/ip4/127.0.0.1/tcp/${new URL(url).port}/ws/p2p/${peerId}`
  return MailboxClient.open(await testClient(undefined, who.privateKey), address)
}

test('killed again and again under deposits and confirmations, it has every deposit that it answered', async () => {
  const DATA_DIR = await temporaryFolder()
  const answered = new Set<number>()
  const confirmed = new Set<number>()
  /** Numbers whose confirmation was asked for: they may be there or not. */
  const asked = new Set<number>()
  let next = 0

  for (let kill = 0; kill < KILLS; kill++) {
    const relay = await run({ DATA_DIR })
    const [atAlice, atBob] = await Promise.all([joined(relay, alice), joined(relay, bob)])
    const before = answered.size
    /** One deposit after another, until the relay is gone. */
    const depositing = async (): Promise<void> => {
      for (let n = next++; ; n = next++) {
        const answer = await atBob
          .ask({ type: 'deposit', grant: GRANT, id: idOf(n), item: contentOf(n) })
          .catch(() => null)
        if (answer === null) return
        expect(answer.code).toBe('done')
        answered.add(n)
        // At another moment each time, with others on their way.
        if (answered.size >= before + 20 + 13 * kill) relay.process.kill('SIGKILL')
      }
    }
    const confirming = async (): Promise<void> => {
      for (const n of [...answered].filter((n) => n % 3 === 0 && !confirmed.has(n))) {
        asked.add(n)
        const answer = await atAlice.ask({ type: 'confirm', ids: [idOf(n)] }).catch(() => null)
        if (answer === null) return
        expect(answer.code).toBe('done')
        confirmed.add(n)
      }
    }
    await Promise.all([...Array.from({ length: AT_ONCE }, depositing), confirming()])
    await relay.ended
  }

  const relay = await run({ DATA_DIR })
  const items = await (await joined(relay, alice)).fetchAll()
  const held = new Map(items.map(({ id, item }) => [id, item]))
  const numbers = Array.from({ length: next }, (_, n) => n)
  const lost = numbers.filter((n) => answered.has(n) && !asked.has(n) && !held.has(idOf(n)))
  const back = numbers.filter((n) => confirmed.has(n) && held.has(idOf(n)))
  const damaged = numbers.filter((n) => {
    const item = held.get(idOf(n))
    return item !== undefined && Buffer.compare(item, contentOf(n)) !== 0
  })
  expect({ lost, back, damaged }).toEqual({ lost: [], back: [], damaged: [] })
  expect(held.size).toBeLessThanOrEqual(next)
  expect(confirmed.size).toBeGreaterThan(10)
  expect((await readdir(DATA_DIR)).sort()).toEqual(expect.arrayContaining(['mailbox.sqlite', 'relay.key']))
})
