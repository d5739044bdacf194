/** What is promised of groups: nobody sends anything to whom they know to be out, live, by page or by mail. */
import type { ConversationId, MessageId, PeerId } from '../../domain/ids.ts'
import { memberOf } from '../../domain/group.ts'
import { openEnvelope } from '../../protocol/envelope.ts'
import { decodeFrame } from '../../protocol/frame-codec.ts'
import { isGroupId } from '../../protocol/group.ts'
import type { DepositRow, GroupRow, LogRow, MessageRow } from '../../store/schema.ts'
import { has, type SequenceSet } from '../../domain/sequence-set.ts'
import type { Tab } from './tab.ts'
import type { Change } from './watched-store.ts'
import type { SimulatedSession } from './wire.ts'

interface Holder {
  readonly groups: Map<ConversationId, GroupRow>
  /** Where each message of a group stands that this device has. */
  readonly messages: Map<MessageId, Pick<MessageRow, 'conversation_id' | 'content_json'>>
  readonly accepted: Map<string, SequenceSet>
}

export class GroupOracle {
  /** Something of a group went to someone of whom its sender knew that they were removed. */
  sentToRemoved = 0
  /** Envelopes of groups that were sent, and those of them that the receiver had. */
  envelopes = 0
  redundant = 0
  readonly findings: string[] = []
  readonly #holders = new Map<PeerId, Holder>()

  committed(tab: Tab, changes: readonly Change[]): void {
    const holder = this.#holder(tab.device.who.peerId)
    for (const { table, put } of changes) {
      if (table === 'groups') for (const row of put as GroupRow[]) holder.groups.set(row.id, row)
      if (table === 'messages')
        for (const row of put as MessageRow[])
          if (isGroupId(row.conversation_id)) holder.messages.set(row.id, row)
      if (table === 'logs')
        for (const row of put as LogRow[])
          holder.accepted.set(`${row.conversation_id} ${row.log_id}`, row.accepted)
    }
    for (const { table, put } of changes)
      if (table === 'deposits') for (const row of put as DepositRow[]) this.#deposited(tab, holder, row)
  }

  sent(tab: Tab, { peer }: SimulatedSession, bytes: Uint8Array): void {
    const frame = decodeFrame(bytes)
    if (frame === null) return
    const holder = this.#holder(tab.device.who.peerId)
    const isOut = (group: ConversationId): boolean => isRemoved(holder, group, peer)
    if (frame.type === 'summary')
      for (const { conversation } of frame.conversations)
        if (isOut(conversation)) this.#found(tab, peer, `a summary of ${conversation}`)
    if (frame.type === 'known')
      for (const { group } of frame.groups)
        if (isOut(group)) this.#found(tab, peer, `what is known of ${group}`)
    if (frame.type !== 'push' && frame.type !== 'page') return
    for (const sealed of frame.envelopes) {
      const { message } = openEnvelope(sealed)
      const { conversation_id: group, content } = message
      if (!isGroupId(group)) continue
      this.envelopes++
      if (has(this.#holder(peer).accepted.get(`${group} ${message.log_id}`) ?? [], message.seq))
        this.redundant++
      const isWord =
        content.type === 'GroupChange' && content.change.type === 'remove' && content.change.peer === peer
      if (isOut(group) && !isWord) this.#found(tab, peer, `${content.type} of ${group}`)
    }
  }

  /** By mail it goes out when that is written down. */
  #deposited(tab: Tab, holder: Holder, { peer_id: peer, state, message_ids }: DepositRow): void {
    if (state !== 'sending') return
    for (const id of message_ids) {
      const message = holder.messages.get(id)
      if (message === undefined || !isRemoved(holder, message.conversation_id, peer)) continue
      if (!message.content_json.includes('"type":"remove"'))
        this.#found(tab, peer, `a letter with ${message.content_json}`)
    }
  }

  #found({ device }: Tab, peer: PeerId, what: string): void {
    this.sentToRemoved++
    const hours = ((device.world.schedule.now - device.world.begin) / 3_600_000).toFixed(3)
    if (this.findings.length < 20)
      this.findings.push(`sentToRemoved: ${device.name} at ${hours} h to ${peer}: ${what}`)
  }

  #holder(peer: PeerId): Holder {
    const known = this.#holders.get(peer)
    if (known !== undefined) return known
    const fresh: Holder = { groups: new Map(), messages: new Map(), accepted: new Map() }
    this.#holders.set(peer, fresh)
    return fresh
  }
}

const isRemoved = (holder: Holder, group: ConversationId, peer: PeerId): boolean => {
  const state = holder.groups.get(group)?.state
  return state !== undefined && memberOf(state, peer)?.standing === 'removed'
}
