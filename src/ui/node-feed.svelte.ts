import type { ConversationId, PeerId } from '../domain/ids.ts'
import type { NodeStatus, PeerStatus, StatusFeed } from '../app/api.ts'

const UNKNOWN: NodeStatus = { network: 'connecting', peers: {}, nearby: [], writers: {}, trouble: null }
const AWAY: PeerStatus = { online: false, path: 'none', typing: false }

/** What the node of this profile reports, as a rune. */
export class NodeFeed {
  #status: NodeStatus = $state.raw(UNKNOWN)

  constructor(feed: StatusFeed) {
    $effect(() =>
      feed.subscribe((status) => {
        this.#status = status
      }),
    )
  }

  get network(): NodeStatus['network'] {
    return this.#status.network
  }

  get nearby(): NodeStatus['nearby'] {
    return this.#status.nearby
  }

  get trouble(): NodeStatus['trouble'] {
    return this.#status.trouble
  }

  /** Who is writing in a group at the moment. */
  writers(group: ConversationId): readonly PeerId[] {
    return this.#status.writers[group] ?? []
  }

  peer(id: PeerId): PeerStatus {
    return this.#status.peers[id] ?? AWAY
  }
}
