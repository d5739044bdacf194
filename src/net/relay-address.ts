/** Addresses of relays. */
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { isPeerId, type PeerId } from '../domain/ids.ts'

/** The relay that an address leads to, or null when it names none, or leads through one. */
export function relayOf(address: Multiaddr): PeerId | null {
  const parts = address.getComponents()
  if (parts.some(({ name }) => name === 'p2p-circuit')) return null
  const id = parts.findLast(({ name }) => name === 'p2p')?.value
  return id !== undefined && isPeerId(id) ? id : null
}

/** The relays that addresses lead to, in order, each with its addresses; what is no address of a relay is left out. */
export function byRelay(addresses: readonly string[]): Map<PeerId, Multiaddr[]> {
  const relays = new Map<PeerId, Multiaddr[]>()
  for (const text of addresses) {
    const address = parse(text)
    const relay = address === null ? null : relayOf(address)
    if (address !== null && relay !== null) relays.set(relay, [...(relays.get(relay) ?? []), address])
  }
  return relays
}

function parse(text: string): Multiaddr | null {
  try {
    return multiaddr(text)
  } catch {
    // Contacts and strangers write these.
    return null
  }
}

/** Whether an address leads through a relay all the way. That of a WebRTC connection is the circuit that introduced it, with `webrtc` behind. */
export function isRelayed(address: Multiaddr): boolean {
  const names = address.getComponents().map(({ name }) => name)
  return names.includes('p2p-circuit') && !names.includes('webrtc')
}
