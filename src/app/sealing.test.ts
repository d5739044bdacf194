import { readFileSync } from 'node:fs'
import { hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, test, vi } from 'vitest'
import { directConversationId, toBase64url } from '../protocol/identifiers.ts'
import {
  itemOf,
  letterAad,
  letterSignedBytes,
  openItem,
  openLetter,
  prekeyId,
  sealLetter,
} from '../protocol/letter.ts'
import { pad, unpad } from '../protocol/padding.ts'
import { LaterVersionError, MalformedError } from '../protocol/cbor.ts'
import { LETTER_SIZES, MAX_ENVELOPE_BYTES } from '../protocol/limits.ts'
import type { Vectors } from '../protocol/testing-vectors.ts'
import type { Sealer } from '../sync/ports.ts'
import { type Person, person } from '../testing/people.ts'
import { quickSealer, sealWith } from '../testing/quick-sealer.ts'
import { createSealer } from './sealing.ts'

const file = readFileSync(new URL('../protocol/vectors.json', import.meta.url), 'utf8')
const { identities, letters } = JSON.parse(file) as Vectors

async function realSealer({ entropy, peerId }: Person): Promise<Sealer> {
  const sealer = await createSealer(entropy, peerId)
  if (sealer === null) throw new Error('Node has X25519')
  return sealer
}

const [alice, bob] = [person('Alice', 1), person('Bob', 2)]
const aad = Uint8Array.of(1, 2, 3)
const plaintext = new TextEncoder().encode('Beauty is truth')

/** So many bytes, in envelopes as long as they may be. */
const envelopesOf = (bytes: number): Uint8Array[] =>
  Array.from(
    { length: Math.ceil(bytes / MAX_ENVELOPE_BYTES) || 1 },
    (_, i) => new Uint8Array(Math.min(bytes - i * MAX_ENVELOPE_BYTES, MAX_ENVELOPE_BYTES)),
  )

/** Each of its bits turned, in copies. */
const flipped = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.length * 8 }, (_, bit) =>
    bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))),
  )

describe.each([
  ['of WebCrypto', realSealer],
  ['for simulations', (who: Person) => Promise.resolve(quickSealer(who))],
])('the sealer %s', (_, create) => {
  test('opens what was sealed to its prekey, and seals the same differently each time (SPEC 19.3)', async () => {
    const [theirs, ours] = [await create(alice), await create(bob)]
    const pair = await ours.newPrekey()
    const [first, second] = [
      await theirs.seal(pair.publicKey, aad, plaintext),
      await theirs.seal(pair.publicKey, aad, plaintext),
    ]
    expect([first.enc.length, first.ciphertext.length]).toEqual([32, plaintext.length + 16])
    expect(first).not.toEqual(second)
    for (const sealed of [first, second]) expect(await ours.open(pair, aad, sealed)).toEqual(plaintext)
    expect(await ours.newPrekey()).not.toEqual(pair)
  })

  test('takes keys and bytes that are parts of something larger, as decoders give them', async () => {
    const sealer = await create(alice)
    const pair = await sealer.newPrekey()
    // Node's own slices are not copies.
    const part = (bytes: Uint8Array): Uint8Array =>
      Buffer.concat([Uint8Array.of(1, 2, 3), bytes, Uint8Array.of(4)]).subarray(3, -1)
    const sealed = await sealer.seal(part(pair.publicKey), part(aad), part(plaintext))
    const parts = { enc: part(sealed.enc), ciphertext: part(sealed.ciphertext) }
    const own = { publicKey: part(pair.publicKey), privateKey: part(pair.privateKey) }
    expect(await sealer.open(own, part(aad), parts)).toEqual(plaintext)
    expect(await sealer.openBackup(part(await sealer.sealBackup(part(plaintext))))).toEqual(plaintext)
  })

  test('opens it with no other key or aad, and with no bit changed', async () => {
    const sealer = await create(alice)
    const pair = await sealer.newPrekey()
    const sealed = await sealer.seal(pair.publicKey, aad, plaintext)
    expect(await sealer.open(await sealer.newPrekey(), aad, sealed)).toBeNull()
    for (const other of [Uint8Array.of(), Uint8Array.of(1, 2), Uint8Array.of(1, 2, 4)])
      expect(await sealer.open(pair, other, sealed)).toBeNull()
    for (const ciphertext of [...flipped(sealed.ciphertext), sealed.ciphertext.subarray(1), Uint8Array.of()])
      expect(await sealer.open(pair, aad, { ...sealed, ciphertext })).toBeNull()
    // The highest bit of an X25519 key is of no meaning to the curve, but HPKE binds the bytes.
    for (const enc of [...flipped(sealed.enc), new Uint8Array(32)])
      expect(await sealer.open(pair, aad, { ...sealed, enc })).toBeNull()
  })

  test('seals nothing to what is no key', async () => {
    const sealer = await create(alice)
    const one = new Uint8Array(32).with(0, 1)
    for (const prekey of [new Uint8Array(32), one, new Uint8Array(31), new Uint8Array(33), Uint8Array.of()])
      await expect(sealer.seal(prekey, aad, plaintext)).rejects.toBeInstanceOf(MalformedError)
  })

  test('opens backups of its identity only, with no bit changed (SPEC 20.1)', async () => {
    const [sealer, again, other] = [await create(alice), await create(alice), await create(bob)]
    const blob = await sealer.sealBackup(plaintext)
    expect(await sealer.sealBackup(plaintext)).not.toEqual(blob)
    expect(await again.openBackup(blob)).toEqual(plaintext)
    expect(await other.openBackup(blob)).toBeNull()
    const changed = [...flipped(blob), blob.subarray(1), Uint8Array.of()]
    const opened = await Promise.all(
      changed.map((of) => sealer.openBackup(of).catch((error: unknown) => error)),
    )
    const others = opened.filter((outcome) => outcome !== null)
    // Four bits make its version a later one: of that it is not known what it is.
    expect(others).toEqual(Array.from({ length: 4 }, () => expect.any(LaterVersionError) as unknown))
    // The same bytes under another public key are not its backup.
    const moved = await create({ ...alice, peerId: bob.peerId })
    expect(await moved.openBackup(blob)).toBeNull()
  })

  test('opens what other implementations sealed (SPEC 19.3, 20.1)', async () => {
    const { hpke, backup } = letters
    const [identity] = identities
    if (identity === undefined) throw new Error('no identity')
    const sealer = await create({
      ...alice,
      entropy: hexToBytes(identity.entropy),
      peerId: identity.peerId,
    })
    const pair = { privateKey: hexToBytes(hpke.privateKey), publicKey: hexToBytes(hpke.publicKey) }
    const sealed = { enc: hexToBytes(hpke.enc), ciphertext: hexToBytes(hpke.ciphertext) }
    expect(await sealer.open(pair, hexToBytes(hpke.aad), sealed)).toEqual(hexToBytes(hpke.plaintext))
    expect(await sealer.openBackup(hexToBytes(backup.blob))).toEqual(hexToBytes(backup.plaintext))
  })
})

test('each of the two sealers opens what the other has sealed', async () => {
  const sealers = [await realSealer(alice), quickSealer(alice)]
  for (const theirs of sealers)
    for (const ours of sealers) {
      const pair = await ours.newPrekey()
      expect(await ours.open(pair, aad, await theirs.seal(pair.publicKey, aad, plaintext))).toEqual(plaintext)
      expect(await ours.openBackup(await theirs.sealBackup(plaintext))).toEqual(plaintext)
    }
})

test('the sealer for simulations does what RFC 9180 says in A.1.1', () => {
  const bytes = (hex: string): Uint8Array => hexToBytes(hex)
  const sealed = sealWith(
    bytes('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736'),
    bytes('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d'),
    bytes('4f6465206f6e2061204772656369616e2055726e'),
    bytes('436f756e742d30'),
    bytes('4265617574792069732074727574682c20747275746820626561757479'),
    16,
  )
  expect(sealed).toEqual({
    enc: bytes('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'),
    ciphertext: bytes(
      'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
    ),
  })
})

test('a browser without X25519 has no sealer', async () => {
  const missing = new DOMException('no X25519', 'NotSupportedError')
  const generateKey = vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValueOnce(missing)
  expect(await createSealer(alice.entropy, alice.peerId)).toBeNull()
  expect(generateKey).toHaveBeenCalledOnce()
})

test('a letter goes through an item whole, and items of one size class are of one size (SPEC 19.2, 19.3)', async () => {
  const [theirs, ours] = [await realSealer(alice), await realSealer(bob)]
  const pair = await ours.newPrekey()
  const id = toBase64url(alice.random.bytes(16))
  const conversation = directConversationId(alice.peerId, bob.peerId)
  async function itemWith(bytes: number): Promise<{ item: Uint8Array; size: number }> {
    const letter = {
      sender: alice.peerId,
      recipient: bob.peerId,
      written: 1,
      frames: [
        { type: 'summary', conversations: [{ conversation, logs: [] }] },
        { type: 'push', number: 1, envelopes: envelopesOf(bytes) },
      ],
    } as const
    const sealed = sealLetter(letter, await alice.crypto.sign(letterSignedBytes(letter)))
    const padded = pad(sealed)
    const { enc, ciphertext } = await theirs.seal(pair.publicKey, letterAad(bob.peerId, id), padded)
    const item = itemOf({ prekey: prekeyId(pair.publicKey), enc, ciphertext })
    const opened = openItem(item)
    expect(opened.prekey).toBe(prekeyId(pair.publicKey))
    const plain = await ours.open(pair, letterAad(bob.peerId, id), opened)
    if (plain === null) throw new Error('it does not open')
    expect(openLetter(unpad(plain), bob.peerId).letter).toEqual(letter)
    expect(await ours.open(pair, letterAad(alice.peerId, id), opened)).toBeNull()
    return { item, size: padded.length }
  }
  const lengths = new Map<number, Set<number>>()
  for (const bytes of [0, 1, 300, 700, 900, 1000, 2500, 3700, 4000, 60_000, 65_000, 200_000, 300_000]) {
    const { item, size } = await itemWith(bytes)
    lengths.set(size, (lengths.get(size) ?? new Set()).add(item.length))
  }
  expect([...lengths.keys()].sort((a, b) => a - b)).toEqual(LETTER_SIZES)
  expect([...lengths.values()].map((of) => of.size)).toEqual(LETTER_SIZES.map(() => 1))
})
