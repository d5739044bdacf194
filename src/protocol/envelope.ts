/**
 * The envelope (SPEC 3.1, 3.7): one message, signed by its author, so that any member of a conversation can pass it on and no
 * one can alter it. Sealed it is [body, signature]; the body is
 *
 *   [version, id, nonce, conversation, author's key, log, sequence number, clock ms, clock logical,
 *    timestamp, content kind, content payload]
 *
 * and the Ed25519 signature is over `gigi/envelope/1` and the body.
 */
import type { ConversationId, LogId, MessageId } from '../domain/ids.ts'
import type { AuthoredMessage } from '../domain/message.ts'
import { MAX_LOGICAL, MAX_TIME_MS } from '../domain/ordering.ts'
import { decode, encode, isEncodingOf, MalformedError } from './cbor.ts'
import { decodeContent, encodeContent } from './content.ts'
import {
  fromBase64url,
  keyOfPeerId,
  mintMessageId,
  mintTimeOf,
  peerIdOfKey,
  toBase64url,
  uuidBytes,
  uuidText,
} from './identifiers.ts'
import { MAX_CONTENT_BYTES, MAX_ENVELOPE_BYTES } from './limits.ts'
import { bytes, fixedBytes, type Reader, tuple, uint } from './shape.ts'
import { signedBytes } from './signing.ts'

const VERSION = 1
const DOMAIN = 'gigi/envelope/1'

export interface OpenedEnvelope {
  readonly message: AuthoredMessage
  /** What the signature must be over, and the signature: 64 bytes, not yet verified. */
  readonly signed: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array
}

/** What the author signs. The same message gives the same bytes each time. */
export const envelopeSignedBytes = (message: AuthoredMessage): Uint8Array<ArrayBuffer> =>
  signedBytes(DOMAIN, envelopeBody(message))

/** The message and its signature, ready for a push. */
export const sealEnvelope = (message: AuthoredMessage, signature: Uint8Array): Uint8Array<ArrayBuffer> =>
  encode([envelopeBody(message), signature])

/** The message and the signature that `sign` makes of what is signed, ready for a push. */
export async function signEnvelope(
  message: AuthoredMessage,
  sign: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const body = envelopeBody(message)
  return encode([body, await sign(signedBytes(DOMAIN, body))])
}

function envelopeBody(message: AuthoredMessage): Uint8Array {
  const { kind, payload } = encodeContent(message.content)
  return encode([
    VERSION,
    uuidBytes(message.id),
    fromBase64url(message.nonce),
    fromBase64url(message.conversation_id),
    keyOfPeerId(message.author),
    fromBase64url(message.log_id),
    message.seq,
    message.time.ms,
    message.time.logical,
    message.timestamp,
    kind,
    payload,
  ])
}

const conversationBytes: Reader<Uint8Array> = (value, field) => {
  const id = bytes(32)(value, field)
  if (id.length !== 32 && id.length !== 16) throw new MalformedError(`${field}: expected 16 or 32 bytes`)
  return id
}

const body = tuple<
  [
    number,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    number,
    number,
    number,
    number,
    number,
    Uint8Array,
  ]
>(
  uint(VERSION, VERSION),
  fixedBytes(16),
  fixedBytes(16),
  conversationBytes,
  fixedBytes(32),
  fixedBytes(8),
  uint(Number.MAX_SAFE_INTEGER, 1),
  uint(MAX_TIME_MS),
  uint(MAX_LOGICAL),
  uint(MAX_TIME_MS),
  uint(0xffff),
  bytes(MAX_CONTENT_BYTES),
)

/** The id in an envelope that may be malformed in every other way: to refuse it by name. Null when there is none. */
export function claimedId(sealed: Uint8Array): MessageId | null {
  try {
    const [bodyBytes] = tuple<[Uint8Array]>(bytes(MAX_ENVELOPE_BYTES))(decode(sealed), 'envelope')
    const [, id] = tuple<[number, Uint8Array]>(uint(0xffff), fixedBytes(16))(decode(bodyBytes), 'envelope')
    return uuidText(id)
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
}

/**
 * Reads a sealed envelope. The message is well formed, its id is its author's to give, and its bytes are the
 * one encoding of what it says; the signature is for the caller to verify. Throws MalformedError.
 */
export function openEnvelope(sealed: Uint8Array): OpenedEnvelope {
  if (sealed.length > MAX_ENVELOPE_BYTES) throw new MalformedError('envelope too large')
  const [bodyBytes, signature] = tuple<[Uint8Array, Uint8Array]>(bytes(MAX_ENVELOPE_BYTES), fixedBytes(64))(
    decode(sealed),
    'envelope',
  )
  const fields = body(decode(bodyBytes), 'envelope')
  const [, id, nonce, conversation, key, log, seq, ms, logical, timestamp, kind, payload] = fields
  const message: AuthoredMessage = {
    id: uuidText(id),
    nonce: toBase64url(nonce),
    conversation_id: toBase64url(conversation) as ConversationId,
    author: peerIdOfKey(key),
    log_id: toBase64url(log) as LogId,
    seq,
    time: { ms, logical },
    timestamp,
    content: decodeContent({ kind, payload }),
  }
  if (message.id !== mintMessageId(mintTimeOf(message.id), message.author, message.conversation_id, nonce))
    throw new MalformedError('envelope: the id is not its author’s')
  if (!isEncodingOf(bodyBytes, fields)) throw new MalformedError('envelope is not in its one encoding')
  return { message, signed: signedBytes(DOMAIN, bodyBytes), signature }
}
