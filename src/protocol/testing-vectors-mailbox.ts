/** The test vectors of the mailbox (SPEC 18): grants, prekeys and frames, and what a reader must refuse of them. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { encode } from './cbor.ts'
import { type Grant, grantSignedBytes, holderOf, inviteGrantId, sealGrant } from './grant.ts'
import { fromBase64url, toBase64url } from './identifiers.ts'
import {
  GRANT_LIFE_MS,
  INVITE_LIFE_MS,
  MAX_ENDPOINT_BYTES,
  MAX_GRANT_BYTES,
  MAX_IDS_PER_REQUEST,
  MAX_ITEM_BYTES,
  MAX_ITEMS_PER_FETCH,
  MAX_PREKEY_BYTES,
} from './limits.ts'
import {
  encodeMailboxNews,
  encodeMailboxRequest,
  type Fetched,
  fetchedPayload,
  heldPayload,
  MAILBOX_CODES,
  type MailboxRequest,
} from './mailbox.ts'
import { type Prekey, prekeySignedBytes, sealPrekey } from './prekey.ts'
import { alice, bob, NOW, run, secret, sign } from './testing-vectors-samples.ts'

const grantId = toBase64url(run(0x70, 16))
const bobs: Grant = {
  owner: alice.peerId,
  id: grantId,
  holder: holderOf(grantId, bob.peerId),
  ends: NOW + GRANT_LIFE_MS,
}
const anyones: Grant = {
  owner: alice.peerId,
  id: inviteGrantId(secret),
  holder: null,
  ends: NOW + INVITE_LIFE_MS,
}
const grants = [
  { name: 'of Alice for Bob', fields: bobs },
  { name: 'of the link of Alice', fields: anyones },
]
const sealed = (grant: Grant): Uint8Array => sealGrant(grant, sign(alice, grantSignedBytes(grant)))

const prekey: Prekey = { owner: alice.peerId, publicKey: run(0xc0, 32), made: NOW }
const prekeySignature = sign(alice, prekeySignedBytes(prekey))
const sealedPrekey = sealPrekey(prekey, prekeySignature)

const grant = sealed(bobs)
const itemIds = [run(0x80, 16), run(0x88, 16)].map(toBase64url)
const [itemId = ''] = itemIds
const requests: readonly MailboxRequest[] = [
  { type: 'deposit', number: 1, grant, id: itemId, item: run(0x00, 40) },
  { type: 'fetch', number: 2, after: 0 },
  { type: 'confirm', number: 3, ids: itemIds },
  { type: 'status', number: 4, grant, ids: itemIds },
  { type: 'prekey', number: 5, grant },
  { type: 'publish', number: 6, prekey: sealedPrekey },
  { type: 'revoke', number: 7, grants: [bobs, anyones].map(({ id, ends }) => ({ id, ends })) },
  { type: 'keep', number: 8, blob: run(0x20, 40) },
  { type: 'recall', number: 4711 },
  { type: 'deposit', number: 4712, grant, id: itemId, item: run(0x00, 40), quiet: true },
  { type: 'subscribe', number: 4713, endpoint: 'https://push.example/send/a?b=1' },
  { type: 'unsubscribe', number: 4714, endpoint: 'https://push.example/send/a?b=1' },
]

const fetched: Fetched = {
  items: [
    { position: 1, id: itemId, item: run(0x00, 40) },
    { position: 70_000, id: itemIds[1] ?? '', item: Uint8Array.of() },
  ],
  more: true,
}
/** `to` is the request that it answers; null: any. */
const answers = [
  { to: 'fetch', says: fetched, payload: fetchedPayload(fetched) },
  { to: 'status', says: itemIds, payload: heldPayload(itemIds) },
  { to: 'prekey', says: sealedPrekey, payload: sealedPrekey },
  { to: 'prekey', says: null, payload: null },
  { to: 'recall', says: run(0x20, 40), payload: run(0x20, 40) },
  { to: 'recall', says: null, payload: null },
] as const

export type MalformedMailboxKind = 'grant' | 'prekey' | 'request' | 'news' | 'fetched' | 'held'

const SIGNATURE = new Uint8Array(64)
const ID = new Uint8Array(16)
const OVER = Array.from({ length: MAX_IDS_PER_REQUEST + 1 }, () => ID)

const malformed: readonly (readonly [
  rule: string,
  kind: MalformedMailboxKind,
  reason: string,
  bytes: Uint8Array,
])[] = [
  ['15.4', 'grant', 'a version that is not known', grantOf([2, alice.key, ID, null, 0])],
  ['18.4', 'grant', 'an id of 15 bytes', grantOf([1, alice.key, ID.slice(1), null, 0])],
  ['18.4', 'grant', 'a holder of 31 bytes', grantOf([1, alice.key, ID, new Uint8Array(31), 0])],
  ['18.4', 'grant', 'an end past 2^47', grantOf([1, alice.key, ID, null, MAX_TIME_MS + 1])],
  ['18.4', 'grant', 'no signature', encode([encode([1, alice.key, ID, null, 0])])],
  [
    '18.4',
    'grant',
    `more than ${MAX_GRANT_BYTES} bytes`,
    grantOf([1, alice.key, ID, null, 0, new Uint8Array(MAX_GRANT_BYTES - 120)]),
  ],
  ['15.4', 'prekey', 'a version that is not known', grantOf([2, alice.key, new Uint8Array(32), 0])],
  ['18.6', 'prekey', 'a key of 31 bytes', grantOf([1, alice.key, new Uint8Array(31), 0])],
  [
    '18.6',
    'prekey',
    `more than ${MAX_PREKEY_BYTES} bytes`,
    grantOf([1, alice.key, new Uint8Array(32), 0, new Uint8Array(MAX_PREKEY_BYTES - 120)]),
  ],
  ['18.7', 'request', 'the number 0', encode([8, 0])],
  ['18.7', 'request', 'a deposit without an item', encode([0, 1, grant, ID])],
  ['18.7', 'request', 'an item id of 17 bytes', encode([0, 1, grant, new Uint8Array(17), ID])],
  ['18.7', 'request', 'quiet, and neither true nor false', encode([0, 1, grant, ID, ID, 1])],
  ['18.7', 'request', 'an endpoint of bytes', encode([9, 1, ID])],
  [
    '18.7',
    'request',
    `an endpoint of more than ${MAX_ENDPOINT_BYTES} bytes`,
    encode([10, 1, 'ä'.repeat(MAX_ENDPOINT_BYTES / 2 + 1)]),
  ],
  ['18.7', 'request', 'a grant that is too long', encode([4, 1, new Uint8Array(MAX_GRANT_BYTES + 1)])],
  ['18.7', 'request', 'a negative position', Uint8Array.of(0x83, 0x01, 0x01, 0x20)],
  ['18.7', 'request', 'too many ids', encode([2, 1, OVER])],
  ['18.7', 'request', 'too many revocations', encode([6, 1, OVER.map((id) => [id, 0])])],
  ['18.7', 'news', 'an answer without a payload', encode([16, 1, 0])],
  ['18.7', 'news', 'a code that is text', encode([16, 1, 'done', null])],
  ['18.8', 'fetched', 'positions that do not rise', encode([[row(2), row(2)], false])],
  ['18.8', 'fetched', 'the position 0', encode([[row(0)], false])],
  ['18.8', 'fetched', 'more behind nothing', encode([[], true])],
  [
    '18.8',
    'fetched',
    'too many items',
    encode([Array.from({ length: MAX_ITEMS_PER_FETCH + 1 }, (_, i) => row(i + 1)), false]),
  ],
  ['18.8', 'held', 'too many ids', encode(OVER)],
]

function grantOf(body: Parameters<typeof encode>[0]): Uint8Array {
  return encode([encode(body), SIGNATURE])
}
function row(position: number) {
  return [position, ID, Uint8Array.of()]
}

/** Requests whose bytes are over MAX_ITEM_BYTES: too long to stand in a file. */
export const oversizeRequests = (): readonly Uint8Array[] => {
  const item = new Uint8Array(MAX_ITEM_BYTES + 1)
  return [encode([0, 1, grant, ID, item]), encode([7, 1, item])]
}

/** `json` makes fields as they stand in the file. */
export const mailboxVectors = <Json>(json: (value: unknown) => Json) => ({
  grants: grants.map(({ name, fields }) => ({
    name,
    fields: json(fields),
    signed: bytesToHex(grantSignedBytes(fields)),
    signature: bytesToHex(sign(alice, grantSignedBytes(fields))),
    sealed: bytesToHex(sealed(fields)),
  })),
  holder: { grant: grantId, peer: bob.peerId, holder: bytesToHex(holderOf(grantId, bob.peerId)) },
  inviteGrant: { secret: bytesToHex(secret), id: bytesToHex(fromBase64url(inviteGrantId(secret))) },
  prekey: {
    fields: json(prekey),
    signed: bytesToHex(prekeySignedBytes(prekey)),
    signature: bytesToHex(prekeySignature),
    sealed: bytesToHex(sealedPrekey),
  },
  requests: requests.map((fields) => ({
    fields: json(fields),
    bytes: bytesToHex(encodeMailboxRequest(fields)),
  })),
  answers: answers.map(({ to, says, payload }) => ({
    to,
    says: json(says),
    bytes: bytesToHex(encodeMailboxNews({ type: 'answer', number: 7, code: 'done', payload })),
  })),
  codes: MAILBOX_CODES.map((code) => ({
    code,
    bytes: bytesToHex(encodeMailboxNews({ type: 'answer', number: 7, code, payload: null })),
  })),
  mail: bytesToHex(encodeMailboxNews({ type: 'mail' })),
  tolerated: [
    { rule: '1.3', reason: 'a kind that is not known', bytes: bytesToHex(encode([99, 1, 'whatever'])) },
  ],
  malformed: malformed.map(([rule, kind, reason, bytes]) => ({
    rule,
    kind,
    reason,
    bytes: bytesToHex(bytes),
  })),
})
