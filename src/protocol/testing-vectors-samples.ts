/** What the test vectors are of: people, their messages, frames and records, made from fixed seeds. */
import { ed25519 } from '@noble/curves/ed25519.js'
import type { GroupChange, GroupContent } from '../domain/group.ts'
import type { InstallationId, LogId, PeerId } from '../domain/ids.ts'
import type { AuthoredMessage, MessageContent } from '../domain/message.ts'
import { MAX_LOGICAL, MAX_TIME_MS, orderKey } from '../domain/ordering.ts'
import type { SequenceSet } from '../domain/sequence-set.ts'
import { envelopeSignedBytes, sealEnvelope } from './envelope.ts'
import { type Frame, REFUSALS, type Start, startSignedBytes, SYNC_VERSION } from './frames.ts'
import { type Grant, grantSignedBytes, inviteGrantId, sealGrant } from './grant.ts'
import { directConversationId, mintMessageId, peerIdOfKey, toBase64url } from './identifiers.ts'
import {
  changeHash,
  groupIdOf,
  groupLogId,
  sealStatement,
  type Statement,
  statementSignedBytes,
} from './group.ts'
import { signingSeed } from './identity.ts'
import type { Invite } from './invite.ts'
import { INVITE_LIFE_MS, NEARBY_LIFE_MS } from './limits.ts'
import { emptyRoot } from './merkle.ts'
import {
  nearbyBody,
  type NearbyNews,
  type NearbyRecord,
  type NearbyRequest,
  nearbySignedBytes,
  sealNearbyRecord,
} from './nearby.ts'
import { inviteToken, type PresenceNews, type PresenceRequest } from './presence.ts'

export interface Author {
  readonly name: string
  readonly entropy: Uint8Array
  readonly seed: Uint8Array
  readonly key: Uint8Array
  readonly peerId: PeerId
}

export const NOW = 1_750_000_000_000

export const run = (first: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => first + i)
const runId = (first: number, length: number): string => toBase64url(run(first, length))

function author(name: string, entropy: Uint8Array): Author {
  const seed = signingSeed(entropy)
  const key = ed25519.getPublicKey(seed)
  return { name, entropy, seed, key, peerId: peerIdOfKey(key) }
}

export const sign = ({ seed }: Author, bytes: Uint8Array): Uint8Array => ed25519.sign(bytes, seed)

export const alice = author('Alice', run(0x00, 16))
export const bob = author('Bob', run(0x10, 16))
export const relay = author('the relay', run(0x20, 16))
export const conversation = directConversationId(alice.peerId, bob.peerId)
export const groupNonce = runId(0x30, 16)
export const group = groupIdOf(alice.peerId, groupNonce)
const aliceLog = runId(0x40, 8) as LogId
const bobLog = runId(0x48, 8) as LogId
const address = `/dns4/relay.example/tcp/443/tls/ws/p2p/${relay.peerId}`
export const secret = run(0x90, 16)

/** One entry of Alice's log in the conversation with Bob. */
function write(name: string, seq: number, content: MessageContent) {
  const nonce = run(0x50 + seq, 16)
  const message: AuthoredMessage = {
    id: mintMessageId(NOW + seq, alice.peerId, conversation, nonce),
    nonce: toBase64url(nonce),
    conversation_id: conversation,
    author: alice.peerId,
    log_id: aliceLog,
    seq,
    time: { ms: NOW + 1000, logical: seq - 1 },
    timestamp: NOW,
    content,
  }
  const signed = envelopeSignedBytes(message)
  const signature = sign(alice, signed)
  return { name, message, signed, signature, sealed: sealEnvelope(message, signature) }
}

const invited = write('Introduction with a secret', 1, {
  type: 'Introduction',
  nickname: 'Alice',
  secret: toBase64url(secret),
})
export const text = write('Text', 3, { type: 'Text', text: 'Grüße, 你好 👋' })
const file = write('FileShare', 5, {
  type: 'FileShare',
  share_code: runId(0xa0, 16),
  filename: 'holiday photo.jpg',
  file_size: 5_000_000_000,
  file_type: 'image/jpeg',
  root: runId(0xb0, 32),
  dimensions: { width: 4032, height: 3024 },
  preview: runId(0xd0, 40),
})
const plainFile = write('FileShare of a file without bytes', 9, {
  type: 'FileShare',
  share_code: runId(0xa1, 16),
  filename: 'empty',
  file_size: 0,
  file_type: '',
  root: toBase64url(emptyRoot()),
})
const unknown = write('a kind that is not known', 70_000, {
  type: 'Unknown',
  kind: 4711,
  payload: toBase64url(Uint8Array.of(0xff, 1)),
})
export const messages = [
  invited,
  write('Introduction without a secret', 2, { type: 'Introduction', nickname: 'Alice' }),
  text,
  write('Text without characters', 4, { type: 'Text', text: '' }),
  file,
  plainFile,
  write('ShareGroup', 6, {
    type: 'ShareGroup',
    group_id: group,
    group_name: 'Hiking',
    inviter_nickname: 'Alice',
  }),
  write('Void', 8, { type: 'Void' }),
  unknown,
]

/** One entry of Alice's membership log in the group. */
function declare(name: string, seq: number, content: GroupContent) {
  const nonce = run(0x70 + seq, 16)
  const message: AuthoredMessage = {
    id: mintMessageId(NOW + seq, alice.peerId, group, nonce),
    nonce: toBase64url(nonce),
    conversation_id: group,
    author: alice.peerId,
    log_id: groupLogId(run(0x40, 8), 'membership'),
    seq,
    time: { ms: NOW + 2000, logical: seq - 1 },
    timestamp: NOW,
    content,
  }
  const signed = envelopeSignedBytes(message)
  const signature = sign(alice, signed)
  return { name, message, signed, signature, sealed: sealEnvelope(message, signature) }
}

const created = {
  type: 'GroupChange',
  number: 1,
  previous: null,
  change: { type: 'create', name: 'Hiking', nonce: groupNonce, history: 'joining', nickname: 'Alice' },
} as const
const hash = changeHash(group, alice.peerId, created)
const heads = [{ log: bobLog, seq: 7 }]
const changed = (number: number, change: GroupChange): GroupContent => ({
  type: 'GroupChange',
  number,
  previous: hash,
  change,
})
export const entries = [
  declare('GroupChange: create', 1, created),
  declare(
    'GroupChange: add',
    2,
    changed(2, { type: 'add', members: [{ peer: bob.peerId, nickname: 'Bob' }], heads }),
  ),
  declare('GroupChange: remove', 3, changed(3, { type: 'remove', peer: bob.peerId, heads })),
  declare('GroupChange: rename', 4, changed(4, { type: 'rename', name: 'Walking' })),
  declare('GroupChange: history', 5, changed(5, { type: 'history', history: 'all' })),
  declare('GroupJoin', 6, { type: 'GroupJoin', admission: hash, nickname: 'Alice' }),
  declare('GroupLeave', 7, { type: 'GroupLeave', admission: hash, heads }),
  declare('GroupCard', 8, { type: 'GroupCard', nickname: 'Alice', relays: [address], grant: null }),
]

const statement: Statement = {
  group,
  member: bob.peerId,
  number: NOW,
  logs: [
    {
      log: aliceLog,
      accepted: [
        [1, 6],
        [8, 8],
      ],
      read: [[1, 3]],
    },
  ],
}
export const sealedStatement = sealStatement(statement, sign(bob, statementSignedBytes(statement)))

/** Starts of Alice's installations. */
function start(installation: Uint8Array, started: number): Start {
  const fields = { installation: toBase64url(installation) as InstallationId, started }
  return { ...fields, signature: sign(alice, startSignedBytes(fields)) }
}
export const first = start(run(0xe0, 16), NOW)
export const second = start(run(0xb0, 16), NOW + 1)
export const third = start(run(0xc0, 16), NOW + 1)

/** What Alice's link gives (SPEC 18.5). */
const inviteGrant: Grant = {
  owner: alice.peerId,
  id: inviteGrantId(secret),
  holder: null,
  ends: NOW + INVITE_LIFE_MS,
}
const inviteGrantSignature = sign(alice, grantSignedBytes(inviteGrant))

const holes: SequenceSet = [
  [1, 6],
  [8, 8],
  [70_000, 70_000],
]
export const frames: Readonly<Record<string, Frame>> = {
  hello: {
    type: 'hello',
    version: SYNC_VERSION,
    nickname: 'Alice',
    ...first,
    ordinal: 3,
    alone: true,
    relays: [address],
  },
  'hello without nickname and relays': {
    type: 'hello',
    version: SYNC_VERSION,
    nickname: '',
    ...second,
    ordinal: 0,
    alone: false,
    relays: [],
  },
  'summary that Bob sends': {
    type: 'summary',
    conversations: [
      {
        conversation,
        logs: [
          { log: aliceLog, author: alice.peerId, accepted: holes, read: [[3, 4]], tail: unknown.message.id },
          { log: bobLog, author: bob.peerId, accepted: [[1, 12]], read: [], tail: null },
        ],
      },
    ],
  },
  'summary of nothing': { type: 'summary', conversations: [{ conversation, logs: [] }] },
  push: { type: 'push', number: 1, envelopes: [invited.sealed, text.sealed] },
  'ack with every refusal': {
    type: 'ack',
    through: 1,
    proofs: [{ conversation, log: aliceLog, accepted: holes, read: [] }],
    refused: REFUSALS.map((code) => ({
      id: text.message.id,
      permanent: code === 'malformed' || code === 'not-member' || code === 'conflict',
      code,
    })),
  },
  'ack of reading': {
    type: 'ack',
    through: 0,
    proofs: [{ conversation, log: aliceLog, accepted: [[1, 6]], read: [[3, 3]] }],
    refused: [],
  },
  pull: {
    type: 'pull',
    number: 1,
    conversation,
    wanted: [
      { log: aliceLog, numbers: [[3, 4]] },
      {
        log: bobLog,
        numbers: [
          [1, 2],
          [9, 300],
        ],
      },
    ],
  },
  page: {
    type: 'page',
    number: 1,
    envelopes: [text.sealed, file.sealed],
    gone: [{ log: bobLog, numbers: [[9, 300]] }],
    empty: [{ log: bobLog, numbers: [[301, 301]] }],
  },
  typing: { type: 'typing', conversation },
  replaced: { type: 'replaced', ...third },
  grant: {
    type: 'grant',
    grant: sealGrant(inviteGrant, inviteGrantSignature),
  },
  card: { type: 'card', nickname: 'Alice', relays: [address] },
  known: { type: 'known', groups: [{ group, members: [{ member: bob.peerId, number: NOW }] }] },
  statements: { type: 'statements', statements: [sealedStatement] },
}

const plainInvite: Invite = {
  peer: alice.peerId,
  nickname: 'Alice',
  relays: [address],
  secret: toBase64url(secret),
  expires: NOW + INVITE_LIFE_MS,
}
export const invites: Readonly<Record<string, Invite>> = {
  'without a grant': plainInvite,
  'with a grant': {
    ...plainInvite,
    grantSignature: inviteGrantSignature,
  },
}

export const token = inviteToken(secret)
export const requests: readonly PresenceRequest[] = [
  { type: 'watch', watches: [{ peer: alice.peerId, token }, { peer: bob.peerId }] },
  { type: 'unwatch', peers: [bob.peerId] },
  { type: 'tokens', tokens: [token] },
  { type: 'start', start: first },
]
export const news: readonly PresenceNews[] = [
  {
    type: 'presence',
    changes: [
      { peer: alice.peerId, online: true },
      { peer: bob.peerId, online: false },
    ],
  },
  { type: 'rival', start: third },
]

export const record: NearbyRecord = {
  peer: alice.peerId,
  nickname: 'Alice',
  expires: NOW + NEARBY_LIFE_MS,
  relay: relay.peerId,
}
export const recordBody = nearbyBody(record)
export const recordSignature = sign(alice, nearbySignedBytes(recordBody))
export const sealedRecord = sealNearbyRecord(recordBody, recordSignature)
export const nearbyRequests: readonly NearbyRequest[] = [
  { type: 'announce', record: sealedRecord },
  { type: 'withdraw' },
]
export const nearbyNews: readonly NearbyNews[] = [
  { type: 'appeared', records: [sealedRecord] },
  { type: 'left', peers: [alice.peerId] },
]

/** Ascending. */
export const places = (
  [
    [{ ms: 0, logical: 0 }, alice],
    [{ ms: NOW, logical: 0 }, alice],
    [{ ms: NOW, logical: 1 }, bob],
    [{ ms: NOW, logical: 1 }, alice],
    [{ ms: NOW, logical: MAX_LOGICAL }, alice],
    [{ ms: NOW + 1, logical: 0 }, alice],
    [{ ms: MAX_TIME_MS, logical: MAX_LOGICAL }, alice],
  ] as const
)
  .map(([time, by]) => ({ ...time, author: by.peerId, key: orderKey(time, by.peerId) }))
  .sort((a, b) => (a.key < b.key ? -1 : 1))
