/** What the interface may do. Each command is done when it is durable; delivery goes on by itself. */
import { configProblems } from '../domain/config.ts'
import type { ConversationId, InstallationId } from '../domain/ids.ts'
import { isRetentionPeriod } from '../domain/retention.ts'
import { MalformedError } from '../protocol/cbor.ts'
import { directConversationId, keyOfPeerId, toBase64url } from '../protocol/identifiers.ts'
import { inviteGrant, sealGrant } from '../protocol/grant.ts'
import { ENTROPY_BYTES } from '../protocol/identity.ts'
import { type Invite, openInvite } from '../protocol/invite.ts'
import { INVITE_LIFE_MS, MAX_TEXT_BYTES } from '../protocol/limits.ts'
import { addContact, setContactState } from '../store/contacts.ts'
import { readContact, readConversation } from '../store/people.ts'
import { isHandleFault } from '../store/faults.ts'
import { markAllAsRead, markAsRead } from '../store/history.ts'
import {
  createIdentity,
  readIdentity,
  readSettings,
  requireIdentity,
  saveConfig,
  saveSettings,
  setNickname,
  readInviteSecret,
} from '../store/identity.ts'
import { saveInviteSecret } from '../store/invite-secret.ts'
import { addContactByInvite, sendMessage } from '../store/outbox.ts'
import { placeholderName } from '../store/profile.ts'
import { setRetention } from '../store/retention.ts'
import { sendAgain } from '../store/retry.ts'
import type { ConversationRow, GigiDatabase } from '../store/schema.ts'
import { listAgain, setMarkedUnread } from '../store/shelf.ts'
import { type Commands, UserError } from './api.ts'
import { askForErrand } from './background.ts'
import { createVerifier } from './crypto.ts'
import { createGroupCommands } from './group-commands.ts'
import { createManaging } from './managing.ts'
import { clock, random } from './ports.ts'
import { beginPush, pushOfTab, stopPush } from './push.ts'
import type { Shown } from './status.ts'
import { checkedNickname, stored } from './storing.ts'
import { canBeWoken } from './waking.ts'

/** An invite link is made anew at start when it has less than this left, milliseconds: a day. */
const INVITE_MARGIN_MS = 24 * 3_600_000

export interface CommandOptions {
  readonly db: GigiDatabase
  /** Tells the node which conversation this tab shows. */
  readonly show: (shown: Shown | null) => void
  /** Tells the node in which conversation the user writes. */
  readonly compose: (shown: Shown) => void
  /** Asks the browser to keep what is stored; called when there is something to keep. */
  readonly keep: () => void
  readonly keepStorage: Commands['keepStorage']
}

export function createCommands({ db, show, compose, keep, keepStorage }: CommandOptions): Commands {
  return {
    ...createManaging(db, () => keepInviteFresh(db)),
    ...createGroupCommands(db),
    async createIdentity(nickname) {
      await makeIdentity(db, random.bytes(ENTROPY_BYTES), checkedNickname(nickname))
    },
    async restoreIdentity(phrase, nickname, expected) {
      const { entropyOf } = await import('../protocol/recovery-phrase.ts')
      const entropy = entropyOf(phrase)
      if (entropy === null) throw new UserError('phrase-invalid')
      const { peerIdOfEntropy } = await import('../protocol/public-key.ts')
      if (expected !== undefined && peerIdOfEntropy(entropy) !== expected)
        throw new UserError('phrase-of-another')
      await makeIdentity(db, entropy, nickname.trim() === '' ? null : checkedNickname(nickname))
    },
    setNickname: async (nickname) => stored(setNickname(db, checkedNickname(nickname))),
    saveSettings: (settings) => stored(saveSettings(db, settings)),
    async setNotifications(notifications) {
      if (notifications && !(await mayNotify())) throw new UserError('notifications-denied')
      await stored(saveSettings(db, { ...(await readSettings(db)), notifications }))
      if (!notifications && canBeWoken()) await stored(stopPush(db))
    },
    async setNotificationsOpen(notificationsOpen) {
      if (notificationsOpen && !(await mayNotify())) throw new UserError('notifications-denied')
      await stored(saveSettings(db, { ...(await readSettings(db)), notificationsOpen }))
    },
    async setWaking(on) {
      if (!on) {
        await stored(stopPush(db))
        return
      }
      if (!(await mayNotify())) throw new UserError('notifications-denied')
      await stored(beginPush(db, await pushOfTab()))
      await stored(saveSettings(db, { ...(await readSettings(db)), notifications: true }))
    },
    async saveConfig(config) {
      if (configProblems(config).length > 0) throw new UserError('config-invalid')
      await stored(saveConfig(db, config))
    },

    async readInvite(link) {
      const invite = await checkedInvite(db, link)
      const known = (await readContact(db, invite.peer))?.state === 'accepted'
      return { peerId: invite.peer, nickname: invite.nickname, known }
    },
    async addByInvite(link) {
      const { peer, nickname, relays, secret, ...invite } = await checkedInvite(db, link)
      const signature = invite.grantSignature
      const contact = {
        peerId: peer,
        nickname,
        relays,
        inviteSecret: secret,
        ...(signature === undefined
          ? {}
          : { grant: sealGrant(inviteGrant(peer, secret, invite.expires), signature) }),
      }
      const id = await stored(addContactByInvite(db, contact, clock.now(), random.bytes))
      keep()
      askForErrand()
      return id
    },
    async renewInvite() {
      await stored(renewInvite(db))
      askForErrand()
    },
    async startConversation(peerId, nickname) {
      const { peer_id: self } = await requireIdentity(db)
      const known = await readContact(db, peerId)
      // Someone who wrote first keeps being a request until it is accepted in so many words.
      if (known?.state === 'accepted' || known?.state === 'request') {
        const id = directConversationId(self, peerId)
        await stored(listAgain(db, id))
        return id
      }
      const conversation = await stored(addContact(db, self, { peerId, nickname, relays: [] }, clock.now()))
      // As with those who are unblocked: they may have been blocked before.
      askForErrand()
      return conversation.id
    },
    async acceptRequest(id) {
      await stored(changeState(db, id, 'accepted'))
      keep()
      // What was refused of them may lie in the mailbox.
      askForErrand()
    },
    async block(id) {
      await stored(changeState(db, id, 'blocked'))
      // Our link is void if it was theirs.
      await stored(keepInviteFresh(db))
      // The mailbox is to know, though this tab may close now.
      askForErrand()
    },
    async unblock(peerId) {
      const { peer_id: self } = await requireIdentity(db)
      await stored(setContactState(db, self, peerId, 'accepted'))
      // They are owed word of it.
      askForErrand()
    },

    async sendText(id, text, token) {
      if (text.trim() === '') throw new UserError('text-empty')
      if (new TextEncoder().encode(text).length > MAX_TEXT_BYTES) throw new UserError('text-too-long')
      const content = { type: 'Text', text: text.toWellFormed() } as const
      const send = () => sendMessage(db, id, content, clock.now(), random.bytes, token)
      // Under a token a message is stored once, however often that is tried.
      const sent = await stored(token === undefined ? send() : twice(send))
      keep()
      askForErrand()
      return sent
    },
    async sendAgain(message) {
      await stored(sendAgain(db, message, clock.now(), random.bytes))
      askForErrand()
    },
    async markAsRead(id, messages) {
      await markAsRead(db, id, messages, clock.now())
      askForErrand()
    },
    async markAllAsRead(id) {
      await markAllAsRead(db, id, clock.now())
      askForErrand()
    },
    async setRetention(id, seconds) {
      if (seconds !== null && !isRetentionPeriod(seconds)) throw new UserError('config-invalid')
      await stored(setRetention(db, id, seconds))
    },
    async show(id) {
      const conversation = id === null ? undefined : await readConversation(db, id)
      show(conversation === undefined ? null : shownOf(conversation))
      if (conversation?.marked_unread === 1) await stored(setMarkedUnread(db, conversation.id, false))
    },
    async compose(id) {
      const conversation = await readConversation(db, id)
      if (conversation !== undefined) compose(shownOf(conversation))
    },
    keepStorage,
  }
}

const shownOf = ({ id, msg_type, peer_id }: ConversationRow): Shown => ({
  conversation: id,
  peer: msg_type === 'Group' ? null : peer_id,
})

/** Whether the browser shows notifications of ours; it may ask its user. */
const mayNotify = async (): Promise<boolean> =>
  'Notification' in globalThis && (await Notification.requestPermission()) === 'granted'

/** Makes the secret of an invite link when there is none, or none that lasts. */
export async function keepInviteFresh(db: GigiDatabase): Promise<void> {
  if ((await readIdentity(db)) === undefined) return
  if ((await readInviteSecret(db, clock.now() + INVITE_MARGIN_MS)) === null) await renewInvite(db)
}

const renewInvite = (db: GigiDatabase): Promise<void> =>
  saveInviteSecret(db, { secret: toBase64url(random.bytes(16)), expires: clock.now() + INVITE_LIFE_MS })

async function makeIdentity(db: GigiDatabase, entropy: Uint8Array, nickname: string | null): Promise<void> {
  const { peerIdOfEntropy } = await import('../protocol/public-key.ts')
  const peerId = peerIdOfEntropy(entropy)
  const made = await stored(
    createIdentity(db, {
      peerId,
      // Restored without a name: some label is needed until the user gives one.
      nickname: nickname ?? placeholderName(peerId),
      entropy,
      installationId: toBase64url(random.bytes(16)) as InstallationId,
      now: clock.now(),
    }),
  )
  if (!made) throw new UserError('identity-exists')
  await keepInviteFresh(db)
}

async function checkedInvite(db: GigiDatabase, link: string): Promise<Invite> {
  const { invite, signed, signature } = readable(link)
  const verify = await createVerifier()
  if (!(await verify(keyOfPeerId(invite.peer), signature, signed))) throw new UserError('invite-forged')
  if (invite.peer === (await readIdentity(db))?.peer_id) throw new UserError('invite-own')
  if (invite.expires <= clock.now()) throw new UserError('invite-expired')
  return invite
}

function readable(link: string) {
  try {
    return openInvite(link)
  } catch (error) {
    if (error instanceof MalformedError) throw new UserError('invite-broken', { cause: error })
    throw error
  }
}

async function changeState(
  db: GigiDatabase,
  id: ConversationId,
  state: 'accepted' | 'blocked',
): Promise<void> {
  const conversation = await readConversation(db, id)
  if (conversation === undefined) throw new Error(`no conversation ${id}`)
  await setContactState(db, (await requireIdentity(db)).peer_id, conversation.peer_id, state)
}

/** Once more on a fresh handle, where the first one gave way. */
async function twice<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!isHandleFault(error)) throw error
    return write()
  }
}
