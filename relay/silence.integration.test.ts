import { multiaddr } from '@multiformats/multiaddr'
import { expect, test, vi } from 'vitest'
import { SILENCE_MS } from './limits.ts'
import { healthOf, networkTo, testClient, testRelay, until } from './testing.ts'

vi.mock('./limits.ts', async (importOriginal) => ({
  ...(await importOriginal<typeof import('./limits.ts')>()),
  KEEPALIVE_MS: 100,
  SILENCE_MS: 2000,
  SILENCE_SWEEP_MS: 50,
}))

test('a client that answers no ping is gone after the limit of silence, and one that idles stays', async () => {
  const relay = await testRelay()
  const network = await networkTo(relay)
  const [silent, idle] = await Promise.all([testClient(), testClient()])
  await Promise.all([silent.dial(multiaddr(network.address)), idle.dial(multiaddr(relay.address))])
  expect((await healthOf(relay)).connections).toBe(2)
  const started = performance.now()
  network.goSilent()
  await until(async () => (await healthOf(relay)).connections === 1, 'the silent client to be dropped')
  expect(performance.now() - started).toBeGreaterThan(SILENCE_MS / 2)
  expect(idle.getConnections()).toHaveLength(1)
})
