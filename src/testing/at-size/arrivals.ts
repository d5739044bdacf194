/** Messages that come in, at a large profile and at its model. */
import { expect } from 'vitest'
import type { MessageId } from '../../domain/ids.ts'
import { MAX_REQUEST_BYTES, MAX_REQUEST_MESSAGES, MAX_REQUESTS } from '../../protocol/limits.ts'
import { acceptMessages } from '../../store/inbox.ts'
import { BlockedError, type Source } from '../../store/reception.ts'
import { isSeen, type Talk } from './model.ts'
import type { Draft, Profile } from './profile.ts'

/** Has the store accept what the other of a conversation sends, and expects of it what the model says. */
export async function receive(
  profile: Profile,
  talk: Talk,
  drafts: readonly Draft[],
  source: Source,
  bytes = 100,
): Promise<void> {
  const { db, epoch, now } = profile
  const sent = drafts.map(({ message }) => ({ message, signature: new Uint8Array(64), bytes }))
  const accepting = acceptMessages(db, epoch, talk.peer, { nickname: '', relays: [] }, sent, source, now)
  if (talk.state === 'blocked') {
    await expect(accepting).rejects.toThrow(BlockedError)
    return
  }
  const { refused } = await accepting
  expect(refused.map(({ id }) => id)).toEqual(take(profile, talk, drafts, source, bytes))
}

/** What was said before comes again, whether it is still there or not: nothing may come of it. */
export async function receiveAgain(profile: Profile): Promise<void> {
  const { came, chance } = profile
  const acceptable = came.filter(({ talk }) => talk.state === 'accepted')
  if (acceptable.length === 0) return
  const { talk, draft } = chance.pick(acceptable)
  const ends = { nickname: '', relays: [] }
  const item = { message: draft.message, signature: new Uint8Array(64), bytes: 100 }
  const { refused } = await acceptMessages(
    profile.db,
    profile.epoch,
    talk.peer,
    ends,
    [item, item],
    'push',
    profile.now,
  )
  expect(refused).toEqual([])
}

/** The same in the model; returns what has no room. */
function take(
  profile: Profile,
  talk: Talk,
  drafts: readonly Draft[],
  source: Source,
  bytes: number,
): MessageId[] {
  const { talks, now } = profile
  const isKnown = talks.includes(talk)
  const room = isKnown || talks.filter(({ state }) => state === 'request').length < MAX_REQUESTS
  const refused: MessageId[] = []
  for (const draft of drafts) {
    if (talk.state === 'request') {
      const { asked } = talk
      const isFull = asked.messages >= MAX_REQUEST_MESSAGES || asked.bytes + bytes > MAX_REQUEST_BYTES
      if (!room || isFull) {
        refused.push(draft.message.id)
        continue
      }
      asked.messages += 1
      asked.bytes += bytes
      if (asked.messages === 1 && !isKnown) {
        talks.push(talk)
        talk.activity = now
      }
    }
    const said = profile.note(talk, draft, source === 'page' || draft.sent, now)
    said.read ||= !isSeen(said)
    if (said.type === 'Void') continue
    talk.activity = source === 'push' ? now : Math.max(talk.activity, Math.min(now, said.timestamp))
  }
  return refused
}
