/**
 * What a user can put into a report of a fault: how Gigi is connected, and what waits. No keys, no names, no texts, no secrets,
 * of no peer its id; of errors their kind alone, since their words may hold any of these. In English, whatever the interface
 * speaks: it is for whoever mends it.
 */
import { version } from '../../package.json'
import { CONFIG_KEYS } from '../domain/config.ts'
import { readConfig, readIdentity, readRelayConfig, readSettings } from '../store/identity.ts'
import { readPush } from '../store/push.ts'
import type { GigiDatabase } from '../store/schema.ts'
import type { NodeStatus, Trouble } from './api.ts'
import { readStorage } from './storage.ts'

/** Asking the relay for the time, milliseconds. */
const CLOCK_TIMEOUT_MS = 3_000

/** What this tab knows of the node. */
export interface NodeFacts {
  readonly status: NodeStatus
  /** Whether this tab runs it. */
  readonly leads: boolean
  /** The last trouble that was shown here, and when, milliseconds. */
  readonly lastTrouble: { readonly trouble: Trouble; readonly at: number } | null
}

type Part = readonly [name: string, read: () => Promise<string> | string]

/** The text: a line for each thing. What cannot be read says so. Never rejects. */
export async function describe(db: GigiDatabase, node: NodeFacts, now: number): Promise<string> {
  const parts: readonly Part[] = [
    ['time', () => new Date(now).toISOString()],
    ['version', () => version],
    ...nodeParts(node, now),
    ...storeParts(db, now),
    ...browserParts(now),
  ]
  const lines = parts.map(async ([name, read]) => `${name}: ${await tried(read)}`)
  return ['Gigi diagnostics', ...(await Promise.all(lines))].join('\n')
}

async function tried(read: () => Promise<string> | string): Promise<string> {
  try {
    return await read()
  } catch (error) {
    return `cannot be read (${error instanceof Error ? error.name : 'no error'})`
  }
}

function nodeParts({ status, leads, lastTrouble }: NodeFacts, now: number): readonly Part[] {
  const peers = Object.values(status.peers)
  const count = (path: string): number => peers.filter((peer) => peer.path === path).length
  return [
    ['tab', () => (leads ? 'runs the node' : 'follows another, or waits')],
    ['network', () => status.network],
    ['reservation', () => (status.network === 'online' ? 'held' : 'none')],
    ['sessions', () => `${count('direct')} direct, ${count('relayed')} relayed`],
    ['people', () => `${peers.filter(({ online }) => online).length} online, ${status.nearby.length} nearby`],
    ['trouble', () => status.trouble ?? 'none'],
    [
      'last trouble',
      () => (lastTrouble === null ? 'none' : `${lastTrouble.trouble}, ${age(lastTrouble.at, now)} ago`),
    ],
  ]
}

function storeParts(db: GigiDatabase, now: number): readonly Part[] {
  const inState = (state: string): Promise<number> => db.contacts.where('state').equals(state).count()
  return [
    ['identity', async () => ((await readIdentity(db)) === undefined ? 'none' : 'there')],
    [
      'relays',
      async () => ((await readRelayConfig(db))?.relays ?? []).map(hostOf).join(', ') || 'none known',
    ],
    ['ICE servers', async () => schemesOf((await readRelayConfig(db))?.iceServers ?? [])],
    [
      'contacts',
      async () =>
        `${await inState('accepted')} accepted, ${await inState('request')} requests, ${await inState('blocked')} blocked`,
    ],
    ['messages', async () => String(await db.messages.count())],
    ['waiting', () => describeQueue(db, now)],
    [
      'letters',
      async () => `${await db.deposits.count()} on their way, ${await db.owed.count()} people owed word`,
    ],
    [
      'cleanup',
      async () => {
        const row = await db.meta.get('cleanup')
        return row?.key === 'cleanup' ? `${age(row.at, now)} ago` : 'not yet'
      },
    ],
    ['push', () => describePush(db)],
    [
      'settings',
      async () =>
        Object.entries(await readSettings(db))
          .filter(([, value]) => typeof value === 'boolean')
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
    ],
    [
      'configuration',
      async () => {
        const config = await readConfig(db)
        return CONFIG_KEYS.map((key) => `${key}=${config[key]}`).join(' ')
      },
    ],
  ]
}

function browserParts(now: number): readonly Part[] {
  return [
    ['browser', () => navigator.userAgent],
    [
      'page',
      () =>
        [
          document.visibilityState,
          isSecureContext ? 'secure' : 'not secure',
          navigator.onLine ? 'online' : 'offline',
          matchMedia('(display-mode: standalone)').matches ? 'installed' : 'in a tab',
        ].join(', '),
    ],
    [
      'knows',
      () => {
        const known = {
          WebRTC: 'RTCPeerConnection' in globalThis,
          locks: 'locks' in navigator,
          push: 'PushManager' in globalThis,
        }
        return Object.entries(known)
          .map(([name, isKnown]) => `${name} ${isKnown ? 'yes' : 'no'}`)
          .join(', ')
      },
    ],
    [
      'storage',
      async () => {
        const storage = await readStorage()
        if (storage === null) return 'not told'
        const { usedBytes, quotaBytes, promised } = storage
        return `${usedBytes} of ${quotaBytes} bytes, ${promised ? 'persistent' : 'not persistent'}`
      },
    ],
    ['service worker', describeServiceWorker],
    ['notifications', () => ('Notification' in globalThis ? Notification.permission : 'not known')],
    ['clock', () => describeClock(now)],
  ]
}

/** What waits for someone, and since when at the most: what ends first was queued first, as a rule. */
async function describeQueue(db: GigiDatabase, now: number): Promise<string> {
  const [count, oldest] = await Promise.all([
    db.offline_queue.count(),
    db.offline_queue.orderBy('expires_at').first(),
  ])
  return oldest === undefined ? 'nothing' : `${count} messages, the oldest for ${age(oldest.queued_at, now)}`
}

/** Of where this browser is woken the host alone: the rest lets anyone wake it. */
async function describePush(db: GigiDatabase): Promise<string> {
  const row = await readPush(db)
  const key =
    (await readRelayConfig(db))?.vapid === undefined ? 'the relay has no key' : 'the relay has a key'
  if (row === null) return `off, ${key}`
  const state = row.wanted === 1 ? 'on' : 'ending'
  return `${state}, ${row.refused === 1 ? 'refused, ' : ''}${new URL(row.endpoint).host}, ${key}`
}

async function describeServiceWorker(): Promise<string> {
  if (!('serviceWorker' in navigator)) return 'not known'
  const registration = await navigator.serviceWorker.getRegistration()
  if (registration === undefined) return 'none'
  const { active, waiting, installing } = registration
  const states = { active, waiting, installing }
  const told = Object.entries(states).map(([name, worker]) => `${name} ${worker?.state ?? 'none'}`)
  return [...told, navigator.serviceWorker.controller === null ? 'not in control' : 'in control'].join(', ')
}

/** How far the relay's clock is from ours, to a second. */
async function describeClock(now: number): Promise<string> {
  const response = await fetch('/healthz', {
    cache: 'no-store',
    signal: AbortSignal.timeout(CLOCK_TIMEOUT_MS),
  })
  const theirs = Date.parse(response.headers.get('date') ?? '')
  return Number.isNaN(theirs)
    ? 'the relay does not tell'
    : `the relay's is ${Math.round((theirs - now) / 1000)} s ahead`
}

/** Host, port and kind of a multiaddr, without its peer id. */
function hostOf(address: string): string {
  const [, host, port, kind = ''] =
    /^\/(?:dns[46]?|dnsaddr|ip[46])\/([\w.:-]{1,255})\/tcp\/(\d{1,5})((?:\/(?:tls|wss|ws))*)/.exec(address) ??
    []
  return host === undefined || port === undefined ? 'not readable' : `${host} port ${port} ${kind.slice(1)}`
}

/** How many there are, and of which kinds; their names and passwords are not told. */
function schemesOf(servers: readonly { readonly urls: string | readonly string[] }[]): string {
  const schemes = servers
    .flatMap(({ urls }) => urls)
    .map((url) => /^(stuns?|turns?):/.exec(url)?.[1] ?? 'other')
  return schemes.length === 0 ? 'none' : schemes.join(', ')
}

/** In seconds; a clock that was put back since makes it less than none. */
const age = (at: number, now: number): string => `${Math.round((now - at) / 1000)} s`
