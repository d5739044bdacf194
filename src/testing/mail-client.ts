/** A client of mailboxes for tests of what goes wrong with them: the shipping transport, whose time a test moves. */
import { onTestFinished } from 'vitest'
import { random } from '../app/ports.ts'
import { Libp2pTransport } from '../net/transport.ts'
import { FakeTime, silentLog, until } from './fake-world.ts'
import { MailRecorder } from './mailbox-contract.ts'
import { type Person, person } from './people.ts'
import { type Asked, type ScriptedMailbox, scriptedMailbox } from './scripted-mailbox.ts'
import { Recorder } from './transport-contract.ts'

let people = 9500

export interface MailClient {
  readonly who: Person
  readonly time: FakeTime
  readonly transport: Libp2pTransport
  readonly seen: MailRecorder
  readonly sessions: Recorder
  /** Where it finds its relay. */
  relay: string
}

/** A client that has its reservation, stopped at the end of the test. */
export async function mailClientAt(relay: string): Promise<MailClient> {
  const [who, time] = [person('someone', ++people), new FakeTime()]
  const client: MailClient = {
    who,
    time,
    relay,
    seen: new MailRecorder(),
    sessions: new Recorder(),
    transport: new Libp2pTransport({
      self: who.peerId,
      seed: who.seed,
      webRtc: null,
      loadConfig: () => Promise.resolve({ relays: [client.relay], iceServers: [] }),
      clock: time,
      timer: time,
      random,
      crypto: who.crypto,
      log: silentLog,
      onNearby: () => undefined,
    }),
  }
  client.transport.mailbox.listen(client.seen)
  onTestFinished(() => client.transport.stop())
  await client.transport.start(client.sessions)
  await until(() => client.sessions.states.at(-1) === 'online', 'the reservation')
  return client
}

/** Resolves when its own mailbox has been ready so often. */
export async function ready(client: MailClient, times = 1): Promise<void> {
  const count = (): number => client.seen.events.filter((event) => event === 'ready').length
  await until(() => count() === times, 'the mailbox to be ready')
}

/** A scripted mailbox, stopped at the end of the test. */
export async function scripted(serve?: (asked: Asked) => void): Promise<ScriptedMailbox> {
  const relay = await scriptedMailbox(serve)
  onTestFinished(() => relay.stop())
  return relay
}

/** What is on its way on loopback has come. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** What becomes of a call: `done`, or its error. */
export const outcome = (call: Promise<unknown>): Promise<string> => call.then(() => 'done', String)
