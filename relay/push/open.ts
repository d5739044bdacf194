/** The waking of a relay: its sender, its clock and its limits put together. */
import type { PushSettings } from '../config.ts'
import { MAX_LINES_OF_A_KIND_PER_MINUTE } from '../limits.ts'
import { limitedLog } from '../log.ts'
import type { Push } from '../mailbox/service.ts'
import { isEndpoint } from './endpoint.ts'
import type { PushKeys } from './keys.ts'
import { createResolver, createSender } from './send.ts'
import { Waker, type WakerInit } from './waker.ts'

export interface SignedPush extends PushSettings {
  readonly keys: PushKeys
}

export interface OpenPush extends Push {
  /** Ends what is under way, and wakes nobody any more. */
  readonly close: () => void
}

export function openPush({
  keys,
  contact,
  local,
  store,
  log,
  failed,
}: SignedPush & Pick<WakerInit, 'store' | 'log' | 'failed'>): OpenPush {
  const waker = new Waker({
    store,
    failed,
    send: createSender({ keys, contact, resolve: createResolver() }),
    now: Date.now,
    after: (delayMs, wake) => {
      const timer = setTimeout(wake, delayMs).unref()
      return () => clearTimeout(timer)
    },
    random: Math.random,
    log: limitedLog(log, MAX_LINES_OF_A_KIND_PER_MINUTE),
  })
  return {
    accepts: (endpoint) => isEndpoint(endpoint, local),
    wake: (owner) => waker.wake(owner),
    callOff: (owner) => waker.callOff(owner),
    close: () => waker.close(),
  }
}
