/** Keeping conversations, contacts and messages in order. */
import type { ConversationId } from '../domain/ids.ts'
import { SHELF } from '../domain/shelf.ts'
import { beginClearing, clearPiece, deleteContact, unfinishedClearings } from '../store/clearing.ts'
import { setAlias } from '../store/contacts.ts'
import { requireIdentity } from '../store/identity.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { setMarkedUnread, setMuted, setShelf } from '../store/shelf.ts'
import { deleteMessage, restoreMessage } from '../store/undo.ts'
import { askForErrand } from './background.ts'
import type { Managing } from './managing-api.ts'
import { clock, random } from './ports.ts'
import { checkedNickname, stored } from './storing.ts'

/** Messages that are deleted in one transaction: short enough that sending never waits. */
const PIECE = 200

/** `keepInvite` makes our link anew where deleting or blocking someone took it away. */
export function createManaging(db: GigiDatabase, keepInvite: () => Promise<void>): Managing {
  async function clear(id: ConversationId, hide: boolean): Promise<void> {
    await stored(beginClearing(db, id, hide, clock.now()))
    await stored(clearAll(db, id))
  }

  return {
    setShelf: (id, shelf) => stored(setShelf(db, id, SHELF[shelf])),
    mute: (id, until) => stored(setMuted(db, id, until)),
    markUnread: (id) => stored(setMarkedUnread(db, id, true)),
    clearConversation: (id) => clear(id, false),
    deleteConversation: (id) => clear(id, true),
    async renameContact(peer, alias) {
      const { peer_id: self } = await requireIdentity(db)
      const name = alias === null || alias.trim() === '' ? null : checkedNickname(alias)
      await stored(setAlias(db, self, peer, name))
    },
    async deleteContact(peer) {
      const { peer_id: self } = await requireIdentity(db)
      const conversation = await stored(deleteContact(db, self, peer, clock.now()))
      await stored(keepInvite())
      // The mailbox is to know, though this tab may close now.
      askForErrand()
      await stored(clearAll(db, conversation))
    },
    async deleteMessage(id) {
      const deletion = await stored(deleteMessage(db, id, clock.now()))
      if (deletion === null) return null
      return async () => {
        await stored(restoreMessage(db, deletion, clock.now(), random.bytes))
        askForErrand()
      }
    },
  }
}

/** Goes on where a tab died before it had deleted all that it was told to. */
export async function finishClearings(db: GigiDatabase): Promise<void> {
  for (const id of await unfinishedClearings(db)) await clearAll(db, id)
}

async function clearAll(db: GigiDatabase, id: ConversationId): Promise<void> {
  while (await clearPiece(db, id, PIECE, clock.now()));
}
