import { beforeEach, describe, expect, test } from 'vitest'
import { toBase64url } from '../protocol/identifiers.ts'
import { FakeTime } from './fake-world.ts'
import { grantOf, mailboxContract, MailRecorder } from './mailbox-contract.ts'
import { type MailLoss, MemoryPost } from './memory-mailbox.ts'
import { quickPerson } from './people.ts'

let people = 0
const someone = () => quickPerson('someone', ++people)
const { verify } = someone().crypto
let post: MemoryPost

beforeEach(() => {
  post = new MemoryPost(new FakeTime(), verify)
})

describe('the mailboxes in memory are a Mailbox', () => {
  mailboxContract((relay) => {
    const who = someone()
    const mailbox = post.mailbox(who.peerId, `relay ${relay}`)
    mailbox.connect()
    const leave = (): Promise<void> => {
      mailbox.disconnect()
      return Promise.resolve()
    }
    return Promise.resolve({ who, mailbox, relays: [`relay ${relay}`], leave })
  }, 'nowhere')
})

describe('in a simulation', () => {
  test('a request may be lost, or its answer when it is done', async () => {
    const [alice, bob] = [someone(), someone()]
    const [hers, his] = [post.mailbox(alice.peerId), post.mailbox(bob.peerId)]
    for (const mailbox of [hers, his]) mailbox.connect()
    const at = { relays: [], grant: await grantOf(alice, bob) }
    const items = [1, 2].map((n) => ({ id: toBase64url(bob.random.bytes(16)), item: Uint8Array.of(n) }))
    const losses: MailLoss[] = ['request', 'answer']
    post.lose = () => losses.shift() ?? null
    for (const item of items) await expect(his.deposit(at, item)).rejects.toThrow('lost')
    expect((await hers.fetch(0)).items.map(({ id }) => id)).toEqual([items[1]?.id])
  })

  test('what is under way when a connection ends is not answered, and a relay may lose all it holds', async () => {
    const alice = someone()
    const mailbox = post.mailbox(alice.peerId)
    const seen = new MailRecorder()
    mailbox.listen(seen)
    mailbox.connect()
    await mailbox.keep(Uint8Array.of(1))
    const asked = mailbox.recall()
    mailbox.disconnect()
    await expect(asked).rejects.toThrow('ended')
    mailbox.connect()
    expect(await mailbox.recall()).toEqual(Uint8Array.of(1))
    post.wipe()
    expect(await mailbox.recall()).toBeNull()
    await mailbox.keep(Uint8Array.of(2))
    post.close()
    mailbox.connect()
    expect(seen.events).toEqual(['ready', 'gone', 'ready', 'gone'])
    await expect(mailbox.recall()).rejects.toThrow('not connected')
    post.open()
    mailbox.connect()
    expect(await mailbox.recall()).toEqual(Uint8Array.of(2))
  })
})
