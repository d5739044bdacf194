/** The effects that touch the store and the keys: each awaits, and returns what `decide` is to know of it. */
import type { ConversationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import type { AuthoredMessage } from '../domain/message.ts'
import { difference, has, union } from '../domain/sequence-set.ts'
import { MalformedError } from '../protocol/cbor.ts'
import {
  claimedId,
  type OpenedEnvelope,
  openEnvelope,
  sealEnvelope,
  signEnvelope,
} from '../protocol/envelope.ts'
import {
  type Hello,
  type LogNumbers,
  type LogProof,
  type Page,
  type Pull,
  type Push,
  type Refusal,
  type Start,
  type Summary,
  SYNC_VERSION,
} from '../protocol/frames.ts'
import { isGroupId } from '../protocol/group.ts'
import { keyOfPeerId } from '../protocol/identifiers.ts'
import { PUSH_BYTES } from '../protocol/limits.ts'
import { requireIdentity } from '../store/identity.ts'
import { renewGroupLog } from '../store/group-rewind.ts'
import { acceptMessages } from '../store/inbox.ts'
import { BlockedError, type PeerWords, type VerifiedMessage } from '../store/reception.ts'
import { readLacking, readPage, recordLost } from '../store/pages.ts'
import { getPendingMessages, queuedLogs, recordRefusal } from '../store/outbox.ts'
import { recordAndSettle, recordProofs, settle } from '../store/receipts.ts'
import { fillVacated } from '../store/retry.ts'
import { currentLog, renewLog } from '../store/rewind.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { readSummary } from '../store/summary.ts'
import { FILLED_NUMBERS, SETTLE_ROWS } from './limits.ts'
import type { Clock, Crypto, Random } from './ports.ts'

export interface EffectContext {
  readonly db: GigiDatabase
  readonly self: PeerId
  readonly epoch: number
  readonly clock: Clock
  readonly crypto: Crypto
  readonly random: Random
  /** Which installation this node is of, and when it started. */
  readonly start: Start
  /** Where this node can be found: addresses of its relays. */
  readonly relays: () => readonly string[]
}

/** What we say first. Throws BlockedError when the peer is blocked. */
export async function greeting(
  context: EffectContext,
  peer: PeerId,
  ordinal: number,
  alone: boolean,
): Promise<readonly [Hello, Summary]> {
  const { db, start } = context
  const summary = await summarize(context, peer)
  const { nickname } = await requireIdentity(db)
  const relays = context.relays()
  return [{ type: 'hello', version: SYNC_VERSION, nickname, ...start, ordinal, alone, relays }, summary]
}

/** What we have accepted and read; `own`: in groups, of what the peer wrote alone. Throws BlockedError when the peer is blocked. */
export async function summarize(
  { db, epoch }: EffectContext,
  peer: PeerId,
  only: 'all' | 'own' = 'all',
): Promise<Summary> {
  const conversations = await readSummary(db, epoch, peer, only)
  if (conversations === null) throw new BlockedError(`${peer} is blocked`)
  return { type: 'summary', conversations }
}

export interface SealedBatch {
  /** Envelopes, push by push. */
  readonly pushes: readonly (readonly Uint8Array[])[]
  readonly cursor: MessageId | null
  readonly more: boolean
}

/** The next messages that wait for `peer`, signed and sealed, for at most `room` pushes. */
export async function sealOutbox(
  { db, epoch, clock, crypto }: EffectContext,
  peer: PeerId,
  session: string,
  cursor: MessageId | null,
  room: number,
): Promise<SealedBatch> {
  const batch = await getPendingMessages(db, epoch, peer, session, cursor, room, clock.now())
  const sealed = await Promise.all(batch.messages.map((message) => seal(crypto, message)))
  const pushes = intoPushes(sealed, batch.size)
  const last = batch.messages[pushes.slice(0, room).flat().length - 1]
  // Large messages fill more pushes than there is room for: the rest is read again.
  if (pushes.length > room) return { pushes: pushes.slice(0, room), cursor: last?.id ?? cursor, more: true }
  return { pushes, cursor: batch.cursor, more: batch.more }
}

/** In order, at most `size` and PUSH_BYTES each; one envelope always fits: its own limit is far below that of a push. */
function intoPushes(envelopes: readonly Uint8Array[], size: number): Uint8Array[][] {
  const pushes: Uint8Array[][] = []
  let push: Uint8Array[] = []
  let bytes = 0
  for (const envelope of envelopes) {
    if (push.length === 0 || push.length >= size || bytes + envelope.length > PUSH_BYTES) {
      pushes.push((push = []))
      bytes = 0
    }
    push.push(envelope)
    bytes += envelope.length
  }
  return pushes
}

/** A message of ours, signed and sealed. */
export const seal = (crypto: Crypto, message: AuthoredMessage): Promise<Uint8Array> =>
  signEnvelope(message, crypto.sign)

export interface PushOutcome {
  readonly proofs: readonly LogProof[]
  readonly refused: readonly Refusal[]
}

/** What a push brings, checked, and what in it cannot be read or is not its author's. */
export interface CheckedPush {
  readonly verified: readonly VerifiedMessage[]
  readonly malformed: readonly Refusal[]
}

/** Throws MalformedError when an envelope does not even name a message. */
export async function checkPush(
  crypto: Crypto,
  { envelopes }: Pick<Push, 'envelopes'>,
): Promise<CheckedPush> {
  const read = await Promise.all(envelopes.map((sealed) => verify(crypto, sealed)))
  return {
    verified: read.filter((item) => 'message' in item),
    malformed: read.filter((item) => 'code' in item),
  }
}

/**
 * Commits checked pushes in one transaction. What cannot be read is refused for good and holds up nothing behind it.
 * Throws BlockedError when the peer is blocked.
 */
export async function acceptPushes(
  { db, epoch, clock }: EffectContext,
  peer: PeerId,
  said: PeerWords,
  pushes: readonly CheckedPush[],
): Promise<PushOutcome> {
  const messages = pushes.flatMap(({ verified }) => verified)
  const { proofs, refused } = await acceptMessages(db, epoch, peer, said, messages, 'push', clock.now())
  return { proofs, refused: [...refused, ...pushes.flatMap(({ malformed }) => malformed)] }
}

/**
 * Verifies and commits a page that we asked for, and notes what is gone for good. Returns what the page left open
 * and is worth asking for again: nothing when it brought nothing. `group`: which one it is of, if any. Throws as `acceptPush` does.
 */
export async function takePage(
  context: EffectContext,
  peer: PeerId,
  said: PeerWords,
  page: Page,
  asked: readonly LogNumbers[],
  authors: ReadonlyMap<LogId, PeerId>,
  group: ConversationId | null,
): Promise<{ readonly brought: boolean; readonly useful: boolean; readonly rest: readonly LogNumbers[] }> {
  const { db, epoch, clock } = context
  const { verified } = await checkPush(context.crypto, page)
  const places = new Map(asked.map(({ log, numbers }) => [log, numbers]))
  const wanted = verified.filter(
    ({ message: { log_id, seq, author } }) =>
      author === authors.get(log_id) && has(places.get(log_id) ?? [], seq),
  )
  const { proofs } = await acceptMessages(db, epoch, peer, said, wanted, 'page', clock.now())
  await recordLost(db, epoch, peer, page, asked, authors, group)
  // That one member does not have it says nothing of the next.
  const told = group === null ? page.gone.length + page.empty.length : page.empty.length
  if (proofs.length === 0) return { brought: false, useful: told > 0, rest: [] }
  const rest = asked
    .map(({ log, numbers }) => {
      const got = proofs.find((proof) => proof.log === log)?.accepted ?? []
      const told = [...page.gone, ...page.empty].filter((other) => other.log === log)
      const answered = told.reduce((set, other) => union(set, other.numbers), got)
      return { log, numbers: difference(numbers, answered) }
    })
    .filter(({ numbers }) => numbers.length > 0)
  return { brought: true, useful: true, rest }
}

/** What a peer asked for, as far as it may have it and a page holds. */
export async function servePull(context: EffectContext, peer: PeerId, pull: Pull): Promise<Page> {
  const { db, epoch, crypto } = context
  const { messages, gone, empty } = await readPage(db, epoch, peer, pull.conversation, pull.wanted)
  const envelopes: Uint8Array[] = []
  let bytes = 0
  for (const { message, signature } of messages) {
    const sealed = signature === undefined ? await seal(crypto, message) : sealEnvelope(message, signature)
    if ((bytes += sealed.length) > PUSH_BYTES) break
    envelopes.push(sealed)
  }
  return { type: 'page', number: pull.number, envelopes, gone, empty }
}

async function verify(crypto: Crypto, sealed: Uint8Array): Promise<VerifiedMessage | Refusal> {
  const opened = readable(sealed)
  if ('code' in opened) return opened
  const { message, signed, signature } = opened
  if (await crypto.verify(keyOfPeerId(message.author), signature, signed))
    return { message, signature, bytes: sealed.length }
  return { id: message.id, permanent: true, code: 'malformed' }
}

function readable(sealed: Uint8Array): OpenedEnvelope | Refusal {
  try {
    return openEnvelope(sealed)
  } catch (error) {
    const id = error instanceof MalformedError ? claimedId(sealed) : null
    if (id === null) throw error
    return { id, permanent: true, code: 'malformed' }
  }
}

/** The refusal of everything in some pushes, for now: it could not be stored. */
export const refuseAll = (pushes: readonly Push[]): PushOutcome => ({
  proofs: [],
  refused: pushes
    .flatMap(({ envelopes }) => envelopes)
    .flatMap((sealed) => {
      const id = claimedId(sealed)
      return id === null ? [] : [{ id, permanent: false, code: 'storage-full' as const }]
    }),
})

/**
 * Records a peer's summary: begins a new log where it shows that ours was rewound, settles what it proves, and
 * fills what the peer lacks and nothing will be sent for any more. Returns what it has and we lack, but what members of groups
 * who are `connected` will bring themselves.
 */
export async function recordSummary(
  context: EffectContext,
  peer: PeerId,
  summary: Summary,
  connected: ReadonlySet<PeerId>,
): Promise<LogNumbers[]> {
  const { db, epoch, clock, random } = context
  const logs = await recordOldSummary(context, peer, summary)
  await fillVacated(db, epoch, peer, clock.now(), FILLED_NUMBERS, random.bytes)
  return readLacking(db, epoch, peer, logs, connected)
}

/** As `recordSummary`, but for what only holds at the moment: a letter may have been long on its way (SPEC 19.9). */
export async function recordOldSummary(context: EffectContext, peer: PeerId, summary: Summary) {
  const { db, epoch, clock, random } = context
  const logs = summary.conversations.flatMap(({ conversation, logs }) =>
    logs.map((log) => ({ conversation, ...log })),
  )
  const current = await currentLog(db, peer)
  for (const log of logs)
    if (log.log === current) await renewLog(db, epoch, peer, log, clock.now(), random.bytes)
    else if (log.author === context.self && isGroupId(log.conversation))
      await renewGroupLog(db, epoch, peer, log.conversation, log.log, log, clock.now(), random.bytes)
  await recordAck(context, peer, logs, [], 0)
  return logs
}

/**
 * Records what a peer proved and refused, and brings at most `rows` rows up to it; with none it holds up nobody who reads
 * them. Returns whether more rows are to follow (sync/settling.ts).
 */
export async function recordAck(
  context: EffectContext,
  peer: PeerId,
  proofs: readonly LogProof[],
  refused: readonly Refusal[],
  rows: number,
): Promise<boolean> {
  const { db, epoch, clock } = context
  const conflicted = refused.filter(({ permanent, code }) => permanent && code === 'conflict')
  // What stands at our places there was written in another life of this profile: ours goes elsewhere.
  const renewed =
    conflicted.length > 0 &&
    (await renewConflicted(
      context,
      peer,
      conflicted.map(({ id }) => id),
    ))
  for (const { id, permanent, code } of refused)
    if (permanent && !(renewed && code === 'conflict'))
      await recordRefusal(db, epoch, peer, id, code, clock.now())
  return rows === 0
    ? recordProofs(db, epoch, peer, proofs)
    : recordAndSettle(db, epoch, peer, proofs, rows, clock.now())
}

/** Begins new logs for what is queued of these messages, where it stands. Returns whether there was any. */
async function renewConflicted(
  { db, epoch, clock, random }: EffectContext,
  peer: PeerId,
  ids: readonly MessageId[],
): Promise<boolean> {
  let isRenewed = false
  for (const [id, log] of await queuedLogs(db, peer, ids))
    isRenewed =
      (isGroupId(id)
        ? await renewGroupLog(db, epoch, peer, id, log, null, clock.now(), random.bytes)
        : await renewLog(db, epoch, peer, null, clock.now(), random.bytes)) || isRenewed
  return isRenewed
}

/** Brings the rows up to what a peer has proven, in pieces. */
export async function settleAll({ db, epoch, clock }: EffectContext, peer: PeerId): Promise<void> {
  while (await settle(db, epoch, peer, SETTLE_ROWS, clock.now()));
}

/** What we have read of the peer's logs, with what we accepted: to be told when it changes. */
export async function readReads(context: EffectContext, peer: PeerId): Promise<LogProof[]> {
  const summary = (await readSummary(context.db, context.epoch, peer, 'own')) ?? []
  return summary.flatMap(({ conversation, logs }) =>
    logs
      .filter((log) => log.author === peer && log.read.length > 0)
      .map(({ log, accepted, read }) => ({ conversation, log, accepted, read })),
  )
}
