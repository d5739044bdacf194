/** A relay with nothing but a mailbox, on a store and a clock of its own, for tests of what streams do to it. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { onTestFinished } from 'vitest'
import { createHttpServer } from '../http.ts'
import { startNode } from '../node.ts'
import { testClient } from '../testing.ts'
import { MailboxService, type Push } from './service.ts'
import type { MailboxStore } from './store.ts'
import { MailboxClient } from './test-client.ts'
import type { Owner } from './testing.ts'
import { verifySignature } from './verify.ts'

export interface Served {
  readonly address: string
  readonly logged: string[]
  readonly failures: unknown[]
  now: number
}

/** Stopped at the end of the test. Without `push` nobody is woken. */
export async function serving(store: MailboxStore, push?: Push): Promise<Served> {
  const served: Served = { address: '', logged: [], failures: [], now: Date.now() }
  const log = (line: string): void => void served.logged.push(line)
  const health = () => undefined
  const server = createHttpServer({
    peerId: '',
    app: new Map(),
    publicOrigin: undefined,
    iceServers: [],
    vapid: undefined,
    health,
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const mailbox = new MailboxService({
    ...{ store, verify: verifySignature, log, now: () => served.now, push },
    failed: (error) => served.failures.push(error),
  })
  const node = await startNode({
    ...{ server, privateKey: await generateKeyPair('Ed25519'), announce: [], log },
    services: [(node) => mailbox.serve(node)],
  })
  onTestFinished(async () => {
    server.close()
    await node.stop()
    await store.close()
  })
  return Object.assign(served, { address: node.getMultiaddrs().join() })
}

/** A stream of that person, over a connection of its own. */
export const joined = async (served: Served, who: Owner): Promise<MailboxClient> =>
  MailboxClient.open(await testClient(undefined, who.privateKey), served.address)
