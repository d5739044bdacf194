/** The account at the end: every message that was sent against what both sides hold. */
import type { MessageId, PeerId } from '../../domain/ids.ts'
import { SYNC_STATUSES } from '../../domain/status.ts'
import { directConversationId } from '../../protocol/identifiers.ts'
import { provenStatus } from '../../store/history.ts'
import { contentOf } from '../../store/messages.ts'
import { GigiDatabase, type MessageRow } from '../../store/schema.ts'
import type { Violations } from './oracle.ts'
import type { World } from './world.ts'

export interface Accounts extends Violations {
  readonly delivered: number
  /** Neither with the recipient nor visibly given up. */
  readonly lost: number
  /** In the recipient's messages more than once. */
  readonly duplicated: number
  /** Given up where the author sees it. */
  readonly expiredVisibly: number
  /** With the recipient, and the author does not know. */
  readonly unconfirmed: number
  /** People whose mailbox has no prekey of theirs, or no backup. */
  readonly unkept: number
}

interface Holdings {
  /** Text messages by their text. */
  readonly texts: ReadonlyMap<string, readonly MessageRow[]>
  readonly isProven: (row: MessageRow) => Promise<boolean>
  /** Whether it is in an item that a mailbox holds, as far as its author knows. */
  readonly isInMail: (row: MessageRow) => Promise<boolean>
  readonly has: (id: MessageId) => Promise<boolean>
  readonly close: () => void
}

export async function closeAccounts(world: World): Promise<Accounts> {
  const holdings = new Map<PeerId, Holdings>()
  for (const { who, name } of world.devices) holdings.set(who.peerId, await holdingsOf(name))
  const { findings, violations } = world.oracle
  let { misordered, falseStatus } = violations
  const trespasses = violations.trespasses + (await countHeldTo(world))
  const account = { delivered: 0, lost: 0, duplicated: 0, expiredVisibly: 0, unconfirmed: 0, unkept: 0 }
  for (const [peer, held] of holdings)
    for (const id of world.oracle.receivedBy(peer))
      if (!(await held.has(id))) {
        account.lost++
        findings.push(`lost: ${id} was with ${peer}, and is gone`)
      }
  account.unkept = await countUnkept(world)
  for (const { text, author, recipient } of world.people.sent) {
    const [row, ...more] = holdings.get(author)?.texts.get(text) ?? []
    const received = (holdings.get(recipient)?.texts.get(text) ?? []).filter(
      ({ conversation_id: id }) => id === directConversationId(author, recipient),
    )
    const copy = received[0]
    const givenUp = row?.expired_at !== undefined || row?.refusal !== undefined
    if (copy !== undefined) account.delivered++
    else if (givenUp) account.expiredVisibly++
    else {
      account.lost++
      findings.push(`lost: ${text} of ${author}: ${row?.sync_status ?? 'not even there'}`)
    }
    if (received.length > 1 || more.length > 0) {
      account.duplicated++
      findings.push(`duplicated: ${text}`)
    }
    if (row === undefined) continue
    const isSynced = row.sync_status === 'Synced' && !givenUp
    if (isSynced && !(await holdings.get(author)?.isInMail(row))) {
      falseStatus++
      findings.push(`falseStatus: ${text} says Synced, and no mailbox is known to hold it`)
    }
    if (copy === undefined) continue
    // Sent again, it has a new place in its author's log and keeps its old one with who had it.
    if (row.log_id === copy.log_id && row.seq === copy.seq && row.order_key !== copy.order_key) {
      misordered++
      findings.push(`misordered: ${text} stands at ${row.order_key} and at ${copy.order_key}`)
    }
    if (!givenUp && !(await holdings.get(author)?.isProven(row))) {
      account.unconfirmed++
      findings.push(`unconfirmed: ${text} is ${row.sync_status}`)
    }
  }
  for (const { close } of holdings.values()) close()
  return { ...account, ...violations, misordered, falseStatus, trespasses }
}

/** Grants that were revoked, and that the mailbox holds to. */
async function countHeldTo({ devices, network, oracle }: World): Promise<number> {
  const store = network.mail.post.store()
  let heldTo = 0
  for (const { who, name } of devices)
    for (const id of oracle.revokedBy(who.peerId)) {
      if ((await store.held(who.peerId, id, [])) === 'denied') continue
      heldTo++
      oracle.findings.push(`trespasses: the mailbox of ${name} holds to grant ${id}, which was revoked`)
    }
  return heldTo
}

async function countUnkept({ devices, network, oracle }: World): Promise<number> {
  const store = network.mail.post.store()
  let unkept = 0
  for (const { who, name } of devices) {
    const [prekey, backup] = [await store.prekey(who.peerId, ''), await store.recall(who.peerId)]
    if (prekey !== null && backup !== null) continue
    unkept++
    oracle.findings.push(`unkept: the mailbox of ${name} has no ${prekey === null ? 'prekey' : 'backup'}`)
  }
  return unkept
}

async function holdingsOf(name: string): Promise<Holdings> {
  const db = new GigiDatabase(name)
  const texts = new Map<string, MessageRow[]>()
  await db.messages.each((row) => {
    const content = contentOf(row)
    if (content.type === 'Text') texts.set(content.text, [...(texts.get(content.text) ?? []), row])
  })
  return {
    texts,
    async isProven(row) {
      const conversation = await db.conversations.get(row.conversation_id)
      const status = conversation && (await provenStatus(db, conversation.id))(row)
      return status !== undefined && SYNC_STATUSES.indexOf(status) >= SYNC_STATUSES.indexOf('Delivered')
    },
    async isInMail(row) {
      const conversation = await db.conversations.get(row.conversation_id)
      const queued = await db.offline_queue.get([conversation?.peer_id ?? row.peer_id, row.id])
      const deposit = await db.deposits.get(queued?.item_id ?? '')
      // What has left the queue is proven, or it is lost or unconfirmed above.
      return queued === undefined || deposit?.state === 'held'
    },
    has: async (id) => (await db.messages.get(id)) !== undefined,
    close: () => {
      db.close()
    },
  }
}
