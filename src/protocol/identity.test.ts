import { expect, test } from 'vitest'
import { peerIdOfEntropy } from './public-key.ts'
import { entropyOf, phraseOf } from './recovery-phrase.ts'
import { keyOfPeerId, peerIdOfKey } from './identifiers.ts'

const entropy = Uint8Array.from({ length: 16 }, (_, i) => i)

test('an identity gives the same peer id for ever (SPEC 2.1)', () => {
  // A change here orphans every identity there is.
  expect(peerIdOfEntropy(entropy)).toBe('12D3KooWMhNnd7uHVeywgz9xfLc2A2kEPiJYRHs3nHGG9MQd91gF')
})

test('a recovery phrase is 12 words and gives the identity back, however it is typed (SPEC 2.1)', () => {
  const phrase = phraseOf(entropy)
  expect(phrase.split(' ')).toHaveLength(12)
  expect(entropyOf(`  ${phrase.toUpperCase().replaceAll(' ', '\n ')} `)).toEqual(entropy)
})

test.each(['', 'abandon', 'abandon '.repeat(12), 'abandon '.repeat(24), 'gigi '.repeat(12)])(
  '%j is no phrase',
  (text) => {
    expect(entropyOf(text)).toBeNull()
  },
)

test('a peer id and its key are one (SPEC 2.1)', () => {
  const peer = peerIdOfEntropy(entropy)
  expect(peerIdOfKey(keyOfPeerId(peer))).toBe(peer)
})
