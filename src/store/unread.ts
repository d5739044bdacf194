/** What is not read, by person: for notifications. */
import type { PeerId } from '../domain/ids.ts'
import { isMuted, SHELF } from '../domain/shelf.ts'
import type { GigiDatabase } from './schema.ts'

export interface Unread {
  readonly peer: PeerId
  readonly name: string
  readonly unread: number
}

/** The conversations with accepted contacts that have something unread and are not muted. */
export async function readUnread(db: GigiDatabase, now: number): Promise<Unread[]> {
  const rows = await db.conversations
    .filter((row) => row.unread > 0 && row.listed !== SHELF.hidden && !isMuted(row.muted_until, now))
    .toArray()
  const contacts = await db.contacts.bulkGet(rows.map((row) => row.peer_id))
  return rows
    .filter((_, i) => contacts[i]?.state === 'accepted')
    .map(({ peer_id: peer, title: name, unread }) => ({ peer, name, unread }))
}
