import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isDecodable, pictureSize } from './picture.ts'

const ascii = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0))
const be32 = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]
const be16 = (n: number): number[] => [n >>> 8, n & 255]
const le16 = (n: number): number[] => [n & 255, n >>> 8]
const le24 = (n: number): number[] => [n & 255, (n >>> 8) & 255, n >>> 16]

const png = (w: number, h: number): number[] => [
  ...[0x89, ...ascii('PNG'), 0x0d, 0x0a, 0x1a, 0x0a],
  ...[...be32(13), ...ascii('IHDR'), ...be32(w), ...be32(h), 8, 6, 0, 0, 0],
]
const gif = (w: number, h: number): number[] => [...ascii('GIF89a'), ...le16(w), ...le16(h), 0]
/** With a colour profile and a table before the frame, as cameras write them. */
const jpeg = (w: number, h: number, frame = 0xc0): number[] => [
  ...[0xff, 0xd8, 0xff, 0xe0, ...be16(16), ...new Array<number>(14).fill(0)],
  ...[0xff, 0xff, 0xe2, ...be16(300), ...new Array<number>(298).fill(0xff)],
  ...[0xff, 0xc4, ...be16(4), 0, 0],
  ...[0xff, frame, ...be16(17), 8, ...be16(h), ...be16(w), 3],
]
const riff = (kind: string, rest: number[]): number[] => [
  ...[...ascii('RIFF'), 0, 0, 0, 0, ...ascii('WEBP'), ...ascii(kind), 0, 0, 0, 0],
  ...rest,
]
const lossy = (w: number, h: number): number[] =>
  riff('VP8 ', [0, 0, 0, 0x9d, 1, 0x2a, ...le16(w), ...le16(h)])
const extended = (w: number, h: number): number[] =>
  riff('VP8X', [0, 0, 0, 0, ...le24(w - 1), ...le24(h - 1)])
function lossless(w: number, h: number): number[] {
  const bits = (w - 1) | ((h - 1) << 14)
  return riff('VP8L', [0x2f, bits & 255, (bits >>> 8) & 255, (bits >>> 16) & 255, bits >>> 24])
}

describe('the size of a picture is in its first bytes', () => {
  test.each([
    ['PNG', 'image/png', png(640, 480)],
    ['GIF', 'image/gif', gif(640, 480)],
    ['JPEG', 'image/jpeg', jpeg(640, 480)],
    ['progressive JPEG', 'image/jpeg', jpeg(640, 480, 0xc2)],
    ['lossy WebP', 'image/webp', lossy(640, 480)],
    ['lossless WebP', 'image/webp', lossless(640, 480)],
    ['extended WebP', 'image/webp', extended(640, 480)],
  ])('%s', (_name, type, bytes) => {
    expect(pictureSize(Uint8Array.from(bytes))).toEqual({ type, width: 640, height: 480 })
    // A part of it that does not reach so far says nothing, and throws nothing.
    for (let length = 0; length < bytes.length; length++)
      expect([null, 640]).toContain(pictureSize(Uint8Array.from(bytes.slice(0, length)))?.width ?? null)
  })

  test.each([
    ['SVG', ascii('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['HTML', ascii('<!doctype html><script>alert(1)</script>')],
    ['a JPEG without a frame', [0xff, 0xd8, 0xff, 0xda, 0, 2]],
    ['a JPEG of zeros', [0xff, 0xd8, ...new Array<number>(50).fill(0)]],
  ])('%s is none', (_name, bytes) => {
    expect(pictureSize(Uint8Array.from(bytes))).toBeNull()
  })

  test('any bytes give a size or none, and nothing else', () => {
    const heads = fc.constantFrom(png(1, 1), gif(1, 1), jpeg(1, 1), lossy(1, 1), extended(1, 1), [])
    fc.assert(
      fc.property(heads, fc.uint8Array({ maxLength: 400 }), fc.nat(40), (head, noise, at) => {
        pictureSize(Uint8Array.from([...head.slice(0, at), ...noise]))
      }),
    )
  })
})

test('what would fill the memory is not decoded', () => {
  expect(isDecodable({ width: 8000, height: 6000 })).toBe(true)
  expect(isDecodable({ width: 60_000, height: 60_000 })).toBe(false)
  expect(isDecodable({ width: 100_000, height: 1 })).toBe(false)
  expect(isDecodable({ width: 0, height: 5 })).toBe(false)
})
