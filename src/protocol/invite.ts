/**
 * Invite links (SPEC 6.2): `<address of the app>#invite=<code>`, in the fragment so that no server sees it. The code is
 * base64url of [body, signature]; the body is
 *
 *   [version, key, nickname, [relay address, …], secret, expires (ms since the epoch), grant's signature]
 *
 * and the Ed25519 signature is over `gigi/invite/1` and the body. Whoever brings the secret is accepted
 * without asking until the link expires or its owner renews it. The last element is in links of owners who have a mailbox.
 */
import type { PeerId } from '../domain/ids.ts'
import { cleanNickname } from '../domain/nickname.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { type Cbor, decode, encode, MalformedError } from './cbor.ts'
import { fromBase64url, keyOfPeerId, peerIdOfKey, toBase64url } from './identifiers.ts'
import { MAX_ADDRESS_LENGTH, MAX_INVITE_LENGTH, MAX_NICKNAME_BYTES, MAX_RELAYS } from './limits.ts'
import { bytes, fixedBytes, list, text, tuple, uint } from './shape.ts'
import { signedBytes } from './signing.ts'

const VERSION = 1
const DOMAIN = 'gigi/invite/1'

export interface Invite {
  readonly peer: PeerId
  readonly nickname: string
  readonly relays: readonly string[]
  /** 16 bytes, base64url. */
  readonly secret: string
  /** Milliseconds since the Unix epoch. */
  readonly expires: number
  /** 64 bytes: that of the grant which the link gives (SPEC 18.5), not yet verified. Without it there is none. */
  readonly grantSignature?: Uint8Array
}

export interface OpenedInvite {
  readonly invite: Invite
  /** What the signature must be over, and the signature: not yet verified. */
  readonly signed: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array
}

const bodyOf = (invite: Invite): Uint8Array =>
  encode([
    VERSION,
    keyOfPeerId(invite.peer),
    invite.nickname,
    invite.relays,
    fromBase64url(invite.secret),
    invite.expires,
    ...(invite.grantSignature === undefined ? [] : [invite.grantSignature]),
  ])

export const inviteSignedBytes = (invite: Invite): Uint8Array<ArrayBuffer> =>
  signedBytes(DOMAIN, bodyOf(invite))

/** The link of an invite, under the address that the app is served from. */
export const inviteLink = (base: string, invite: Invite, signature: Uint8Array): string =>
  `${base}#invite=${toBase64url(encode([bodyOf(invite), signature]))}`

/** Reads a link, its fragment, or the code alone. Throws MalformedError. */
export function openInvite(link: string): OpenedInvite {
  const trimmed = link.trim()
  const code = /#invite=(.*)$/su.exec(trimmed)?.[1] ?? trimmed
  if (code.length > MAX_INVITE_LENGTH) throw new MalformedError('invite too long')
  const [body, signature] = tuple<[Uint8Array, Uint8Array]>(bytes(MAX_INVITE_LENGTH), fixedBytes(64))(
    decode(fromBase64url(code)),
    'invite',
  )
  const elements = decode(body)
  const [, key, nickname, relays, secret, expires] = tuple<
    [number, Uint8Array, string, string[], Uint8Array, number]
  >(
    uint(VERSION, VERSION),
    fixedBytes(32),
    text(MAX_NICKNAME_BYTES),
    list(text(MAX_ADDRESS_LENGTH), MAX_RELAYS),
    fixedBytes(16),
    uint(MAX_TIME_MS),
  )(elements, 'invite')
  const seventh = (elements as readonly Cbor[])[6]
  const grantSignature = seventh === undefined ? undefined : fixedBytes(64)(seventh, 'invite[6]')
  return {
    invite: {
      peer: peerIdOfKey(key),
      nickname: cleanNickname(nickname),
      relays,
      secret: toBase64url(secret),
      expires,
      ...(grantSignature === undefined ? {} : { grantSignature }),
    },
    signed: signedBytes(DOMAIN, body),
    signature,
  }
}
