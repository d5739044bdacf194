/**
 * Where the relay sends pushes: anyone may tell it an endpoint, so that nothing may be reached by it that is not on the
 * internet for all.
 */
import { BlockList, isIP } from 'node:net'
import { MAX_ENDPOINT_BYTES } from '../../src/protocol/limits.ts'

/**
 * Whether a client may name this endpoint: an https URL with a host name and without a port, which is what push services
 * give. `local` allows http and https on loopback addresses as well, for tests and development.
 */
export function isEndpoint(endpoint: string, local: boolean): boolean {
  if (Buffer.byteLength(endpoint) > MAX_ENDPOINT_BYTES || !URL.canParse(endpoint)) return false
  const url = new URL(endpoint)
  // Browsers give URLs in the one form that they are written in.
  if (url.href !== endpoint || url.username !== '' || url.password !== '' || url.hash !== '') return false
  if (local && isLocal(url)) return url.protocol === 'https:' || url.protocol === 'http:'
  return url.protocol === 'https:' && url.port === '' && isIP(hostOf(url)) === 0
}

/** Whether the URL names a loopback address: the address itself, since a name may come to mean anything. */
export const isLocal = (url: URL): boolean => ['127.0.0.1', '::1'].includes(hostOf(url))

/** The host without the brackets of IPv6. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '')

/** What IANA has set apart for anything but hosts of the internet. */
const SET_APART = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  SET_APART.addSubnet(network, prefix, 'ipv4')
// Of 2000::/3: Teredo and its neighbours, documentation, and 6to4, which has IPv4 addresses of any kind in it.
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  SET_APART.addSubnet(network, prefix, 'ipv6')

/** All of the internet that there is on IPv6. Mapped, translated, private and link-local addresses are outside of it. */
const GLOBAL = new BlockList()
GLOBAL.addSubnet('2000::', 3, 'ipv6')

/** Whether an address is of a host of the internet, not of this machine or a network that only it can reach. */
export function isPublic(address: string): boolean {
  // With a zone it is of one link.
  if (address.includes('%')) return false
  switch (isIP(address)) {
    case 4:
      return !SET_APART.check(address, 'ipv4')
    case 6:
      return GLOBAL.check(address, 'ipv6') && !SET_APART.check(address, 'ipv6')
    default:
      return false
  }
}

/** Those of a name's addresses that are public: a name server may add some of its own network, as those do that translate for IPv6 (RFC 6147). */
export const publicOf = (addresses: readonly string[]): readonly string[] => addresses.filter(isPublic)
