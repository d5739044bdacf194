import { RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test, vi } from 'vitest'
import { RESERVATION_MS } from './limits.ts'
import { healthOf, testClient, testRelay, until } from './testing.ts'

vi.mock('./limits.ts', async (importOriginal) => ({
  ...(await importOriginal<typeof import('./limits.ts')>()),
  // libp2p counts reservations in whole seconds.
  RESERVATION_MS: 2000,
}))

test('a reservation that was renewed twice lasts as long as the second renewal says', async () => {
  const relay = await testRelay()
  const client = await testClient()
  const reserve = async (): Promise<void> => {
    const stream = await client.dialProtocol(multiaddr(relay.address), RELAY_V2_HOP_CODEC)
    // HopMessage { type: RESERVE }, with its length in front.
    stream.send(Uint8Array.of(2, 0x08, 0x00))
    await until(() => stream.remoteWriteStatus === 'closed', 'the relay to answer')
    stream.abort(new Error('answered'))
  }
  const reservations = async (): Promise<number> => (await healthOf(relay)).reservations

  await reserve()
  await reserve()
  const firstRenewal = performance.now()
  await until(() => performance.now() > firstRenewal + RESERVATION_MS / 2, 'half its time to pass')
  await reserve()
  await until(() => performance.now() > firstRenewal + RESERVATION_MS + 200, 'the first renewal to run out')
  expect(await reservations()).toBe(1)
  await until(async () => (await reservations()) === 0, 'the second renewal to run out')
})
