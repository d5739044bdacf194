/** Many clients of one relay: the shipping transport, without WebRTC, on the real clock. */
import { clock, random, timer } from '../app/ports.ts'
import { Libp2pTransport } from '../net/transport.ts'
import type { RelayConfig } from '../protocol/relay-config.ts'
import type { NetworkState, TransportListener } from '../sync/ports.ts'
import { silentLog } from './fake-world.ts'
import { person } from './people.ts'

/** Clients that are started together. */
const AT_A_TIME = 10

interface Member {
  readonly transport: Libp2pTransport
  state: NetworkState
  /** When its state last changed, on the clock of `performance`. */
  since: number
}

export class Crowd {
  readonly #members: readonly Member[]
  /** Where they are told that the relay is. */
  config: RelayConfig

  /** Clients `first` and up of all the clients that tests know, not started. */
  constructor(count: number, config: RelayConfig, first = 0) {
    this.config = config
    this.#members = Array.from({ length: count }, (_, i) => {
      const { peerId, seed, crypto } = person(`client ${first + i}`, first + i)
      const transport = new Libp2pTransport({
        self: peerId,
        seed,
        webRtc: null,
        loadConfig: () => Promise.resolve(this.config),
        clock,
        timer,
        random,
        crypto,
        log: silentLog,
        onNearby: () => undefined,
      })
      return { transport, state: 'connecting', since: 0 }
    })
  }

  /** Resolves when each of them has had a reservation. A few at a time: they all share one core. */
  async start(): Promise<void> {
    for (let i = 0; i < this.#members.length; i += AT_A_TIME)
      await Promise.all(this.#members.slice(i, i + AT_A_TIME).map(reserved))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map(({ transport }) => transport.stop()))
  }

  /** How many of them have a reservation. */
  get online(): number {
    return this.#members.filter(({ state }) => state === 'online').length
  }

  /** When each of them got the state that it has, on the clock of `performance`, earliest first. */
  get since(): readonly number[] {
    return this.#members.map(({ since }) => since).sort((a, b) => a - b)
  }
}

const DEAF: TransportListener = {
  network: () => undefined,
  presence: () => undefined,
  rival: () => undefined,
  opened: () => undefined,
  frame: () => undefined,
  closed: () => undefined,
}

async function reserved(member: Member): Promise<void> {
  const first = Promise.withResolvers<void>()
  const network = (state: NetworkState): void => {
    member.state = state
    member.since = performance.now()
    if (state === 'online') first.resolve()
  }
  await member.transport.start({ ...DEAF, network })
  await first.promise
}
