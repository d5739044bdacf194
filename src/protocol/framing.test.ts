import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MalformedError } from './cbor.ts'
import { FrameReader, frameBytes } from './framing.ts'

test('frames come out as they went in, however the stream cuts and joins them (SPEC 1.2)', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (frames, cuts) => {
        const stream = Uint8Array.from(frames.flatMap((frame) => [...frameBytes(frame)]))
        const reader = new FrameReader(400)
        const out: Uint8Array[] = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = at + (cuts[i % cuts.length] ?? 1)
          out.push(...reader.push(stream.subarray(at, end)))
          at = end
        }
        expect(out).toEqual(frames)
      },
    ),
  )
})

test('a frame over the limit is refused before anything is kept for it (SPEC 1.2, 1.5)', () => {
  expect(() => [...new FrameReader(100).push(Uint8Array.of(101))]).toThrow(MalformedError)
  expect(() => [...new FrameReader(100).push(Uint8Array.of(0xff, 0xff, 0xff, 0xff))]).toThrow(MalformedError)
})
