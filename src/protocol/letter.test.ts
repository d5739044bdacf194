import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { person } from '../testing/people.ts'
import { encode, MalformedError } from './cbor.ts'
import { encodeFrame } from './frame-codec.ts'
import { keyOfPeerId } from './identifiers.ts'
import { decodeBackup } from './backup.ts'
import { type Letter, letterSignedBytes, openItem, openLetter, sealLetter } from './letter.ts'
import { pad, unpad } from './padding.ts'
import { decodeProfile } from './profile.ts'
import {
  BACKUP_SIZES,
  LETTER_SIZES,
  MAX_ITEM_BYTES,
  MAX_PADDED_LETTER_BYTES,
  MAX_SYNC_FRAME_BYTES,
  PUSH_BYTES,
} from './limits.ts'

const [alice, bob] = [person('Alice', 1), person('Bob', 2)]
const letter: Letter = {
  sender: alice.peerId,
  recipient: bob.peerId,
  written: 1_700_000_000_000,
  frames: [
    { type: 'card', nickname: 'Alice', relays: ['/dns4/relay.example/tcp/443/tls/ws/p2p/12D3KooW'] },
    { type: 'grant', grant: new Uint8Array(160) },
    { type: 'push', number: 1, envelopes: [new Uint8Array(300)] },
  ],
}
const signatureOf = (of: Letter): Promise<Uint8Array> => alice.crypto.sign(letterSignedBytes(of))

describe('letters', () => {
  test('are read by their recipient, and nobody can change or redirect one (SPEC 19.1)', async () => {
    const sealed = sealLetter(letter, await signatureOf(letter))
    const opened = openLetter(sealed, bob.peerId)
    expect(opened.letter).toEqual(letter)
    expect(await bob.crypto.verify(keyOfPeerId(opened.letter.sender), opened.signature, opened.signed)).toBe(
      true,
    )
    expect(() => openLetter(sealed, alice.peerId)).toThrow(MalformedError)
    const redirected = sealLetter({ ...letter, recipient: alice.peerId }, opened.signature)
    const forged = openLetter(redirected, alice.peerId)
    expect(await bob.crypto.verify(keyOfPeerId(alice.peerId), forged.signature, forged.signed)).toBe(false)
  })

  test('are of frames in their order; a later version may add elements (SPEC 1.3, 19.4)', () => {
    const frames = [...letter.frames].reverse()
    const elements = [
      1,
      keyOfPeerId(alice.peerId),
      keyOfPeerId(bob.peerId),
      1,
      frames.map(encodeFrame),
      'later',
    ]
    const opened = openLetter(encode([encode(elements), new Uint8Array(64), 'later']), bob.peerId)
    expect(opened.letter.frames).toEqual(frames)
  })

  test('have room for a full push and all that goes with it (SPEC 17)', () => {
    const full: Letter = {
      ...letter,
      frames: [...letter.frames, { type: 'push', number: 1, envelopes: [new Uint8Array(PUSH_BYTES)] }],
    }
    expect(pad(sealLetter(full, new Uint8Array(64))).length).toBeLessThanOrEqual(MAX_PADDED_LETTER_BYTES)
    expect(MAX_PADDED_LETTER_BYTES + 100).toBeLessThan(MAX_ITEM_BYTES)
    expect(MAX_PADDED_LETTER_BYTES).toBe(MAX_SYNC_FRAME_BYTES)
  })

  test('that are too long for the largest size are not padded (SPEC 19.2)', () => {
    expect(() => pad(new Uint8Array(MAX_PADDED_LETTER_BYTES))).toThrow(RangeError)
    expect(() => unpad(pad(new Uint8Array(1)).subarray(0, 1))).toThrow(MalformedError)
    const oversize = new Uint8Array(MAX_PADDED_LETTER_BYTES + 1).fill(0x80)
    expect(() => unpad(oversize)).toThrow(MalformedError)
  })

  test('come out of their padding as they went in, whatever is in them (SPEC 19.2)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        const padded = pad(bytes)
        expect(LETTER_SIZES).toContain(padded.length)
        expect(unpad(padded)).toEqual(bytes)
      }),
    )
  })
})

test('any bytes, and valid letters with bytes changed, are read or malformed (SPEC 1.4)', () => {
  const sealed = sealLetter(letter, new Uint8Array(64))
  const item = encode([1, new Uint8Array(8), new Uint8Array(32), new Uint8Array(40)])
  const mutated = fc
    .tuple(fc.constantFrom(sealed, item), fc.nat(), fc.integer({ min: 0, max: 255 }))
    .map(([bytes, at, byte]) => bytes.with(at % bytes.length, byte))
  const readers = [
    (bytes: Uint8Array) => openLetter(bytes, bob.peerId),
    openItem,
    (bytes: Uint8Array) => unpad(bytes),
    decodeBackup,
    (bytes: Uint8Array) => decodeProfile(pad(bytes, BACKUP_SIZES)),
  ]
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), mutated), (bytes) => {
      for (const read of readers)
        try {
          read(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError)
        }
    }),
    { numRuns: 3000 },
  )
})
