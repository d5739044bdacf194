/** What follows from the frames of a session: which one stays, and what is pushed, acknowledged, asked for and served. */
import { count, difference, lastOf, union } from '../domain/sequence-set.ts'
import {
  type Ack,
  type Frame,
  type Hello,
  isNewerStart,
  type LogNumbers,
  type LogProof,
  type Page,
  type Pull,
  type Push,
  type Refusal,
  type Summary,
  SYNC_VERSION,
} from '../protocol/frames.ts'
import { isGroupId } from '../protocol/group.ts'
import { MAX_PULL_NUMBERS, PUSH_WINDOW } from '../protocol/limits.ts'
import { MAX_WAITING_PUSHES, MAX_WAITING_RECORDS, RECORDS_TO_CATCH_UP, TYPING_INTERVAL_MS } from './limits.ts'
import {
  currentSession,
  type Decision,
  type Effect,
  type PeerEvent,
  type PeerState,
  type SessionState,
  updateSession,
} from './state.ts'

/** A frame came. */
export function onFrame(state: PeerState, id: string, frame: Frame, now: number): Decision {
  const session = state.sessions.find((s) => s.id === id)
  // The session was closed while the frame was on its way.
  if (session === undefined) return [state, []]
  if (frame.type === 'hello') return onHello(state, session, frame, now)
  if (session.hello === null) return refuse(state, id, `${frame.type} before hello`)
  const active = updateSession(state, id, { activeAt: now, heardAt: now })
  switch (frame.type) {
    case 'summary':
      return record(updateSession(active, id, { summary: frame }), session, recordSummary(id, frame))
    case 'push':
      return onPush(active, session, frame)
    case 'ack':
      return onAck(active, session, frame)
    case 'pull':
      return onPull(active, session, frame)
    case 'page':
      return onPage(active, session, frame)
    case 'typing':
      if (now - session.typedAt < TYPING_INTERVAL_MS) return [active, []]
      return [
        updateSession(active, id, { typedAt: now }),
        [{ type: 'hear-typing', conversation: frame.conversation }],
      ]
    case 'replaced':
      if (session.replacing) return [active, []]
      return [updateSession(active, id, { replacing: true }), [{ type: 'check-start', start: frame }]]
    case 'grant':
      if (session.granted) return [active, []]
      return [updateSession(active, id, { granted: true }), [{ type: 'take-grant', grant: frame.grant }]]
    case 'card':
      return [active, []]
    case 'known':
      return record(active, session, { type: 'give-statements', session: id, groups: frame.groups })
    case 'statements':
      return record(active, session, { type: 'take-statements', session: id, statements: frame.statements })
  }
}

function onHello(state: PeerState, session: SessionState, hello: Hello, now: number): Decision {
  if (session.hello !== null) return refuse(state, session.id, 'a second hello')
  if (hello.version !== SYNC_VERSION)
    return refuse(state, session.id, `version ${hello.version} is not spoken here`)
  const said: SessionState = { ...session, hello, activeAt: now, heardAt: now }
  const rival = currentSession(state)
  const wins = rival === undefined || supersedes(said, hello, rival)
  const loser = wins ? rival : said
  const others = state.sessions.filter((s) => s.id !== said.id && s.id !== loser?.id)
  const sessions = wins ? [said, ...others] : state.sessions.filter((s) => s.id !== said.id)
  const effects: Effect[] = [{ type: 'know', session: said.id, hello }]
  if (loser !== undefined) {
    const other = wins ? hello : rival.hello
    if (other !== null && loser.hello?.installation !== other.installation)
      effects.push({ type: 'replace', session: loser.id, newer: other })
    else effects.push({ type: 'retire', session: loser.id })
  }
  return [{ ...state, sessions }, effects]
}

/**
 * Whether `fresh`, whose hello has just come, takes the place of the session that is in use. A peer that has
 * restarted, or that had lost every earlier session when it said hello, leaves no choice. Otherwise a direct
 * path beats a relayed one, then what the lesser peer id opened, then the newer (SPEC 4.2).
 */
function supersedes(fresh: SessionState, hello: Hello, used: SessionState): boolean {
  const usedHello = used.hello
  if (usedHello === null || isNewerStart(hello, usedHello)) return true
  if (isNewerStart(usedHello, hello)) return false
  if (hello.alone && hello.ordinal > usedHello.ordinal) return true
  if (fresh.path !== used.path) return fresh.path === 'direct'
  return fresh.initiator <= used.initiator
}

/** What a session brings to be recorded is bounded: whoever sends more than is recorded loses it. */
function record(state: PeerState, { id, recording }: SessionState, effect: Effect): Decision {
  if (recording >= MAX_WAITING_RECORDS) return refuse(state, id, 'more than can be recorded')
  return [updateSession(state, id, { recording: recording + 1 }), [effect]]
}

/** SPEC 4.4. */
function onPush(state: PeerState, session: SessionState, push: Push): Decision {
  if (push.number !== session.received + 1) return refuse(state, session.id, 'push out of turn')
  if (session.committing >= MAX_WAITING_PUSHES)
    return refuse(state, session.id, 'more pushes than the window')
  return [
    updateSession(state, session.id, { received: push.number, committing: session.committing + 1 }),
    [{ type: 'accept', session: session.id, push }],
  ]
}

/** SPEC 4.6. */
function onAck(state: PeerState, session: SessionState, ack: Ack): Decision {
  if (ack.through > session.pushed)
    return refuse(state, session.id, 'an acknowledgement of what was never pushed')
  const acknowledged = Math.max(session.acknowledged, ack.through)
  const refusedForNow = session.refusedForNow || ack.refused.some((r) => !r.permanent)
  const { proofs, refused } = ack
  const [recording, records] = record(
    updateSession(state, session.id, { acknowledged, refusedForNow }),
    session,
    { type: 'record', session: session.id, summary: null, proofs, refused },
  )
  const [next, effects] = flush(recording, session.id)
  return [next, [...records, ...effects]]
}

/** Reads on in the outbox while the window has room (SPEC 4.4, 4.5). */
export function flush(state: PeerState, id: string): Decision {
  const session = currentSession(state)
  if (session?.id !== id || !session.ready || session.reading || !session.more) return [state, []]
  const room = PUSH_WINDOW - (session.pushed - session.acknowledged)
  // The receiver would go on to acknowledge faster than that is recorded here.
  if (room <= 0 || session.recording > RECORDS_TO_CATCH_UP) return [state, []]
  return [
    updateSession(state, id, { reading: true, more: false }),
    [{ type: 'read-outbox', session: id, cursor: session.cursor, room }],
  ]
}

export function onOutbox(
  state: PeerState,
  event: Extract<PeerEvent, { type: 'outbox' }>,
  now: number,
): Decision {
  const session = state.sessions.find((s) => s.id === event.session)
  if (session === undefined) return [state, []]
  const pushed = session.pushed + event.pushes.length
  const next = updateSession(state, session.id, {
    reading: false,
    pushed,
    cursor: event.cursor ?? session.cursor,
    // While it was being read, more may have been queued.
    more: session.more || event.more,
    activeAt: event.pushes.length > 0 ? now : session.activeAt,
  })
  const sends = event.pushes.map((envelopes, i): Effect => {
    const frame: Frame = { type: 'push', number: session.pushed + 1 + i, envelopes }
    return { type: 'send', session: session.id, frame }
  })
  const [last, effects] = flush(next, session.id)
  return [last, [...sends, ...effects]]
}

export function onCommitted(
  state: PeerState,
  event: { session: string; through: number; proofs: readonly LogProof[]; refused: readonly Refusal[] },
  now: number,
): Decision {
  const session = state.sessions.find((s) => s.id === event.session)
  if (session === undefined) return [state, []]
  const committing = session.received - event.through
  const next = updateSession(state, session.id, { committing, activeAt: now })
  const ack: Ack = { type: 'ack', through: event.through, proofs: event.proofs, refused: event.refused }
  return [next, [{ type: 'send', session: session.id, frame: ack }]]
}

export function sendReads(state: PeerState, proofs: readonly LogProof[], now: number): Decision {
  const session = currentSession(state)
  // Before our hello nothing is listened to; when the greetings are exchanged it is told.
  if (session?.ready !== true || proofs.length === 0) return [state, []]
  // `through` gives no window back here: pushes that still wait for their commit are not dealt with.
  const ack: Ack = { type: 'ack', through: session.received - session.committing, proofs, refused: [] }
  return [
    updateSession(state, session.id, { activeAt: now }),
    [{ type: 'send', session: session.id, frame: ack }],
  ]
}

/** What they proved is recorded. After a summary (`wanted` is not null) we may push and pull by it (SPEC 4.10). */
export function onRecorded(
  state: PeerState,
  { session: id, records, wanted }: Extract<PeerEvent, { type: 'recorded' }>,
): Decision {
  const session = state.sessions.find((s) => s.id === id)
  if (session === undefined) return [state, []]
  const recording = session.recording - records
  // All is confirmed and recorded: what is left in the queue, or comes back into it under an old id, is read from the start.
  const isAll = recording === 0 && session.acknowledged === session.pushed && !session.refusedForNow
  const recorded = updateSession(state, id, { recording, cursor: isAll ? null : session.cursor })
  if (wanted === null) return flush(recorded, id)
  const lacking = without(wanted, session.asked ?? [])
  const [pulling, pulls] = pull(updateSession(recorded, id, { ready: true, wanted: lacking }), id)
  const [flushing, reads] = flush(pulling, id)
  return [flushing, [...pulls, ...reads]]
}

/** Asks for the newest of what is lacking, one pull at a time: a page is committed before the next is asked for (SPEC 10.1, 10.2). */
function pull(state: PeerState, id: string): Decision {
  const session = currentSession(state)
  if (session?.id !== id || session.asked !== null) return [state, []]
  const conversationOf = new Map(
    session.summary?.conversations.flatMap(({ conversation, logs }) =>
      logs.map(({ log }) => [log, conversation] as const),
    ),
  )
  const conversation = session.wanted.map(({ log }) => conversationOf.get(log))[0]
  if (conversation === undefined) return [state, []]
  const logs = session.wanted.filter(({ log }) => conversationOf.get(log) === conversation)
  const share = Math.max(1, Math.floor(MAX_PULL_NUMBERS / logs.length))
  const asked = logs.map(({ log, numbers }) => ({ log, numbers: lastOf(numbers, share) }))
  const number = session.pulls + 1
  const next = updateSession(state, id, { asked, pulls: number, wanted: without(session.wanted, asked) })
  return [next, [{ type: 'send', session: id, frame: { type: 'pull', number, conversation, wanted: asked } }]]
}

const without = (all: readonly LogNumbers[], some: readonly LogNumbers[]): LogNumbers[] =>
  all
    .map(({ log, numbers }) => ({
      log,
      numbers: difference(numbers, some.find((other) => other.log === log)?.numbers ?? []),
    }))
    .filter(({ numbers }) => numbers.length > 0)

function onPull(state: PeerState, session: SessionState, frame: Pull): Decision {
  if (frame.number !== session.served + 1 || session.serving)
    return refuse(state, session.id, 'pull out of turn')
  const numbers = frame.wanted.reduce((sum, log) => sum + count(log.numbers), 0)
  if (numbers > MAX_PULL_NUMBERS) return refuse(state, session.id, 'more pulled than a page holds')
  const served = updateSession(state, session.id, { served: frame.number, serving: true })
  return [served, [{ type: 'serve', session: session.id, pull: frame }]]
}

/** SPEC 10.3. */
function onPage(state: PeerState, session: SessionState, frame: Page): Decision {
  if (session.asked === null || session.taking || frame.number !== session.pulls)
    return refuse(state, session.id, 'a page that was not asked for')
  const authors = new Map(
    session.summary?.conversations.flatMap(({ logs }) =>
      logs.map(({ log, author }) => [log, author] as const),
    ),
  )
  const [first] = session.asked
  const conversation = session.summary?.conversations.find(({ logs }) =>
    logs.some(({ log }) => log === first?.log),
  )?.conversation
  const group = conversation !== undefined && isGroupId(conversation) ? conversation : null
  const { id, asked } = session
  const take: Effect = { type: 'take', session: id, page: frame, asked, group, authors }
  return [updateSession(state, session.id, { taking: true }), [take]]
}

/** A page is committed. At the end what they proved is recorded for what has come, and what we lack looked up again (SPEC 10.7). */
export function onTaken(
  state: PeerState,
  event: { session: string; brought: boolean; useful: boolean; rest: readonly LogNumbers[] },
): Decision {
  const { session: id, rest } = event
  const session = state.sessions.find((s) => s.id === id)
  if (session === undefined) return [state, []]
  const wanted = new Map(session.wanted.map(({ log, numbers }) => [log, numbers]))
  for (const { log, numbers } of rest) wanted.set(log, union(wanted.get(log) ?? [], numbers))
  const lacking = [...wanted].map(([log, numbers]) => ({ log, numbers }))
  const brought = session.brought || event.brought
  const taken = updateSession(state, id, {
    asked: null,
    taking: false,
    wanted: event.useful ? lacking : [],
    brought,
  })
  if (event.useful && lacking.length > 0) return pull(taken, id)
  // Where nothing came, asking again would bring nothing: that ends.
  if (!brought || session.summary === null) return [taken, []]
  return record(updateSession(taken, id, { brought: false }), session, recordSummary(id, session.summary))
}

const recordSummary = (session: string, summary: Summary): Effect => ({
  type: 'record',
  session,
  summary,
  proofs: [],
  refused: [],
})

const refuse = (state: PeerState, session: string, reason: string): Decision => [
  state,
  [{ type: 'close', session, reason }],
]
