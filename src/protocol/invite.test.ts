import { expect, test } from 'vitest'
import { person } from '../testing/people.ts'
import { type Cbor, encode, MalformedError } from './cbor.ts'
import { keyOfPeerId, toBase64url } from './identifiers.ts'
import { type Invite, inviteLink, inviteSignedBytes, openInvite } from './invite.ts'

const alice = person('Alice', 1)
const invite: Invite = {
  peer: alice.peerId,
  nickname: 'Alice',
  relays: ['/ip4/127.0.0.1/tcp/8080/ws/p2p/12D3KooW'],
  secret: toBase64url(new Uint8Array(16).fill(9)),
  expires: 1_700_000_000_000,
}
const withGrant: Invite = { ...invite, grantSignature: new Uint8Array(64).fill(7) }
const link = async (of: Invite): Promise<string> =>
  inviteLink('https://gigi.example/', of, await alice.crypto.sign(inviteSignedBytes(of)))

/** A link whose body has these elements. */
const linkOf = (...elements: Cbor[]): string => toBase64url(encode([encode(elements), new Uint8Array(64)]))
const elements: Cbor[] = [1, keyOfPeerId(alice.peerId), 'Alice', [], new Uint8Array(16), 1]

test.each([
  ['without a grant', invite],
  ['with a grant', withGrant],
])(
  'a link %s is read back, whole, as its fragment, or as the code alone, and is signed (SPEC 6.2, 6.4)',
  async (_, invite) => {
    const whole = await link(invite)
    expect(whole).toMatch(/^https:\/\/gigi\.example\/#invite=[A-Za-z0-9_-]+$/)
    for (const form of [
      whole,
      ` ${whole}\n`,
      whole.slice(whole.indexOf('#')),
      whole.slice(whole.indexOf('=') + 1),
    ]) {
      const opened = openInvite(form)
      expect(opened.invite).toEqual(invite)
      expect(await alice.crypto.verify(keyOfPeerId(alice.peerId), opened.signature, opened.signed)).toBe(true)
    }
  },
)

test.each(['', 'https://gigi.example/', 'hello', '#invite=', '#invite=abc!', `#invite=${'A'.repeat(3000)}`])(
  '%j is no link (SPEC 6.2)',
  (text) => {
    expect(() => openInvite(text)).toThrow(MalformedError)
  },
)

test('the signature of a grant cannot be added to a link, taken away or changed (SPEC 6.4)', () => {
  const signed = [invite, withGrant, { ...withGrant, grantSignature: new Uint8Array(64) }].map((of) =>
    toBase64url(inviteSignedBytes(of)),
  )
  expect(new Set(signed).size).toBe(signed.length)
})

test.each([null, false, 0, '', [], new Uint8Array(), new Uint8Array(63), new Uint8Array(65)])(
  '%j is no signature of a grant (SPEC 6.4)',
  (seventh) => {
    expect(() => openInvite(linkOf(...elements, seventh))).toThrow(MalformedError)
  },
)

test('what later versions add behind it is ignored (SPEC 1.3)', () => {
  const grantSignature = new Uint8Array(64).fill(1)
  expect(openInvite(linkOf(...elements, grantSignature, 'later')).invite.grantSignature).toEqual(
    grantSignature,
  )
})
