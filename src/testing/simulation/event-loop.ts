/**
 * Puts everything that runs later into one queue of this process that can be watched, so that the simulation
 * knows when all work of the stores is done, and so that the same seed runs in the same order. Import this before
 * Dexie: its channel to other tabs would bring messages at times of its own.
 */

/** Lets a callback through now, later, or never. */
export type Gate = (run: () => void) => void

const immediately = globalThis.setImmediate
let pending = 0
let gate: Gate = (run) => {
  run()
}

function counted(task: (...args: unknown[]) => void, ...args: unknown[]): NodeJS.Immediate {
  pending++
  return immediately(() => {
    pending--
    task(...args)
  })
}

class CountedPort {
  other: CountedPort | undefined
  onmessage: ((event: { data: unknown }) => void) | null = null
  readonly #gate = gate

  postMessage(data: unknown): void {
    const { other } = this
    counted(() => {
      this.#gate(() => other?.onmessage?.({ data }))
    })
  }

  close(): void {
    this.onmessage = null
  }
}

class CountedChannel {
  readonly port1 = new CountedPort()
  readonly port2 = new CountedPort()

  constructor() {
    this.port1.other = this.port2
    this.port2.other = this.port1
  }
}

Object.assign(globalThis, { setImmediate: counted, MessageChannel: CountedChannel })
Reflect.deleteProperty(globalThis, 'BroadcastChannel')

/** Runs `start`; the messages of channels that it makes before it first waits pass through `through`. */
export function gated<T>(through: Gate, start: () => T): T {
  const before = gate
  gate = through
  try {
    return start()
  } finally {
    gate = before
  }
}

const round = (): Promise<void> => new Promise((resolve) => immediately(resolve))

/** Resolves when nothing is left to run. */
export async function settled(): Promise<void> {
  do await round()
  while (pending > 0)
}

/** Lets what is under way come `rounds` tasks further. */
export async function goOn(rounds: number): Promise<void> {
  for (let left = rounds; left > 0 && pending > 0; left--) await round()
}
