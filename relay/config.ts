/** The relay's configuration, read from the environment and the command line. Pure: touches no file, opens no port. */
import { resolve } from 'node:path'
import type { IceServer } from '../src/protocol/relay-config.ts'

/** Something that keeps the relay from starting; its message is one line that tells the operator what to do. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

export interface PushSettings {
  /** Where push services can complain: `mailto:` or `https:`. */
  readonly contact: string
  /** Whether pushes also go to loopback addresses, for tests and development. */
  readonly local: boolean
}

export interface RelaySettings {
  /** TCP port; 0 is any free one. */
  readonly port: number
  /** Address or host name to listen on. */
  readonly host: string
  /** Folder of the relay's keys and its mailbox. */
  readonly dataDir: string
  /** Where clients reach the relay, when that is not the address they load the page from. */
  readonly publicUrl: URL | undefined
  readonly iceServers: readonly IceServer[]
  /** How the relay wakes those for whom mail came; undefined: it wakes nobody. */
  readonly push: PushSettings | undefined
  /** Bytes that the mailbox may hold; 0: the relay has none. */
  readonly mailboxBytes: number
  /** Whether the built app is served; the Vite server does that in development. */
  readonly serveApp: boolean
}

/** Reads the settings. Throws StartError that names the variable, what is wrong with it and what would do. */
export function readSettings(
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): RelaySettings {
  const unknown = args.find((arg) => arg !== '--no-app')
  if (unknown !== undefined) throw new StartError(`Unknown option ${unknown}: the only option is --no-app.`)
  const publicUrl = readPublicUrl(env['PUBLIC_URL'])
  return {
    port: readPort(env['PORT']),
    host: readHost(env['HOST']),
    dataDir: resolve(given(env['DATA_DIR']) ?? './data'),
    publicUrl,
    iceServers: readIceServers(env['ICE_SERVERS']),
    push: readPush(env, publicUrl),
    mailboxBytes: readMailboxMegabytes(env['MAILBOX_MB']) * 1024 * 1024,
    serveApp: args.length === 0,
  }
}

// Compose files and shells often pass an unset variable on as an empty one.
const given = (value: string | undefined): string | undefined =>
  value === undefined || value.trim() === '' ? undefined : value.trim()

function readPort(value: string | undefined): number {
  const text = given(value) ?? '8080'
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(port <= 65_535))
    throw new StartError(
      `PORT is ${JSON.stringify(text)}: set it to a number from 0 to 65535 (0 is any free port).`,
    )
  return port
}

function readHost(value: string | undefined): string {
  const host = given(value) ?? '127.0.0.1'
  if (!/^[A-Za-z0-9.:_%-]+$/.test(host))
    throw new StartError(
      `HOST is ${JSON.stringify(host)}: set it to an address to listen on, such as 127.0.0.1 or 0.0.0.0.`,
    )
  return host
}

function readPublicUrl(value: string | undefined): URL | undefined {
  const text = given(value)
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const bare =
    url !== undefined &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.hostname !== '' &&
    url.href === `${url.origin}/`
  if (!bare)
    throw new StartError(
      `PUBLIC_URL is ${JSON.stringify(text)}: set it to an origin without a path, such as https://gigi.example.`,
    )
  return url
}

/** Push services want to know whom to ask about pushes: without anyone, a relay sends none. */
function readPush(
  env: Readonly<Record<string, string | undefined>>,
  publicUrl: URL | undefined,
): PushSettings | undefined {
  const local = readFlag('PUSH_LOCAL', env['PUSH_LOCAL'])
  const text = given(env['PUSH_CONTACT']) ?? (publicUrl?.protocol === 'https:' ? publicUrl.origin : 'off')
  if (text === 'off') return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const names =
    (url?.protocol === 'mailto:' && /^[^@\s]+@[^@\s]+$/.test(url.pathname)) ||
    (url?.protocol === 'https:' && url.hostname !== 'localhost')
  if (!names)
    throw new StartError(
      `PUSH_CONTACT is ${JSON.stringify(text)}: set it to where push services can reach you, such as mailto:me@gigi.example or https://gigi.example, or to off.`,
    )
  return { contact: text, local }
}

function readFlag(name: string, value: string | undefined): boolean {
  const text = given(value) ?? '0'
  if (text !== '0' && text !== '1')
    throw new StartError(`${name} is ${JSON.stringify(text)}: set it to 0 or 1.`)
  return text === '1'
}

function readMailboxMegabytes(value: string | undefined): number {
  const text = given(value) ?? '10240'
  if (!/^\d{1,9}$/.test(text))
    throw new StartError(
      `MAILBOX_MB is ${JSON.stringify(text)}: set it to a whole number of megabytes, or to 0 for a relay without a mailbox.`,
    )
  return Number(text)
}

const ICE_HELP = `set it to a JSON array such as [{"urls":"stun:stun.example:3478"}].`

function readIceServers(value: string | undefined): readonly IceServer[] {
  const text = given(value)
  if (text === undefined) return []
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new StartError(`ICE_SERVERS is not JSON: ${ICE_HELP}`, { cause: error })
  }
  if (!Array.isArray(parsed)) throw new StartError(`ICE_SERVERS is not an array: ${ICE_HELP}`)
  return parsed.map((server: unknown, i) => readIceServer(server, i))
}

function readIceServer(server: unknown, index: number): IceServer {
  const fail = (wrong: string): never => {
    throw new StartError(`ICE_SERVERS[${index}] ${wrong}: ${ICE_HELP}`)
  }
  if (typeof server !== 'object' || server === null) return fail('is not an object')
  const { urls, username, credential } = server as Record<string, unknown>
  const list: unknown[] = Array.isArray(urls) ? urls : [urls]
  if (list.length === 0) return fail('has no urls')
  for (const url of list)
    if (typeof url !== 'string' || !/^(stuns?|turns?):[^\s/]+$/.test(url))
      return fail('has a url that is not stun: or turn:')
  const isTurn = list.some((url) => String(url).startsWith('turn'))
  if (username !== undefined && typeof username !== 'string') return fail('has a username that is not text')
  if (credential !== undefined && typeof credential !== 'string')
    return fail('has a credential that is not text')
  if (isTurn && (username === undefined || credential === undefined))
    return fail('is a TURN server without username and credential')
  return {
    urls: Array.isArray(urls) ? (list as string[]) : (list[0] as string),
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  }
}
