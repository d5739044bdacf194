/** The effects that touch the store and the keys: each awaits, and returns what `decide` is to know of it. */
import type { MessageId, PeerId } from '../domain/ids.ts'
import type { AuthoredMessage } from '../domain/message.ts'
import { type OpenedEnvelope, envelopeSignedBytes, openEnvelope, sealEnvelope } from '../protocol/envelope.ts'
import {
  type Hello,
  type LogProof,
  type Push,
  type Refusal,
  type Summary,
  SYNC_VERSION,
} from '../protocol/frames.ts'
import { keyOfPeerId } from '../protocol/identifiers.ts'
import { PUSH_BYTES } from '../protocol/limits.ts'
import { requireIdentity, requireInstallation } from '../store/identity.ts'
import { acceptMessages, BlockedError, type PeerWords, type VerifiedMessage } from '../store/inbox.ts'
import { readOutbox, recordRefusal } from '../store/outbox.ts'
import { recordProofs, settle } from '../store/receipts.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { readSummary } from '../store/summary.ts'
import { SETTLE_ROWS } from './limits.ts'
import type { Clock, Crypto } from './ports.ts'

export interface EffectContext {
  readonly db: GigiDatabase
  readonly epoch: number
  readonly clock: Clock
  readonly crypto: Crypto
  /** Messages in one push. */
  readonly batchSize: () => number
  /** When this node started. */
  readonly started: number
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
  const { db, epoch, started } = context
  const conversation = await readSummary(db, epoch, peer)
  if (conversation === null) throw new BlockedError(`${peer} is blocked`)
  const { nickname } = await requireIdentity(db)
  const { id: installation } = await requireInstallation(db)
  const relays = context.relays()
  return [
    { type: 'hello', version: SYNC_VERSION, nickname, installation, started, ordinal, alone, relays },
    { type: 'summary', conversations: [conversation] },
  ]
}

export interface SealedBatch {
  readonly envelopes: readonly Uint8Array[]
  readonly cursor: MessageId | null
  readonly more: boolean
}

/** The next messages that wait for `peer`, signed and sealed, at most a push's bytes of them. */
export async function sealOutbox(
  context: EffectContext,
  peer: PeerId,
  cursor: MessageId | null,
): Promise<SealedBatch> {
  const limit = context.batchSize()
  const batch = await readOutbox(context.db, context.epoch, peer, cursor, limit)
  const sealed = await Promise.all(batch.messages.map((message) => seal(context.crypto, message)))
  let bytes = 0
  const fitting = sealed.findIndex((envelope) => (bytes += envelope.length) > PUSH_BYTES)
  // One envelope always fits: its own limit is far below that of a push.
  if (fitting > 0) {
    const last = batch.messages[fitting - 1]
    return { envelopes: sealed.slice(0, fitting), cursor: last?.id ?? cursor, more: true }
  }
  return { envelopes: sealed, cursor: batch.cursor, more: batch.looked === limit }
}

async function seal(crypto: Crypto, message: AuthoredMessage): Promise<Uint8Array> {
  return sealEnvelope(message, await crypto.sign(envelopeSignedBytes(message)))
}

export interface PushOutcome {
  readonly proofs: readonly LogProof[]
  readonly refused: readonly Refusal[]
}

/**
 * Verifies and commits a push. What is not its author's is refused for good. Throws MalformedError when an
 * envelope cannot be read, BlockedError when the peer is blocked.
 */
export async function acceptPush(
  context: EffectContext,
  peer: PeerId,
  said: PeerWords,
  push: Push,
): Promise<PushOutcome> {
  const opened = push.envelopes.map((sealed) => ({ ...openEnvelope(sealed), bytes: sealed.length }))
  const valid = await Promise.all(opened.map((envelope) => isSigned(context.crypto, envelope)))
  const verified: VerifiedMessage[] = []
  const forged: Refusal[] = []
  opened.forEach(({ message, signature, bytes }, i) => {
    if (valid[i] === true) verified.push({ message, signature, bytes })
    else forged.push({ id: message.id, permanent: true, code: 'malformed' })
  })
  const now = context.clock.now()
  const outcome = await acceptMessages(context.db, context.epoch, peer, said, verified, now)
  return { proofs: outcome.proofs, refused: [...outcome.refused, ...forged] }
}

const isSigned = (crypto: Crypto, { message, signed, signature }: OpenedEnvelope): Promise<boolean> =>
  crypto.verify(keyOfPeerId(message.author), signature, signed)

/** The refusal of everything in a push, for now: it could not be stored. */
export const refuseAll = (push: Push): PushOutcome => ({
  proofs: [],
  refused: push.envelopes.map((sealed) => ({
    id: openEnvelope(sealed).message.id,
    permanent: false,
    code: 'storage-full',
  })),
})

/** Records what a peer proved and refused, and settles the rows from it. */
export async function recordAck(
  context: EffectContext,
  peer: PeerId,
  proofs: readonly LogProof[],
  refused: readonly Refusal[],
): Promise<void> {
  const { db, epoch, clock } = context
  for (const { id, permanent, code } of refused) if (permanent) await recordRefusal(db, epoch, peer, id, code)
  await recordProofs(db, epoch, peer, proofs)
  while (await settle(db, epoch, peer, SETTLE_ROWS, clock.now()));
}

/** What we have read of the peer's logs, with what we accepted: to be told when it changes. */
export async function readReads(context: EffectContext, peer: PeerId): Promise<LogProof[]> {
  const summary = await readSummary(context.db, context.epoch, peer)
  if (summary === null) return []
  return summary.logs
    .filter((log) => log.author === peer && log.read.length > 0)
    .map(({ log, accepted, read }) => ({ conversation: summary.conversation, log, accepted, read }))
}
