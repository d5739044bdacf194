import { expect, test } from 'vitest'
import { person } from '../testing/people.ts'
import { encode, MalformedError } from './cbor.ts'
import {
  decodeNews,
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
])('$type comes out as it went in (SPEC 7.4)', (request) => {
  expect(decodeRequest(encodeRequest(request))).toEqual(request)
})

test('presence comes out as it went in; unknown kinds are skipped; rubbish is malformed (SPEC 7.4, 1.3, 1.4)', () => {
  const changes = [
    { peer: alice, online: true },
    { peer: bob, online: false },
  ]
  expect(decodeNews(encodePresence(changes))).toEqual({ type: 'presence', changes })
  expect(decodeNews(encode([77]))).toBeNull()
  expect(decodeRequest(encode([77]))).toBeNull()
  expect(() => decodeRequest(encode([0, [[new Uint8Array(31), null]]]))).toThrow(MalformedError)
})
