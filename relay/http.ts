/** The relay over HTTP: the built app, `/config.json` and `/healthz`. WebSockets on the same port are the listener's. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { IceServer, RelayConfig } from '../src/protocol/relay-config.ts'
import { addressAt, type Origin, originOfRequest } from './addresses.ts'
import type { AppFile, AppFiles } from './app-files.ts'
import { setSecurityHeaders } from './headers.ts'
import {
  HTTP_HEADERS_MS,
  HTTP_KEEPALIVE_MS,
  HTTP_REQUEST_MS,
  HTTP_SWEEP_MS,
  MAX_HTTP_HEADER_BYTES,
  MAX_SOCKETS,
} from './limits.ts'

/** What `/healthz` tells: how much, never who. */
export interface Health {
  readonly connections: number
  readonly reservations: number
}

export interface HttpInit {
  readonly peerId: string
  /** Empty when the app is served elsewhere. */
  readonly app: AppFiles
  /** Where clients reach the relay; undefined means where they loaded the page from. */
  readonly publicOrigin: Origin | undefined
  readonly iceServers: readonly IceServer[]
  /** The public key of the relay's pushes; undefined: it wakes nobody. */
  readonly vapid: string | undefined
  /** Undefined while the relay is starting. */
  readonly health: () => Health | undefined
}

/** The HTTP server, not yet listening. Node's own limits of time end slow requests and spare WebSockets. */
export function createHttpServer(init: HttpInit): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HTTP_HEADER_BYTES,
      headersTimeout: HTTP_HEADERS_MS,
      requestTimeout: HTTP_REQUEST_MS,
      keepAliveTimeout: HTTP_KEEPALIVE_MS,
      connectionsCheckingInterval: HTTP_SWEEP_MS,
    },
    (request, response) => answer(init, request, response),
  )
  server.maxConnections = MAX_SOCKETS
  return server
}

function answer(init: HttpInit, request: IncomingMessage, response: ServerResponse): void {
  setSecurityHeaders(response, request.headers)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    sendText(response, 405, 'Only GET and HEAD are served here.')
    return
  }
  const path = request.url?.split('?', 1)[0] ?? '/'
  const file = init.app.get(path)
  if (path === '/config.json') sendConfig(init, request, response)
  else if (path === '/healthz') sendHealth(init, response)
  else if (file !== undefined) sendFile(file, request, response)
  else sendText(response, 404, 'Not found.')
}

function sendConfig(
  { peerId, publicOrigin, iceServers, vapid }: HttpInit,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const origin = publicOrigin ?? originOfRequest(request.headers)
  if (origin === undefined) {
    sendText(response, 400, 'The Host header names no host.')
    return
  }
  const config: RelayConfig = {
    relays: [`${addressAt(origin)}/p2p/${peerId}`],
    iceServers,
    ...(vapid === undefined ? {} : { vapid }),
  }
  sendJson(response, 200, config)
}

function sendHealth({ peerId, health }: HttpInit, response: ServerResponse): void {
  const now = health()
  sendJson(response, now === undefined ? 503 : 200, { ok: now !== undefined, peerId, ...now })
}

function sendFile(file: AppFile, request: IncomingMessage, response: ServerResponse): void {
  const accepted = acceptedEncodings(request.headers['accept-encoding'])
  const [encoding, body] = file.compressed.find(([name]) => accepted.has(name)) ?? [undefined, file.body]
  const etag = `"${file.etag}${encoding === undefined ? '' : `-${encoding}`}"`
  response.setHeader('Cache-Control', file.cacheControl)
  response.setHeader('ETag', etag)
  if (file.compressed.length > 0) response.setHeader('Vary', 'Accept-Encoding')
  if (matches(request.headers['if-none-match'], etag)) {
    response.writeHead(304).end()
    return
  }
  response.setHeader('Content-Type', file.contentType)
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding)
  response.writeHead(200, { 'Content-Length': body.length }).end(body)
}

/** The encodings that an Accept-Encoding header names and does not rule out with `q=0`. */
function acceptedEncodings(header: string | undefined): ReadonlySet<string> {
  const choices = (header ?? '').toLowerCase().split(',')
  return new Set(
    choices
      .filter((choice) => !/;\s*q=0(?:\.0*)?\s*$/.test(choice))
      .map((choice) => choice.split(';', 1)[0]?.trim() ?? ''),
  )
}

// A proxy that compresses may have made our tag a weak one.
const matches = (header: string | undefined, etag: string): boolean =>
  (header ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(value))
}

function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, 'text/plain; charset=utf-8', `${text}\n`)
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Type', contentType)
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(body) }).end(body)
}
