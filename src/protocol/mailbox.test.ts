import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { editArbitrary, edited } from '../testing/mutate.ts'
import { quickPerson } from '../testing/people.ts'
import { encode, MalformedError, sameBytes } from './cbor.ts'
import { type Grant, grantHolds, grantSignedBytes, holderOf, openGrant, sealGrant } from './grant.ts'
import { keyOfPeerId, toBase64url } from './identifiers.ts'
import { MAX_ITEM_BYTES, MAX_MAILBOX_FRAME_BYTES } from './limits.ts'
import {
  decodeMailboxNews,
  decodeMailboxRequest,
  encodeMailboxNews,
  encodeMailboxRequest,
  type Fetched,
  fetchedPayload,
  heldPayload,
  MAILBOX_CODES,
  type MailboxRequest,
  readBlob,
  readFetched,
  readHeld,
  readPrekey,
} from './mailbox.ts'
import { openPrekey, type Prekey, prekeySignedBytes, sealPrekey } from './prekey.ts'

const [alice, bob, eve] = [quickPerson('Alice', 1), quickPerson('Bob', 2), quickPerson('Eve', 3)]

const sized = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const time = fc.nat({ max: 2 ** 47 })
const id = sized(16).map(toBase64url)
const ids = fc.array(id, { maxLength: 20 })
const number = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const blob = fc.uint8Array({ maxLength: 256 })

const grant: fc.Arbitrary<Grant> = fc.record({
  owner: fc.constantFrom(alice.peerId, bob.peerId),
  id,
  holder: fc.option(sized(32)),
  ends: time,
})
const prekey: fc.Arbitrary<Prekey> = fc.record({
  owner: fc.constantFrom(alice.peerId, bob.peerId),
  publicKey: sized(32),
  made: time,
})
const request: fc.Arbitrary<MailboxRequest> = fc.oneof(
  fc.record(
    { type: fc.constant('deposit'), number, grant: blob, id, item: blob, quiet: fc.constant(true) },
    { requiredKeys: ['type', 'number', 'grant', 'id', 'item'] },
  ),
  fc.record({ type: fc.constant('fetch'), number, after: fc.maxSafeNat() }),
  fc.record({ type: fc.constant('confirm'), number, ids }),
  fc.record({ type: fc.constant('status'), number, grant: blob, ids }),
  fc.record({ type: fc.constant('prekey'), number, grant: blob }),
  fc.record({ type: fc.constant('publish'), number, prekey: blob }),
  fc.record({ type: fc.constant('revoke'), number, grants: fc.array(fc.record({ id, ends: time })) }),
  fc.record({ type: fc.constant('keep'), number, blob }),
  fc.record({ type: fc.constant('recall'), number }),
  fc.record({ type: fc.constantFrom('subscribe', 'unsubscribe'), number, endpoint: fc.webUrl() }),
)
const fetched: fc.Arbitrary<Fetched> = fc
  .tuple(fc.array(fc.tuple(fc.integer({ min: 1, max: 1e6 }), id, blob), { maxLength: 20 }), fc.boolean())
  .map(([rows, more]) => {
    let position = 0
    const items = rows.map(([gap, id, item]) => ({ position: (position += gap), id, item }))
    return { items, more: more && items.length > 0 }
  })

describe('what is encoded is decoded again', () => {
  test('grants and prekeys (SPEC 18.4, 18.6)', () => {
    fc.assert(
      fc.property(grant, prekey, sized(64), (grant, prekey, signature) => {
        expect(openGrant(sealGrant(grant, signature))).toEqual({
          grant,
          signed: grantSignedBytes(grant),
          signature,
        })
        expect(openPrekey(sealPrekey(prekey, signature))).toEqual({
          prekey,
          signed: prekeySignedBytes(prekey),
          signature,
        })
      }),
    )
  })

  test('requests (SPEC 18.7)', () => {
    fc.assert(
      fc.property(request, (request) => {
        expect(decodeMailboxRequest(encodeMailboxRequest(request))).toEqual(request)
      }),
    )
  })

  test('answers (SPEC 18.8, 18.9)', () => {
    fc.assert(
      fc.property(number, fc.constantFrom(...MAILBOX_CODES), fetched, ids, (number, code, fetched, ids) => {
        const answers = [fetchedPayload(fetched), heldPayload(ids), null].map((payload) => {
          const news = { type: 'answer', number, code, payload } as const
          expect(decodeMailboxNews(encodeMailboxNews(news))).toEqual(news)
          return payload
        })
        expect(readFetched(answers[0] ?? null, 0)).toEqual(fetched)
        expect(readHeld(answers[1] ?? null)).toEqual(ids)
        expect(readPrekey(answers[2] ?? null)).toBeNull()
      }),
    )
  })
})

test('the largest item has room in a frame (SPEC 17)', () => {
  const item = new Uint8Array(MAX_ITEM_BYTES)
  const grant = new Uint8Array(256)
  const request = { type: 'deposit', number: 1, grant, id: toBase64url(new Uint8Array(16)), item } as const
  const frame = encodeMailboxRequest(request)
  expect(frame.length).toBeLessThanOrEqual(MAX_MAILBOX_FRAME_BYTES)
  const read = decodeMailboxRequest(frame)
  expect(read?.type === 'deposit' && sameBytes(read.item, item)).toBe(true)
  expect(readBlob(item)).toBe(item)
})

test('later elements are ignored, unknown kinds skipped, unknown codes failures (SPEC 1.3, 18.9)', () => {
  expect(decodeMailboxRequest(encode([8, 1, 'later']))).toEqual({ type: 'recall', number: 1 })
  expect(decodeMailboxRequest(encode([99]))).toBeNull()
  expect(decodeMailboxNews(encode([99, 'later']))).toBeNull()
  expect(decodeMailboxNews(encode([16, 1, 99, null]))).toMatchObject({ code: 'failed' })
})

test('a deposit is quiet where it says so, and else is not (SPEC 18.7, 18.16)', () => {
  const id = toBase64url(new Uint8Array(16))
  const request = { type: 'deposit', number: 1, grant: Uint8Array.of(1), id, item: Uint8Array.of(2) } as const
  const elements = [0, 1, request.grant, new Uint8Array(16), request.item]
  expect(decodeMailboxRequest(encode(elements))).toEqual(request)
  expect(decodeMailboxRequest(encode([...elements, false]))).toEqual(request)
  expect(decodeMailboxRequest(encode([...elements, true, 'later']))).toEqual({ ...request, quiet: true })
})

test('an answer that would be asked for again for ever is malformed (SPEC 18.8)', () => {
  const one = { items: [{ position: 5, id: toBase64url(new Uint8Array(16)), item: Uint8Array.of(1) }] }
  expect(readFetched(fetchedPayload({ ...one, more: true }), 4).items).toHaveLength(1)
  expect(() => readFetched(fetchedPayload({ ...one, more: true }), 5)).toThrow(MalformedError)
  expect(() => readFetched(fetchedPayload({ items: [], more: true }), 5)).toThrow(MalformedError)
})

test('a grant holds for its holder until its end; one without a holder for anyone (SPEC 18.4, 18.5)', () => {
  const id = toBase64url(new Uint8Array(16).fill(7))
  const bobs: Grant = { owner: alice.peerId, id, holder: holderOf(id, bob.peerId), ends: 1000 }
  expect(grantHolds(bobs, bob.peerId, 999)).toBe(true)
  expect(grantHolds(bobs, bob.peerId, 1000)).toBe(false)
  expect(grantHolds(bobs, eve.peerId, 999)).toBe(false)
  expect(grantHolds({ ...bobs, holder: null }, eve.peerId, 999)).toBe(true)
  // The same peer has another name in another grant: grants cannot be told to be of one holder.
  expect(holderOf(toBase64url(new Uint8Array(16)), bob.peerId)).not.toEqual(bobs.holder)
})

test('whatever is done to frames, grants and prekeys, it is read or malformed (SPEC 1.4)', async () => {
  const held: Grant = {
    owner: alice.peerId,
    id: toBase64url(new Uint8Array(16)),
    holder: holderOf(toBase64url(new Uint8Array(16)), bob.peerId),
    ends: 1,
  }
  const sealed = sealGrant(held, await alice.crypto.sign(grantSignedBytes(held)))
  const day: Prekey = { owner: alice.peerId, publicKey: new Uint8Array(32), made: 1 }
  const recording = [
    sealed,
    sealPrekey(day, await alice.crypto.sign(prekeySignedBytes(day))),
    encodeMailboxRequest({ type: 'deposit', number: 1, grant: sealed, id: held.id, item: sealed }),
    encodeMailboxRequest({ type: 'revoke', number: 2, grants: [{ id: held.id, ends: 5 }] }),
    encodeMailboxNews({
      type: 'answer',
      number: 1,
      code: 'done',
      payload: fetchedPayload({ items: [{ position: 1, id: held.id, item: sealed }], more: false }),
    }),
  ]
  const key = keyOfPeerId(alice.peerId)
  await fc.assert(
    fc.asyncProperty(
      fc.array(editArbitrary(fc.uint8Array({ maxLength: 300 })), { minLength: 1, maxLength: 4 }),
      async (edits) => {
        for (const bytes of edited(recording, edits)) {
          const news = attempt(() => decodeMailboxNews(bytes))
          if (news?.type === 'answer') attempt(() => readFetched(news.payload, 0))
          const request = attempt(() => decodeMailboxRequest(bytes))
          if (request != null) expect(decodeMailboxRequest(encodeMailboxRequest(request))).toEqual(request)
          attempt(() => openPrekey(bytes))
          const opened = attempt(() => openGrant(bytes))
          if (opened !== undefined && (await alice.crypto.verify(key, opened.signature, opened.signed)))
            expect(opened.grant).toEqual(held)
        }
      },
    ),
    { numRuns: 300 },
  )
})

/** What `read` gives; undefined when it says malformed. Anything else that it throws is a bug. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedError) return undefined
    throw error
  }
}
