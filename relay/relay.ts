/** The relay as a whole: key, app, HTTP server, libp2p node and its services, started and stopped together. */
import type { Server } from 'node:http'
import { isIP } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Libp2p } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { isPeerId } from '../src/domain/ids.ts'
import { addressAt, originOfUrl } from './addresses.ts'
import { loadApp } from './app-files.ts'
import { type RelaySettings, StartError } from './config.ts'
import { serve } from './frames.ts'
import { createHttpServer } from './http.ts'
import { loadKey } from './key.ts'
import { LISTEN_BACKLOG, SHUTDOWN_MS } from './limits.ts'
import { codeOf, type Log, reasonOf } from './log.ts'
import { openMailbox, type OpenMailbox } from './mailbox/open.ts'
import { nearbyService } from './nearby.ts'
import { type RelayNode, startNode } from './node.ts'
import { presenceService } from './presence.ts'
import { loadPushKeys } from './push/keys.ts'
import type { SignedPush } from './push/open.ts'

export interface Relay {
  readonly peerId: string
  /** Where the app is on this machine, e.g. `http://localhost:8080`. */
  readonly url: string
  /** Closes every connection. Resolves within SHUTDOWN_MS, whatever the clients do. */
  readonly stop: () => Promise<void>
}

export interface RelayInit {
  readonly settings: RelaySettings
  /** Folder of the built app. */
  readonly appFolder: string
  readonly log: Log
}

/** Starts a relay. Throws StartError for what the operator can put right. */
export async function startRelay({ settings, appFolder, log }: RelayInit): Promise<Relay> {
  const { publicUrl, iceServers, host } = settings
  const app = settings.serveApp ? await loadApp(appFolder) : new Map()
  const privateKey = await loadKey(settings.dataDir)
  const peerId = peerIdFromPrivateKey(privateKey).toString()
  if (!isPeerId(peerId)) throw new Error(`the relay's own peer id ${peerId} is not one of ours`)

  const push = await pushOf(settings)
  const publicOrigin = publicUrl === undefined ? undefined : originOfUrl(publicUrl)
  const stopping = new AbortController()
  let node: RelayNode | undefined = undefined
  const health = () =>
    node && {
      connections: node.getConnections().length,
      reservations: node.services.relay.reservations.size,
    }
  const server = createHttpServer({
    peerId,
    app,
    publicOrigin,
    iceServers,
    vapid: push?.keys.publicKey,
    health,
  })
  const port = await listen(server, settings, log)
  const announce = publicOrigin === undefined ? [] : [addressAt(publicOrigin)]
  const mailbox = mailboxOf(settings, push, server, log)
  const services = [presenceService(), nearbyService(peerId, stopping.signal)]
  const starting = await startNode({
    server,
    privateKey,
    announce,
    services: [
      ...services.map((service) => (node: Libp2p) => serve(node, service, log)),
      ...(mailbox === undefined ? [] : [mailbox.serve]),
    ],
    log,
  })
  node = starting

  return {
    peerId,
    url: `http://${shownHost(host)}:${port}`,
    stop: async () => {
      stopping.abort()
      server.close()
      await Promise.race([stopNode(starting, log), delay(SHUTDOWN_MS, undefined, { ref: false })])
      await mailbox?.close()
      server.closeAllConnections()
    },
  }
}

/** What the relay is to wake people with, if it is to. Throws StartError. */
async function pushOf({ dataDir, mailboxBytes, push }: RelaySettings): Promise<SignedPush | undefined> {
  // Without mail there is nothing to wake anyone for.
  if (push === undefined || mailboxBytes === 0) return undefined
  return { ...push, keys: await loadPushKeys(dataDir) }
}

/** Opens the mailbox, if the relay is to have one. After listening: a port that is taken says better what is wrong. */
function mailboxOf(
  { dataDir, mailboxBytes }: RelaySettings,
  push: SignedPush | undefined,
  server: Server,
  log: Log,
): OpenMailbox | undefined {
  try {
    return mailboxBytes === 0 ? undefined : openMailbox(dataDir, mailboxBytes, log, push)
  } catch (error) {
    server.close()
    throw error
  }
}

async function stopNode(node: RelayNode, log: Log): Promise<void> {
  try {
    await node.stop()
  } catch (error) {
    log(`stopping: ${reasonOf(error)}`)
  }
}

/** Listens, and gives the port. */
async function listen(server: Server, { host, port }: RelaySettings, log: Log): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: LISTEN_BACKLOG }, () => {
      server.off('error', reject)
      resolve()
    })
  }).catch((error: unknown) => {
    throw new StartError(listenProblem(error, host, port), { cause: error })
  })
  // Out of file descriptors, for one: the next client may fare better.
  server.on('error', (error) => log(`could not accept a connection: ${error.message}`))
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the server has no port')
  return bound.port
}

function listenProblem(error: unknown, host: string, port: number): string {
  const code = codeOf(error)
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken: stop what uses it, or set PORT to another (0 is any free one).`
    case 'EACCES':
      return `Port ${port} on ${host} is not open to this user: set PORT to one above 1023.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return `HOST ${host} is not an address of this machine (${code}): set it to 127.0.0.1, 0.0.0.0 or one that is.`
    default:
      return `Cannot listen on ${host}, port ${port} (${reasonOf(error)}): check HOST and PORT.`
  }
}

/** A host that a browser on this machine reaches. */
function shownHost(host: string): string {
  if (['0.0.0.0', '::', '::1', '127.0.0.1', 'localhost'].includes(host)) return 'localhost'
  return isIP(host) === 6 ? `[${host}]` : host
}
