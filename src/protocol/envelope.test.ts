import { describe, expect, test } from 'vitest'
import type { LogId } from '../domain/ids.ts'
import type { AuthoredMessage, MessageContent } from '../domain/message.ts'
import { person } from '../testing/people.ts'
import { decode, encode, MalformedError } from './cbor.ts'
import { envelopeSignedBytes, openEnvelope, sealEnvelope } from './envelope.ts'
import { directConversationId, keyOfPeerId, mintMessageId, mintTimeOf, toBase64url } from './identifiers.ts'

const [alice, bob] = [person('Alice', 1), person('Bob', 2)]
const nonce = new Uint8Array(16).fill(7)

function message(content: MessageContent): AuthoredMessage {
  const conversation = directConversationId(alice.peerId, bob.peerId)
  return {
    id: mintMessageId(1_700_000_000_000, alice.peerId, conversation, nonce),
    nonce: toBase64url(nonce),
    conversation_id: conversation,
    author: alice.peerId,
    log_id: toBase64url(new Uint8Array(8).fill(3)) as LogId,
    seq: 1,
    time: { ms: 1_700_000_000_000, logical: 0 },
    timestamp: 1_700_000_000_000,
    content,
  }
}

async function sealed(content: MessageContent): Promise<Uint8Array> {
  const m = message(content)
  return sealEnvelope(m, await alice.crypto.sign(envelopeSignedBytes(m)))
}

describe('an envelope', () => {
  test.each<MessageContent>([
    { type: 'Text', text: 'héllo 👋' },
    {
      type: 'FileShare',
      share_code: toBase64url(nonce),
      filename: 'a.txt',
      file_size: 0,
      file_type: 'text/plain',
      root: toBase64url(new Uint8Array(32).fill(7)),
    },
    {
      type: 'FileShare',
      share_code: toBase64url(nonce),
      filename: 'a.jpg',
      file_size: 1,
      file_type: 'image/jpeg',
      root: toBase64url(new Uint8Array(32).fill(7)),
      dimensions: { width: 640, height: 480 },
      preview: toBase64url(new Uint8Array(100).fill(7)),
    },
    { type: 'ShareGroup', group_id: toBase64url(nonce), group_name: 'us', inviter_nickname: 'Alice' },
    { type: 'Introduction', nickname: 'Alice', secret: toBase64url(nonce) },
    { type: 'Introduction', nickname: 'Alice' },
    { type: 'Void' },
    { type: 'Unknown', kind: 4711, payload: toBase64url(Uint8Array.of(0xff, 1)) },
  ])('carries $type and is signed by its author (SPEC 3.7, 8.1)', async (content) => {
    const opened = openEnvelope(await sealed(content))
    expect(opened.message).toEqual(message(content))
    const { signature, signed } = opened
    expect(await bob.crypto.verify(keyOfPeerId(alice.peerId), signature, signed)).toBe(true)
    expect(await bob.crypto.verify(keyOfPeerId(bob.peerId), signature, signed)).toBe(false)
  })

  test('the same message is the same bytes each time (SPEC 3.1)', async () => {
    expect(await sealed({ type: 'Text', text: 'x' })).toEqual(await sealed({ type: 'Text', text: 'x' }))
  })

  test('no byte can be changed without its being noticed (SPEC 3.7)', async () => {
    const bytes = await sealed({ type: 'Text', text: 'pay 10' })
    for (let i = 0; i < bytes.length; i++) {
      const forged = bytes.slice()
      forged[i] = (forged[i] ?? 0) ^ 1
      try {
        const { message: m, signature, signed } = openEnvelope(forged)
        expect(await bob.crypto.verify(keyOfPeerId(m.author), signature, signed)).toBe(false)
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError)
      }
    }
  })

  test('an id that the author did not make is malformed (SPEC 3.2)', () => {
    const stolen = { ...message({ type: 'Text', text: 'x' }), author: bob.peerId }
    expect(() => openEnvelope(sealEnvelope(stolen, new Uint8Array(64)))).toThrow(/not its author/)
  })

  test('a known kind with another payload is malformed, and so is one not in its one encoding (SPEC 3.5)', () => {
    const elements = [...(decode(decodeBody(message({ type: 'Text', text: 'x' }))) as readonly never[])]
    const withPayload = (payload: Uint8Array): Uint8Array =>
      encode([encode([...elements.slice(0, 11), payload]), new Uint8Array(64)])
    expect(() => openEnvelope(withPayload(encode([17])))).toThrow(MalformedError)
    expect(() => openEnvelope(withPayload(encode(['x', 'more'])))).toThrow(MalformedError)
    expect(openEnvelope(withPayload(encode(['x']))).message.content).toEqual({ type: 'Text', text: 'x' })
  })
})

function decodeBody(m: AuthoredMessage): Uint8Array {
  const [body] = decode(sealEnvelope(m, new Uint8Array(64))) as readonly Uint8Array[]
  return body ?? new Uint8Array()
}

test('a message id is a UUID of version 8 that begins with its mint time (SPEC 3.2)', () => {
  const { id } = message({ type: 'Void' })
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(mintTimeOf(id)).toBe(1_700_000_000_000)
})
