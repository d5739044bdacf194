import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { type Relay, startRelay } from '../../relay/relay.ts'
import { clock, random, timer } from '../app/ports.ts'
import { silentLog } from '../testing/fake-world.ts'
import { type Correspondent, mailboxContract } from '../testing/mailbox-contract.ts'
import { person } from '../testing/people.ts'
import { Recorder } from '../testing/transport-contract.ts'
import { Libp2pTransport } from './transport.ts'

let folder: string
let relays: readonly Relay[]
let people = 9000

const addressOf = ({ url, peerId }: Relay): string =>
  `/ip4/127.0.0.1/tcp/${new URL(url).port}/ws/p2p/${peerId}`

async function startOwnRelay(name: string): Promise<Relay> {
  return startRelay({
    settings: {
      port: 0,
      host: '127.0.0.1',
      dataDir: join(folder, name),
      publicUrl: undefined,
      iceServers: [],
      push: { contact: 'mailto:relay@gigi.example', local: true },
      mailboxBytes: 64 * 1024 * 1024,
      serveApp: false,
    },
    appFolder: '',
    log: () => undefined,
  })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gigi-mailbox-'))
  relays = await Promise.all(['one', 'two'].map(startOwnRelay))
})
afterAll(async () => {
  for (const relay of relays) await relay.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('the mailboxes of relays are a Mailbox', () => {
  mailboxContract(async (number): Promise<Correspondent> => {
    const who = person('someone', ++people)
    const relay = relays[number - 1]
    if (relay === undefined) throw new Error('no such relay')
    const config = { relays: [addressOf(relay)], iceServers: [] }
    const transport = new Libp2pTransport({
      self: who.peerId,
      seed: who.seed,
      webRtc: null,
      loadConfig: () => Promise.resolve(config),
      clock,
      timer,
      random,
      crypto: who.crypto,
      log: silentLog,
      onNearby: () => undefined,
    })
    await transport.start(new Recorder())
    return { who, mailbox: transport.mailbox, relays: config.relays, leave: () => transport.stop() }
  }, '/ip4/127.0.0.1/tcp/9/ws/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN')
})
