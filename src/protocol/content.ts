/**
 * Message content on the wire (SPEC 8.1, 3.5): a kind, and a payload of deterministic CBOR. A kind that is not known stays as
 * its bytes; a known kind with a payload that is not its own is malformed.
 *
 * | Kind | Content      | Payload                                        |
 * |------|--------------|------------------------------------------------|
 * | 0    | Void         | []                                             |
 * | 1    | Text         | [text]                                         |
 * | 2    | FileShare    | [share code, file name, size, type, root, [width, height] or null, preview or null] |
 * | 3    | ShareGroup   | [group id, group name, inviter's nickname]     |
 * | 4    | Introduction | [nickname, secret or null]                     |
 * | 16   | GroupChange  | [number, hash of the one before or null, change] |
 * | 17   | GroupJoin    | [hash of the change that added them, nickname] |
 * | 18   | GroupLeave   | [hash of the change that added them, heads]    |
 * | 19   | GroupCard    | [nickname, [relay address, …], grant or null]  |
 *
 * What stands in the membership logs of groups (from 16 on) is in `group-content.ts`.
 */
import type { MessageContent } from '../domain/message.ts'
import { type Cbor, decode, encode, isEncodingOf, MalformedError } from './cbor.ts'
import { GROUP_KINDS, GROUP_READERS, groupFields } from './group-content.ts'
import { fromBase64url, toBase64url } from './identifiers.ts'
import {
  MAX_CONTENT_BYTES,
  MAX_DIMENSION,
  MAX_NAME_BYTES,
  MAX_NICKNAME_BYTES,
  MAX_PREVIEW_BYTES,
  MAX_TEXT_BYTES,
} from './limits.ts'
import { bytes, fixedBytes, nullable, type Reader, text, tuple, uint } from './shape.ts'

const KINDS = { Void: 0, Text: 1, FileShare: 2, ShareGroup: 3, Introduction: 4, ...GROUP_KINDS } as const

export interface WireContent {
  readonly kind: number
  readonly payload: Uint8Array
}

export function encodeContent(content: MessageContent): WireContent {
  if (content.type === 'Unknown') return { kind: content.kind, payload: fromBase64url(content.payload) }
  return { kind: KINDS[content.type], payload: encode(fieldsOf(content)) }
}

/** Throws MalformedError. */
export function decodeContent({ kind, payload }: WireContent): MessageContent {
  if (payload.length > MAX_CONTENT_BYTES) throw new MalformedError('content too large')
  const read = READERS[kind]
  if (read === undefined) return { type: 'Unknown', kind, payload: toBase64url(payload) }
  const content = read(decode(payload), 'content')
  // One value, one encoding: rows keep the fields, and the signed bytes are made of them again.
  if (content.type === 'Unknown' || !isEncodingOf(payload, fieldsOf(content)))
    throw new MalformedError('content is not in its one encoding')
  return content
}

function fieldsOf(content: Exclude<MessageContent, { type: 'Unknown' }>): Cbor {
  switch (content.type) {
    case 'Void':
      return []
    case 'Text':
      return [content.text]
    case 'FileShare':
      return [
        fromBase64url(content.share_code),
        content.filename,
        content.file_size,
        content.file_type,
        fromBase64url(content.root),
        content.dimensions === undefined ? null : [content.dimensions.width, content.dimensions.height],
        content.preview === undefined ? null : fromBase64url(content.preview),
      ]
    case 'ShareGroup':
      return [fromBase64url(content.group_id), content.group_name, content.inviter_nickname]
    case 'Introduction':
      return [content.nickname, content.secret === undefined ? null : fromBase64url(content.secret)]
    case 'GroupChange':
    case 'GroupJoin':
    case 'GroupLeave':
    case 'GroupCard':
      return groupFields(content)
  }
}

const id128: Reader<string> = (value, field) => toBase64url(fixedBytes(16)(value, field))
const hash: Reader<string> = (value, field) => toBase64url(fixedBytes(32)(value, field))
const pixels = uint(MAX_DIMENSION, 1)
const fileShare = tuple<
  [string, string, number, string, string, readonly [number, number] | null, Uint8Array | null]
>(
  id128,
  text(MAX_NAME_BYTES),
  uint(Number.MAX_SAFE_INTEGER),
  text(MAX_NAME_BYTES),
  hash,
  nullable(tuple<[number, number]>(pixels, pixels)),
  nullable(bytes(MAX_PREVIEW_BYTES)),
)

const READERS: Readonly<Record<number, Reader<MessageContent>>> = {
  [KINDS.Void]: (value, field) => {
    tuple<[]>()(value, field)
    return { type: 'Void' }
  },
  [KINDS.Text]: (value, field) => {
    const [body] = tuple<[string]>(text(MAX_TEXT_BYTES))(value, field)
    return { type: 'Text', text: body }
  },
  [KINDS.FileShare]: (value, field) => {
    const [share_code, filename, file_size, file_type, root, size, preview] = fileShare(value, field)
    return {
      type: 'FileShare',
      share_code,
      filename,
      file_size,
      file_type,
      root,
      ...(size === null ? {} : { dimensions: { width: size[0], height: size[1] } }),
      ...(preview === null ? {} : { preview: toBase64url(preview) }),
    }
  },
  [KINDS.ShareGroup]: (value, field) => {
    const [group_id, group_name, inviter_nickname] = tuple<[string, string, string]>(
      id128,
      text(MAX_NAME_BYTES),
      text(MAX_NICKNAME_BYTES),
    )(value, field)
    return { type: 'ShareGroup', group_id, group_name, inviter_nickname }
  },
  [KINDS.Introduction]: (value, field) => {
    const [nickname, secret] = tuple<[string, string | null]>(text(MAX_NICKNAME_BYTES), nullable(id128))(
      value,
      field,
    )
    return secret === null ? { type: 'Introduction', nickname } : { type: 'Introduction', nickname, secret }
  },
  ...GROUP_READERS,
}
