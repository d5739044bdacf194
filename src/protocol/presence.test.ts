import { expect, test } from 'vitest'
import { person } from '../testing/people.ts'
import { encode, MalformedError } from './cbor.ts'
import {
  decodePresence,
  decodeRequest,
  encodePresence,
  encodeRequest,
  inviteToken,
  type PresenceRequest,
} from './presence.ts'

const [alice, bob] = [person('Alice', 1).peerId, person('Bob', 2).peerId]
const token = inviteToken(new Uint8Array(16))

test.each<PresenceRequest>([
  { type: 'watch', watches: [{ peer: alice }, { peer: bob, token }] },
  { type: 'unwatch', peers: [alice] },
  { type: 'tokens', tokens: [token] },
])('$type comes out as it went in', (request) => {
  expect(decodeRequest(encodeRequest(request))).toEqual(request)
})

test('presence comes out as it went in; unknown kinds are skipped; rubbish is malformed', () => {
  const changes = [
    { peer: alice, online: true },
    { peer: bob, online: false },
  ]
  expect(decodePresence(encodePresence(changes))).toEqual(changes)
  expect(decodePresence(encode([77]))).toBeNull()
  expect(decodeRequest(encode([77]))).toBeNull()
  expect(() => decodeRequest(encode([0, [[new Uint8Array(31), null]]]))).toThrow(MalformedError)
})
