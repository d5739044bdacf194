/** The waking of a relay: its sender, its clock and its limits put together. */
import type { PushSettings } from '../config.ts'
import { MAX_LINES_OF_A_KIND_PER_MINUTE } from '../limits.ts'
import { limitedLog } from '../log.ts'
import type { Push } from '../mailbox/service.ts'
import { Doorbell } from './doorbell.ts'
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
  const now = Date.now
  const after: WakerInit['after'] = (delayMs, wake) => {
    const timer = setTimeout(wake, delayMs).unref()
    return () => clearTimeout(timer)
  }
  const waker = new Waker({
    store,
    failed,
    send: createSender({ keys, contact, resolve: createResolver() }),
    now,
    after,
    random: Math.random,
    log: limitedLog(log, MAX_LINES_OF_A_KIND_PER_MINUTE),
  })
  const doorbell = new Doorbell({ wake: (owner) => waker.wake(owner, 'anyone'), now, after })
  return {
    accepts: (endpoint) => isEndpoint(endpoint, local),
    wake: (owner, from) => {
      if (from === 'anyone') doorbell.ring(owner)
      else waker.wake(owner, from)
    },
    callOff: (owner) => {
      const isRung = doorbell.callOff(owner)
      return waker.callOff(owner) ?? (isRung ? 'anyone' : null)
    },
    close: () => {
      doorbell.close()
      waker.close()
    },
  }
}
