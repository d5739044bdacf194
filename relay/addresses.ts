/** Multiaddrs of the relay, from where it was reached: the public URL, or a request's headers. */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

/** Where a page was loaded from. */
export interface Origin {
  readonly secure: boolean
  /** A DNS name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
}

export function originOfUrl(url: URL): Origin {
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { secure, host, port: url.port === '' ? (secure ? 443 : 80) : Number(url.port) }
}

const HOST_HEADER = /^(?:\[(?<v6>[0-9A-Fa-f:.]{2,45})\]|(?<name>[A-Za-z0-9.-]{1,253}))(?::(?<port>\d{1,5}))?$/
const DNS_NAME =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/

/** The origin that a request was sent to, or undefined when its headers do not name one. */
export function originOfRequest(headers: IncomingHttpHeaders): Origin | undefined {
  const match = HOST_HEADER.exec(headers.host ?? '')
  if (match?.groups === undefined) return undefined
  const { v6, name, port: portText } = match.groups
  const host = v6 ?? name ?? ''
  if (v6 !== undefined ? isIP(v6) !== 6 : isIP(host) !== 4 && (!DNS_NAME.test(host) || /^[\d.]+$/.test(host)))
    return undefined
  const secure = isForwardedHttps(headers)
  const port = portText === undefined ? (secure ? 443 : 80) : Number(portText)
  return port >= 1 && port <= 65_535 ? { secure, host: host.toLowerCase(), port } : undefined
}

/** Whether a proxy before us says that the client came by HTTPS; we speak plain HTTP ourselves. */
export function isForwardedHttps(headers: IncomingHttpHeaders): boolean {
  const header = headers['x-forwarded-proto']
  const first = (Array.isArray(header) ? header[0] : header)?.split(',')[0]
  return first?.trim().toLowerCase() === 'https'
}

/** The relay's multiaddr at `origin`, without its peer id. */
export function addressAt(origin: Origin): string {
  const version = isIP(origin.host)
  const kind = version === 4 ? 'ip4' : version === 6 ? 'ip6' : 'dns4'
  return `/${kind}/${origin.host}/tcp/${origin.port}${origin.secure ? '/tls' : ''}/ws`
}
