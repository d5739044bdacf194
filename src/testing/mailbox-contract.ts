/** What every Mailbox must do. The one in memory and the one on libp2p pass the same suite. */
import { afterEach, expect, test } from 'vitest'
import { type Grant, grantSignedBytes, holderOf, inviteGrantId, sealGrant } from '../protocol/grant.ts'
import { hashOf, toBase64url } from '../protocol/identifiers.ts'
import { FETCH_BYTES, MAX_IDS_PER_REQUEST, MAX_ITEM_BYTES } from '../protocol/limits.ts'
import type { ItemId } from '../protocol/mailbox.ts'
import { prekeySignedBytes, sealPrekey } from '../protocol/prekey.ts'
import type { MailAddress, Mailbox, MailboxListener, MailItem } from '../sync/ports.ts'
import { until } from './fake-world.ts'
import type { Person } from './people.ts'

/** Counts all that a mailbox reports. */
export class MailRecorder implements MailboxListener {
  readonly events: ('ready' | 'none' | 'arrived' | 'gone')[] = []

  ready(): void {
    this.events.push('ready')
  }
  none(): void {
    this.events.push('none')
  }
  arrived(): void {
    this.events.push('arrived')
  }
  gone(): void {
    this.events.push('gone')
  }
}

export interface Correspondent {
  readonly who: Person
  readonly mailbox: Mailbox
  /** Of the relay that its own mailbox is at. */
  readonly relays: readonly string[]
  /** Disconnects it. */
  readonly leave: () => Promise<void>
}

/** What tells items apart, large ones too. */
const digest = ({ id, item }: MailItem): string => `${id} ${toBase64url(hashOf('', item))}`

/** A long time from now, milliseconds since the Unix epoch: within what the protocol can say. */
const ENDS = 2 ** 46

const itemId = ({ random }: Person): ItemId => toBase64url(random.bytes(16))

/** The owner's word that `holder` (null: whoever has it) may deposit; sealed. */
export async function grantOf(
  owner: Person,
  holder: Person | null,
  { id = itemId(owner), ends = ENDS }: Partial<Grant> = {},
): Promise<Uint8Array> {
  const grant: Grant = {
    owner: owner.peerId,
    id,
    holder: holder === null ? null : holderOf(id, holder.peerId),
    ends,
  }
  return new Uint8Array(sealGrant(grant, await owner.crypto.sign(grantSignedBytes(grant))))
}

/**
 * `join` makes a mailbox of a new person, connected, with its own at the first of two relays or at the second; `nowhere` is
 * the address of a relay that is not there.
 */
export function mailboxContract(join: (relay: 1 | 2) => Promise<Correspondent>, nowhere: string): void {
  type Seen = Correspondent & { readonly seen: MailRecorder }
  let alice: Seen
  let bob: Seen
  /** Bob's way to Alice. */
  let at: MailAddress

  async function joined(relay: 1 | 2): Promise<Seen> {
    const someone = await join(relay)
    const seen = new MailRecorder()
    someone.mailbox.listen(seen)
    await until(() => seen.events.includes('ready'), 'the mailbox to be ready')
    return { ...someone, seen }
  }
  for (const [place, relay] of [
    ['at the relay of both', 1],
    ['at a relay that is not the depositor’s', 2],
  ] as const) {
    test(`mail is left, told of, fetched and confirmed, ${place} (SPEC 18.3)`, async () => {
      await meet(relay)
      const { random } = bob.who
      const items = [random.bytes(10), random.bytes(7_000)].map((item) => ({ id: itemId(bob.who), item }))
      expect(
        await bob.mailbox.held(
          at,
          items.map(({ id }) => id),
        ),
      ).toEqual(new Set())
      for (const item of items) expect(await bob.mailbox.deposit(at, item)).toBe('done')
      await until(() => alice.seen.events.includes('arrived'), 'the news')
      const fetched = await alice.mailbox.fetch(0)
      expect([fetched.items.map(digest), fetched.more]).toEqual([items.map(digest), false])
      const [first, second] = fetched.items
      expect(await alice.mailbox.fetch(first?.position ?? 0)).toEqual({ items: [second], more: false })
      await alice.mailbox.confirm([first?.id ?? ''])
      const ids = items.map(({ id }) => id)
      expect(await bob.mailbox.held(at, ids)).toEqual(new Set([second?.id]))
      expect((await alice.mailbox.fetch(0)).items).toEqual([second])
      expect((await bob.mailbox.fetch(0)).items).toEqual([])
    })

    test(`a prekey is published, and read by whoever has a grant, ${place} (SPEC 18.6)`, async () => {
      await meet(relay)
      expect(await bob.mailbox.prekey(at)).toBeNull()
      for (const made of [1, 2]) {
        const prekey = { owner: alice.who.peerId, publicKey: alice.who.random.bytes(32), made }
        const signature = await alice.who.crypto.sign(prekeySignedBytes(prekey))
        const sealed = new Uint8Array(sealPrekey(prekey, signature))
        await alice.mailbox.publish(sealed)
        expect(await bob.mailbox.prekey(at)).toEqual(sealed)
      }
    })
  }

  async function meet(relay: 1 | 2): Promise<void> {
    ;[alice, bob] = await Promise.all([joined(relay), joined(1)])
    at = { relays: alice.relays, grant: await grantOf(alice.who, bob.who) }
  }

  afterEach(() => Promise.all([alice.leave(), bob.leave()]))

  test('the news comes again after something was fetched (SPEC 18.7)', async () => {
    await meet(1)
    const news = (): number => alice.seen.events.filter((event) => event === 'arrived').length
    for (const times of [1, 2, 3]) {
      await bob.mailbox.deposit(at, { id: itemId(bob.who), item: Uint8Array.of(times) })
      await until(() => news() === times, 'the news')
      await alice.mailbox.fetch(0)
    }
  })

  test('the same item again is done and there once; another’s id is denied (SPEC 18.10)', async () => {
    await meet(1)
    const item = { id: itemId(bob.who), item: Uint8Array.of(1) }
    for (let i = 0; i < 2; i++) expect(await bob.mailbox.deposit(at, item)).toBe('done')
    const other = { ...at, grant: await grantOf(alice.who, bob.who) }
    expect(await bob.mailbox.deposit(other, item)).toBe('denied')
    expect((await alice.mailbox.fetch(0)).items).toHaveLength(1)
  })

  test('a grant that does not hold is denied (SPEC 18.4, 18.13)', async () => {
    await meet(1)
    const id = itemId(alice.who)
    const revoked = await grantOf(alice.who, bob.who, { id })
    await alice.mailbox.revoke([{ id, ends: ENDS }])
    const grants = [
      revoked,
      await grantOf(alice.who, alice.who),
      await grantOf(alice.who, bob.who, { ends: 1 }),
      (await grantOf(alice.who, bob.who)).fill(0, 100),
      Uint8Array.of(1),
    ]
    for (const grant of grants) {
      const where = { relays: alice.relays, grant }
      expect(await bob.mailbox.deposit(where, { id: itemId(bob.who), item: Uint8Array.of() })).toBe('denied')
      expect(await bob.mailbox.held(where, [itemId(bob.who)])).toBeNull()
      expect(await bob.mailbox.prekey(where)).toBeNull()
    }
  })

  test('the grant of a link is for whoever has it, within less room (SPEC 18.5)', async () => {
    await meet(1)
    const grant = await grantOf(alice.who, null, { id: inviteGrantId(new Uint8Array(16)) })
    const open = { relays: alice.relays, grant }
    const large = (): MailItem => ({
      id: itemId(bob.who),
      item: new Uint8Array(MAX_ITEM_BYTES / 2),
    })
    for (const outcome of ['done', 'done', 'full'])
      expect(await bob.mailbox.deposit(open, large())).toBe(outcome)
    expect(await bob.mailbox.deposit(at, large())).toBe('done')
  })

  test('much mail comes piece by piece, the largest item by itself (SPEC 18.8)', async () => {
    await meet(1)
    const sizes = [FETCH_BYTES / 2, FETCH_BYTES / 2, MAX_ITEM_BYTES, 1]
    const items = sizes.map((size) => ({ id: itemId(bob.who), item: new Uint8Array(size).fill(size % 251) }))
    for (const item of items) expect(await bob.mailbox.deposit(at, item)).toBe('done')
    const pages: string[][] = []
    for (let after = 0, more = true; more;) {
      const fetched = await alice.mailbox.fetch(after)
      pages.push(fetched.items.map(digest))
      after = fetched.items.at(-1)?.position ?? after
      more = fetched.more
    }
    expect(pages.flat()).toEqual(items.map(digest))
    expect(pages.map((page) => page.length)).toEqual([2, 1, 1])
  })

  test('more ids than a request holds are asked for in several', async () => {
    await meet(1)
    const item = { id: itemId(bob.who), item: Uint8Array.of(1) }
    await bob.mailbox.deposit(at, item)
    const ids = Array.from({ length: 2 * MAX_IDS_PER_REQUEST }, () => itemId(bob.who))
    expect(await bob.mailbox.held(at, [...ids, item.id])).toEqual(new Set([item.id]))
    await alice.mailbox.revoke(ids.slice(0, MAX_IDS_PER_REQUEST + 1).map((id) => ({ id, ends: ENDS })))
    await alice.mailbox.confirm([...ids, item.id])
    expect(await bob.mailbox.held(at, [item.id])).toEqual(new Set())
  })

  test('what is kept is recalled, the newest (SPEC 18.14)', async () => {
    await meet(1)
    expect(await alice.mailbox.recall()).toBeNull()
    for (const blob of [Uint8Array.of(1), alice.who.random.bytes(10_000)]) {
      await alice.mailbox.keep(blob)
      expect(await alice.mailbox.recall()).toEqual(blob)
    }
    expect(await bob.mailbox.recall()).toBeNull()
  })

  test('where someone is to be woken is taken, again as well, and given up (SPEC 18.15)', async () => {
    await meet(1)
    const { mailbox } = alice
    const endpoint = 'https://push.example/a'
    for (let i = 0; i < 2; i++) expect(await mailbox.subscribe(endpoint)).toBe('done')
    expect(await mailbox.subscribe('file:///etc/passwd')).toBe('refused')
    for (let i = 0; i < 2; i++) await mailbox.unsubscribe(endpoint)
  })

  test('who listens is told of what is quiet, like of anything (SPEC 18.16)', async () => {
    await meet(1)
    const item = { id: itemId(bob.who), item: Uint8Array.of(1), quiet: true } as const
    expect(await bob.mailbox.deposit(at, item)).toBe('done')
    await until(() => alice.seen.events.includes('arrived'), 'the news')
  })

  test('the first relay that can be reached is asked, and ours where none is known', async () => {
    await meet(1)
    const item = { id: itemId(bob.who), item: Uint8Array.of(1) }
    expect(await bob.mailbox.deposit({ ...at, relays: [nowhere, ...at.relays] }, item)).toBe('done')
    expect(await bob.mailbox.held({ ...at, relays: [] }, [item.id])).toEqual(new Set([item.id]))
    for (const relays of [[nowhere], ['nothing of the kind']])
      await expect(bob.mailbox.deposit({ ...at, relays }, item)).rejects.toThrow('relay')
  })

  test('who is gone is told, and cannot ask', async () => {
    await meet(1)
    await alice.leave()
    await until(() => alice.seen.events.at(-1) === 'gone', 'the end')
    const { mailbox } = alice
    const calls = [
      () => mailbox.fetch(0),
      () => mailbox.confirm([itemId(bob.who)]),
      () => mailbox.publish(Uint8Array.of()),
      () => mailbox.revoke([{ id: itemId(bob.who), ends: ENDS }]),
      () => mailbox.keep(Uint8Array.of()),
      () => mailbox.recall(),
      () => mailbox.subscribe('https://push.example/'),
      () => mailbox.unsubscribe('https://push.example/'),
    ]
    for (const call of calls) await expect(call()).rejects.toThrow()
    // Mail can be left all the same.
    expect(await bob.mailbox.deposit(at, { id: itemId(bob.who), item: Uint8Array.of() })).toBe('done')
  })
}
