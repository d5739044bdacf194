/** Reading whom we know and the conversations with them: all that a screen needs of them, without what changes them. */
import { Dexie } from 'dexie'
import type { ConversationId, PeerId } from '../domain/ids.ts'
import type { ContactRow, ContactState, ConversationRow, GigiDatabase } from './schema.ts'

/** What someone is called on this device. */
export const titleOf = ({ alias, nickname }: ContactRow): string => alias ?? nickname

/** At most `limit` contacts, in the order of their ids, after one of them. */
export const contactsAfter = (
  db: GigiDatabase,
  peer: PeerId | undefined,
  limit: number,
): Promise<ContactRow[]> =>
  db.contacts
    .where('peer_id')
    .above(peer ?? Dexie.minKey)
    .limit(limit)
    .toArray()

export const readContact = (db: GigiDatabase, peer: PeerId): Promise<ContactRow | undefined> =>
  db.contacts.get(peer)

/** Those of them that are known. */
export const readContacts = async (db: GigiDatabase, peers: readonly PeerId[]): Promise<ContactRow[]> =>
  (await db.contacts.bulkGet([...peers])).filter((row) => row !== undefined)

/** At most `limit` contacts in one state. */
export const contactsInState = (
  db: GigiDatabase,
  state: ContactState,
  limit: number,
): Promise<ContactRow[]> => db.contacts.where('state').equals(state).limit(limit).toArray()

export const readConversation = (
  db: GigiDatabase,
  id: ConversationId,
): Promise<ConversationRow | undefined> => db.conversations.get(id)
