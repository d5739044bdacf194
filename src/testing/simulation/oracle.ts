/**
 * Looks into every store at every commit, and says what was promised and not kept. It knows what the devices do not:
 * what the other side really holds.
 */
import { createHash } from 'node:crypto'
import type { ConversationId, LogId, MessageId, PeerId } from '../../domain/ids.ts'
import { difference, numbersOf, has, type SequenceSet, union } from '../../domain/sequence-set.ts'
import type { ConversationSummary } from '../../protocol/frames.ts'
import { isGroupId } from '../../protocol/group.ts'
import { directConversationId } from '../../protocol/identifiers.ts'
import type { GrantId } from '../../protocol/grant.ts'
import type { ItemId } from '../../protocol/mailbox.ts'
import { SYNC_STATUSES } from '../../domain/status.ts'
import type {
  ContactRow,
  DepositRow,
  LogRow,
  MessageRow,
  MetaRow,
  QueueRow,
  ReceiptRow,
} from '../../store/schema.ts'
import { GroupOracle } from './group-oracle.ts'
import { envelopeIds, PushWatch } from './push-watch.ts'
import type { Tab } from './tab.ts'
import { TrespassWatch } from './trespass-watch.ts'
import type { Change } from './watched-store.ts'
import type { SimulatedSession } from './wire.ts'

export interface Violations {
  /** Said to be delivered or read and never was, or said less than before. */
  falseStatus: number
  /** Sorts before something that its author knew when writing it, or not alike on both sides. */
  misordered: number
  /** A row went out on two sessions at once: a lease was not kept. */
  doublePushes: number
  /** A leader that had been replaced committed something. */
  fencedCommits: number
  /** Taken from someone who was blocked, or left under a grant that was revoked. */
  trespasses: number
}

interface KnownLog {
  readonly author: PeerId
  readonly conversation: ConversationId
  accepted: SequenceSet
  read: SequenceSet
}

/** What one device has ever committed. */
interface Profile {
  epoch: number
  readonly held: Set<MessageId>
  readonly received: Set<MessageId>
  /** What has come in a session. */
  readonly live: Set<MessageId>
  readonly read: Set<MessageId>
  /** What is said of the messages of one's own. */
  readonly statuses: Map<MessageId, Pick<MessageRow, 'sync_status' | 'log_id' | 'seq'>>
  /** The items that a message went into. */
  readonly items: Map<MessageId, ItemId[]>
  readonly logs: Map<LogId, KnownLog>
  /** What others proved of our logs. */
  readonly proofs: Map<LogId, { delivered: SequenceSet; read: SequenceSet }>
  readonly highestKeys: Map<ConversationId, string>
  readonly trespass: TrespassWatch
}

/** What is committed of direct conversations, and of none. */
const ofDirect = (changes: readonly Change[]): Change[] =>
  changes.map(({ table, put }) => ({ table, put: put.filter((row) => !isOfGroup(row)) }))

const isOfGroup = (row: unknown): boolean =>
  typeof row === 'object' &&
  row !== null &&
  'conversation_id' in row &&
  isGroupId(row.conversation_id as ConversationId)

export class Oracle {
  readonly violations: Violations = {
    falseStatus: 0,
    misordered: 0,
    doublePushes: 0,
    fencedCommits: 0,
    trespasses: 0,
  }
  /** What was found, in words, the first of it. */
  readonly findings: string[] = []
  /** Messages that mail brought. */
  byMail = 0
  /** What is promised of groups. */
  readonly groups = new GroupOracle()
  readonly #profiles = new Map<PeerId, Profile>()
  readonly #others: (self: PeerId, conversation: ConversationId) => PeerId | undefined
  readonly #pushes = new PushWatch()
  /** What the mailbox has said it holds, at any time. */
  readonly #promised = new Set<ItemId>()
  readonly #course = createHash('sha256')

  /** `others` says who is on the other side of a conversation. */
  constructor(others: (self: PeerId, conversation: ConversationId) => PeerId | undefined) {
    this.#others = others
  }

  sent(tab: Tab, session: SimulatedSession, frame: Uint8Array): void {
    for (const id of this.#pushes.sent(tab, session, frame))
      this.#found('doublePushes', tab, `${id} is pushed on two sessions at once`)
    this.groups.sent(tab, session, frame)
  }

  /** The mailbox says that it holds this item. */
  promised(id: ItemId): void {
    this.#promised.add(id)
  }

  received(tab: Tab, frame: Uint8Array): void {
    const { live } = this.#profile(tab.device.who.peerId)
    for (const id of envelopeIds(frame)) live.add(id)
  }

  committed(tab: Tab, byEngine: boolean, all: readonly Change[]): void {
    this.groups.committed(tab, all)
    const changes = ofDirect(all)
    const self = tab.device.who.peerId
    const profile = this.#profile(self)
    const { now } = tab.device.world.schedule
    this.#course.update(
      `${String(now)} ${self} ${changes.map(({ table, put }) => table + String(put.length)).join()}\n`,
    )
    const fenced = byEngine && tab.epoch !== null && tab.epoch < profile.epoch
    if (fenced && changes.length > 0)
      this.#found('fencedCommits', tab, `wrote ${changes.map(({ table }) => table).join()}`)
    for (const { table, put } of changes) {
      if (table === 'meta') this.#meta(profile, put as MetaRow[])
      if (table === 'contacts') profile.trespass.contacts(put as ContactRow[])
      if (table === 'deposits') this.#deposits(profile, put as DepositRow[])
      if (table === 'logs') this.#logs(tab, profile, put as LogRow[])
    }
    for (const { table, put } of changes) {
      if (table === 'messages') for (const row of put as MessageRow[]) this.#message(tab, profile, row)
      if (table === 'receipts') for (const row of put as ReceiptRow[]) this.#receipt(tab, profile, row)
    }
    for (const { table, put } of changes)
      if (table === 'offline_queue') for (const row of put as QueueRow[]) this.#queued(tab, profile, row)
  }

  /** All that someone ever received. */
  receivedBy(peer: PeerId): ReadonlySet<MessageId> {
    return this.#profile(peer).received
  }

  /** The grants that someone has revoked. */
  revokedBy(peer: PeerId): ReadonlySet<GrantId> {
    return this.#profile(peer).trespass.revoked
  }

  /** What a summary says of someone who has accepted and read all that `author` has written to them. */
  writtenBy(author: PeerId, reader: PeerId): ConversationSummary[] {
    const conversation = directConversationId(author, reader)
    const logs = [...this.#profile(author).logs].filter(
      ([, log]) => log.conversation === conversation && log.author === author,
    )
    return [
      {
        conversation,
        logs: logs.map(([log, { accepted }]) => ({ log, author, accepted, read: accepted, tail: null })),
      },
    ]
  }

  /** The same for two simulations in which the same was committed, by the same, at the same time. */
  course(): string {
    return this.#course.copy().digest('hex').slice(0, 16)
  }

  #found(kind: keyof Violations, { device }: Tab, what: string): void {
    this.violations[kind]++
    const hours = ((device.world.schedule.now - device.world.begin) / 3_600_000).toFixed(3)
    if (this.findings.length < 20) this.findings.push(`${kind}: ${device.name} at ${hours} h: ${what}`)
  }

  #profile(peer: PeerId): Profile {
    const known = this.#profiles.get(peer)
    if (known !== undefined) return known
    const fresh: Profile = {
      epoch: 0,
      held: new Set(),
      received: new Set(),
      live: new Set(),
      read: new Set(),
      statuses: new Map(),
      items: new Map(),
      logs: new Map(),
      proofs: new Map(),
      highestKeys: new Map(),
      trespass: new TrespassWatch(),
    }
    this.#profiles.set(peer, fresh)
    return fresh
  }

  #meta(profile: Profile, rows: readonly MetaRow[]): void {
    for (const row of rows) if (row.key === 'leader') profile.epoch = Math.max(profile.epoch, row.epoch)
    profile.trespass.meta(rows)
  }

  #deposits({ items }: Profile, rows: readonly DepositRow[]): void {
    for (const { id, message_ids } of rows)
      for (const message of message_ids) items.set(message, [...(items.get(message) ?? []), id])
  }

  #queued(tab: Tab, profile: Profile, { message_id: id, item_id: item }: QueueRow): void {
    const said = profile.statuses.get(id)
    // What is proven leaves its item before the status follows.
    const isProven = said !== undefined && has(profile.proofs.get(said.log_id)?.delivered ?? [], said.seq)
    if (item === undefined && said?.sync_status === 'Synced' && !isProven)
      this.#found('falseStatus', tab, `${id} says Synced, and is in no item`)
  }

  #logs(tab: Tab, profile: Profile, rows: readonly LogRow[]): void {
    for (const { log_id: log, author, conversation_id: conversation, accepted, read } of rows) {
      const before = profile.logs.get(log) ?? { author, conversation, accepted: [], read: [] }
      if (author !== tab.device.who.peerId && difference(accepted, before.accepted).length > 0)
        this.#taken(tab, profile, conversation, `log ${log}`)
      if (difference(before.accepted, accepted).length > 0)
        this.#found('falseStatus', tab, `log ${log} has lost what it accepted`)
      profile.logs.set(log, {
        author,
        conversation,
        accepted: union(before.accepted, accepted),
        read: union(before.read, read),
      })
    }
  }

  #message(tab: Tab, profile: Profile, row: MessageRow): void {
    const isNew = !profile.held.has(row.id)
    profile.held.add(row.id)
    if (row.direction === 'Received') profile.received.add(row.id)
    if (isNew && row.direction === 'Received')
      this.#taken(tab, profile, row.conversation_id, row.content_json)
    if (isNew && row.direction === 'Received' && !profile.live.has(row.id)) this.byMail++
    if (row.direction === 'Received' && row.read === 1) profile.read.add(row.id)
    const highest = profile.highestKeys.get(row.conversation_id) ?? ''
    if (isNew && row.direction === 'Sent' && row.order_key <= highest)
      this.#found('misordered', tab, `${row.content_json} sorts before what its author had seen`)
    if (row.order_key > highest) profile.highestKeys.set(row.conversation_id, row.order_key)
    if (row.direction === 'Sent') this.#status(tab, profile, row)
  }

  /** Something in that conversation was taken from its other side. */
  #taken(tab: Tab, { trespass }: Profile, conversation: ConversationId, what: string): void {
    const peer = this.#others(tab.device.who.peerId, conversation)
    if (peer !== undefined && trespass.isBlocked(peer))
      this.#found('trespasses', tab, `${what} was taken from ${peer}, who is blocked`)
  }

  #status(tab: Tab, profile: Profile, row: MessageRow): void {
    const before = profile.statuses.get(row.id)?.sync_status ?? 'Pending'
    const rank = SYNC_STATUSES.indexOf(row.sync_status)
    // What a mailbox holds no more is on its way no more.
    const isLostMail = before === 'Synced' && row.sync_status === 'Pending'
    if (rank < SYNC_STATUSES.indexOf(before) && !isLostMail)
      this.#found('falseStatus', tab, `${row.content_json} went from ${before} to ${row.sync_status}`)
    profile.statuses.set(row.id, row)
    const isPromised = (): boolean => profile.items.get(row.id)?.some((id) => this.#promised.has(id)) ?? false
    if (row.sync_status === 'Synced' && before === 'Pending' && !isPromised())
      this.#found('falseStatus', tab, `${row.content_json} says Synced, and no mailbox said so`)
    const other = this.#other(tab, row.conversation_id)
    if (other === undefined || (row.sync_status === before && before !== 'Pending')) return
    const log = other.logs.get(row.log_id)
    const held = other.held.has(row.id) || has(log?.accepted ?? [], row.seq)
    const read = other.read.has(row.id) || has(log?.read ?? [], row.seq)
    const says = row.delivered === 1 || rank >= SYNC_STATUSES.indexOf('Delivered')
    if ((says && !held) || (row.sync_status === 'Acknowledged' && !read))
      this.#found('falseStatus', tab, `${row.content_json} says ${row.sync_status} and is not`)
  }

  #receipt(tab: Tab, profile: Profile, row: ReceiptRow): void {
    const before = profile.proofs.get(row.log_id) ?? { delivered: [], read: [] }
    const lost = [...difference(before.delivered, row.delivered), ...difference(before.read, row.read)]
    if (lost.length > 0) this.#found('falseStatus', tab, `what was proven of log ${row.log_id} is less`)
    profile.proofs.set(row.log_id, { delivered: row.delivered, read: row.read })
    const log = this.#other(tab, row.conversation_id)?.logs.get(row.log_id)
    for (const kind of ['delivered', 'read'] as const) {
      const real = kind === 'read' ? log?.read : log?.accepted
      for (const n of numbersOf(difference(row[kind], before[kind])))
        if (!has(real ?? [], n)) this.#found('falseStatus', tab, `${row.log_id}/${n} is said to be ${kind}`)
    }
  }

  #other(tab: Tab, conversation: ConversationId): Profile | undefined {
    const peer = this.#others(tab.device.who.peerId, conversation)
    return peer === undefined ? undefined : this.#profile(peer)
  }
}
