import { expect, test } from 'vitest'
import { person } from '../testing/people.ts'
import { MalformedError } from './cbor.ts'
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
const link = async (): Promise<string> =>
  inviteLink('https://gigi.example/', invite, await alice.crypto.sign(inviteSignedBytes(invite)))

test('a link is read back, whole, as its fragment, or as the code alone, and is signed (SPEC 6.2)', async () => {
  const whole = await link()
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
})

test.each(['', 'https://gigi.example/', 'hello', '#invite=', '#invite=abc!', `#invite=${'A'.repeat(3000)}`])(
  '%j is no link (SPEC 6.2)',
  (text) => {
    expect(() => openInvite(text)).toThrow(MalformedError)
  },
)
