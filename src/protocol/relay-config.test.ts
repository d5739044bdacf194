import { expect, test } from 'vitest'
import { MalformedError } from './cbor.ts'
import { readRelayConfig } from './relay-config.ts'

const config = {
  relays: ['/dns4/gigi.example/tcp/443/tls/ws'],
  iceServers: [{ urls: 'stun:gigi.example' }, { urls: ['turn:a'], username: 'u', credential: 'c' }],
}
const KEY = `B${'a'.repeat(86)}`

test('what a relay says of itself is read, and what later ones add is left out (SPEC 7.8)', () => {
  expect(readRelayConfig({ ...config, later: 1 })).toEqual(config)
  expect(readRelayConfig({ ...config, vapid: KEY })).toEqual({ ...config, vapid: KEY })
})

test.each([
  null,
  [],
  { relays: [] },
  { ...config, relays: Array.from({ length: 5 }, () => '') },
  { ...config, relays: ['a'.repeat(301)] },
  { ...config, iceServers: [{ urls: 1 }] },
  { ...config, vapid: null },
  { ...config, vapid: KEY.slice(1) },
  { ...config, vapid: `${KEY}=` },
])('%j is malformed (SPEC 7.8)', (value) => {
  expect(() => readRelayConfig(value)).toThrow(MalformedError)
})
