/** Our own mailbox where it is none, goes away, does not answer, or says what it should not. */
import { describe, expect, test } from 'vitest'
import { testRelay } from '../../relay/testing.ts'
import { encode } from '../protocol/cbor.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import { fetchedPayload, heldPayload, type MailboxAnswer } from '../protocol/mailbox.ts'
import { until } from '../testing/fake-world.ts'
import { mailClientAt, outcome, ready, scripted, settled } from '../testing/mail-client.ts'
import { grantOf, MailRecorder } from '../testing/mailbox-contract.ts'
import { person } from '../testing/people.ts'
import {
  MAILBOX_ANSWER_MS,
  MAILBOX_BACKOFF,
  MAILBOX_WINDOW_BYTES,
  MAX_MAILBOX_REQUESTS,
  MAX_WAITING_MAILBOX_REQUESTS,
} from './limits.ts'

const alice = person('Alice', 1)
const ids = [1, 2].map((n) => toBase64url(new Uint8Array(16).fill(n)))
const [id = ''] = ids
const item = { id, item: Uint8Array.of(1) }
const at = async (...relays: string[]) => ({ relays, grant: await grantOf(alice, null) })

test('a relay without a mailbox is a relay all the same, and is not asked again', async () => {
  const relay = await testRelay({ mailboxBytes: 0 })
  const client = await mailClientAt(relay.address)
  for (let i = 0; i < 2; i++) expect(await outcome(client.transport.mailbox.fetch(0))).toContain('no mailbox')
  expect(client.seen.events).toEqual(['none'])
  expect(client.sessions.states).toEqual(['connecting', 'online'])
  // Whoever listens later hears it too; and on the next connection it may have one.
  const late = new MailRecorder()
  client.transport.mailbox.listen(late)
  expect(late.events).toEqual(['none'])
  await relay.stop()
  await until(() => late.events.at(-1) === 'gone', 'the end')
})

describe('our own mailbox', () => {
  test('that goes away in the middle of a request is told, and opened anew', async () => {
    const relay = await scripted(({ request, answer, stream }) => {
      if (request.type === 'recall') answer()
      else stream.abort(new Error('gone'))
    })
    const client = await mailClientAt(relay.address)
    await ready(client)
    expect(await outcome(client.transport.mailbox.fetch(0))).toContain('the stream to the mailbox ended')
    await until(() => client.seen.events.at(-1) === 'gone', 'the end')
    client.time.advance(MAILBOX_BACKOFF.firstMs)
    await ready(client, 2)
    expect(relay.streams).toEqual({ opened: 2, open: 1 })
    // Where it goes on like this, it is asked ever more rarely.
    expect(await outcome(client.transport.mailbox.fetch(0))).toContain('ended')
    client.time.advance(MAILBOX_BACKOFF.firstMs - 1)
    await settled()
    expect(relay.streams.opened).toBe(2)
    client.time.advance(MAILBOX_BACKOFF.firstMs + 1)
    await ready(client, 3)
    // One that has answered since is well.
    await client.transport.mailbox.recall()
    expect(await outcome(client.transport.mailbox.fetch(0))).toContain('ended')
    client.time.advance(MAILBOX_BACKOFF.firstMs)
    await ready(client, 4)
  })

  test('that goes away with its relay comes back with it', async () => {
    const relay = await scripted(() => relay.cut())
    const client = await mailClientAt(relay.address)
    await ready(client)
    expect(await outcome(client.transport.mailbox.recall())).toContain('ended')
    await until(() => client.sessions.states.at(-1) === 'connecting', 'the end of the reservation')
    client.transport.nudge()
    await ready(client, 2)
  })

  test('that does not answer is given up, with all that it was asked', async () => {
    const relay = await scripted(() => undefined)
    const client = await mailClientAt(relay.address)
    await ready(client)
    const calls = [client.transport.mailbox.fetch(0), client.transport.mailbox.recall()].map(outcome)
    await until(() => relay.asked.length === 2, 'the requests')
    client.time.advance(MAILBOX_ANSWER_MS - 1)
    await settled()
    expect(client.seen.events).toEqual(['ready'])
    client.time.advance(1)
    for (const call of calls) expect(await call).toContain('no answer within')
    expect(client.seen.events).toEqual(['ready', 'gone'])
    expect(client.time.pending).toBeGreaterThan(0)
  })

  test('tells of mail', async () => {
    const relay = await scripted(({ send, answer }) => {
      send(encode([17]))
      send(encode([99, 'of a later version']))
      answer({ payload: null })
    })
    const client = await mailClientAt(relay.address)
    await ready(client)
    expect(await client.transport.mailbox.recall()).toBeNull()
    expect(client.seen.events).toEqual(['ready', 'arrived'])
  })

  test('is asked a few things at a time, by rising numbers, and refuses to pile up more', async () => {
    const relay = await scripted(() => undefined)
    const client = await mailClientAt(relay.address)
    await ready(client)
    const { mailbox } = client.transport
    const count = MAX_MAILBOX_REQUESTS + MAX_WAITING_MAILBOX_REQUESTS
    const calls = Array.from({ length: count }, () => mailbox.recall())
    expect(await outcome(mailbox.recall())).toContain('too many requests')
    for (let answered = 0; answered < count; answered++) {
      await until(() => relay.asked.length > answered, 'a request')
      await settled()
      expect(relay.asked.length).toBeLessThanOrEqual(answered + MAX_MAILBOX_REQUESTS)
      relay.asked[answered]?.answer({ payload: Uint8Array.of(answered) })
    }
    expect((await Promise.all(calls)).map((blob) => blob?.[0])).toEqual(calls.map((_, i) => i))
    expect(relay.asked.map(({ request }) => request.number)).toEqual(calls.map((_, i) => i + 1))
  })

  test('is sent no more at a time than goes through within the patience for answers', async () => {
    const relay = await scripted(() => undefined)
    const client = await mailClientAt(relay.address)
    await ready(client)
    const kept = [1, 2].map((n) =>
      client.transport.mailbox.keep(new Uint8Array(MAILBOX_WINDOW_BYTES).fill(n)),
    )
    for (const n of [1, 2]) {
      await until(() => relay.asked.length === n, 'a request')
      await settled()
      expect(relay.asked).toHaveLength(n)
      relay.asked[n - 1]?.answer()
    }
    await Promise.all(kept)
  })
})

describe('hostile answers', () => {
  const held = { position: 1, id, item: Uint8Array.of() }
  const twice = fetchedPayload({ items: [held, held], more: false })
  const answers: readonly (readonly [string, Partial<MailboxAnswer>])[] = [
    ['to what was not asked', { number: 7 }],
    ['of another type', { payload: 'text' }],
    ['with positions that do not rise', { payload: twice }],
    ['with more of nothing', { payload: fetchedPayload({ items: [], more: true }) }],
  ]
  test.each(answers)('%s end the stream and nothing else', async (_, answer) => {
    const relay = await scripted((asked) => asked.answer(answer))
    const client = await mailClientAt(relay.address)
    await ready(client)
    expect(await outcome(client.transport.mailbox.fetch(0))).toContain('unreadable')
    await until(() => client.seen.events.at(-1) === 'gone', 'the end')
    expect(client.sessions.states.at(-1)).toBe('online')
  })

  test('that come twice, or name what was not asked for, do so too', async () => {
    const relay = await scripted(({ request, answer }) => {
      if (request.type === 'status') answer({ payload: heldPayload(ids) })
      else for (let i = 0; i < 2; i++) answer()
    })
    const client = await mailClientAt(relay.address)
    await ready(client)
    const { mailbox } = client.transport
    expect(await mailbox.recall()).toBeNull()
    await until(() => client.seen.events.at(-1) === 'gone', 'the end')
    client.time.advance(MAILBOX_BACKOFF.firstMs)
    await ready(client, 2)
    expect(await outcome(mailbox.held(await at(), [id]))).toContain('not asked for')
  })

  test('codes say what could not be done (SPEC 18.9)', async () => {
    let code: MailboxAnswer['code'] = 'busy'
    const relay = await scripted(({ answer }) => answer({ code }))
    const client = await mailClientAt(relay.address)
    await ready(client)
    const { mailbox } = client.transport
    const here = await at(relay.address)
    for (const [said, deposited] of [
      ['busy', 'later'],
      ['failed', 'later'],
      ['full', 'full'],
      ['denied', 'denied'],
    ] as const) {
      code = said
      expect(await mailbox.deposit(here, item)).toBe(deposited)
      expect(await outcome(mailbox.keep(Uint8Array.of()))).toContain(`says ${said}`)
    }
    code = 'malformed'
    expect(await outcome(mailbox.deposit(here, item))).toContain('says malformed')
    expect(relay.streams.opened).toBe(1)
  })
})
