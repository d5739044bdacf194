import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Cbor, decode, encode, MalformedError } from './cbor.ts'

const value: fc.Arbitrary<Cbor> = fc.letrec<{ value: Cbor }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeNat(),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 6 }),
  ),
})).value

describe('deterministic CBOR (SPEC 1.1)', () => {
  test('what is encoded is decoded again', () => {
    fc.assert(
      fc.property(value, (v) => {
        expect(decode(encode(v))).toEqual(v)
      }),
    )
  })

  test('any bytes give a value or MalformedError, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          expect(encode(decode(bytes))).toEqual(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError)
        }
      }),
      { numRuns: 5000 },
    )
  })

  test.each([
    ['a hundred thousand nested arrays', new Uint8Array(100_000).fill(0x81)],
    ['an array that claims 2^40 elements', Uint8Array.of(0x9b, 0, 0, 1, 0, 0, 0, 0, 0)],
    ['a map', Uint8Array.of(0xa0)],
    ['a float', Uint8Array.of(0xf9, 0x3c, 0x00)],
    ['undefined', Uint8Array.of(0xf7)],
    ['a number that is longer than it must be', Uint8Array.of(0x18, 0x01)],
    ['two values', Uint8Array.of(0x01, 0x02)],
    ['nothing', new Uint8Array()],
  ])('refuses %s', (_name, bytes) => {
    expect(() => decode(bytes)).toThrow(MalformedError)
  })

  test('1.1: a text is what it is, with a byte order mark at its beginning too', () => {
    for (const text of ['\uFEFF', '\uFEFFa text that is longer than thirty-two bytes', 'in\uFEFFside'])
      expect(decode(encode([text, Uint8Array.of(0xef, 0xbb, 0xbf), 'x']))).toEqual([
        text,
        Uint8Array.of(0xef, 0xbb, 0xbf),
        'x',
      ])
  })
})
