import { describe, expect, test } from 'vitest'
import { CHUNK_BYTES } from '../../domain/files/chunks.ts'
import type { ConversationId, MessageId, PeerId } from '../../domain/ids.ts'
import type { FileRow, TransferRow } from '../../store/schema.ts'
import { fileView } from './view.ts'

const [ann, ben] = ['ann', 'ben'] as PeerId[] as [PeerId, PeerId]
const SIZE = 2 * CHUNK_BYTES

const row = (change: Partial<FileRow>): FileRow => ({
  message_id: 'm' as MessageId,
  conversation_id: 'c' as ConversationId,
  author: ann,
  share_code: 'x',
  size: SIZE,
  root: 'r',
  blob: 'b',
  state: 'offered',
  held: [],
  at: 0,
  had_by: [],
  ...change,
})
const transfer = (change: Partial<TransferRow>): TransferRow => ({
  message_id: 'm' as MessageId,
  peer_id: ben,
  direction: 'in',
  bytes: 0,
  rate: null,
  held_up: 0,
  ...change,
})

describe('what comes', () => {
  const view = (change: Partial<FileRow>, transfers: TransferRow[] = []) =>
    fileView(row(change), transfers, false, 1)

  test.each<[Partial<FileRow>, object]>([
    [{ state: 'new' }, { state: 'offered', isHere: false }],
    [{ state: 'offered' }, { state: 'offered', isHere: false }],
    [{ state: 'wanted' }, { state: 'transferring', waits: 'for-peer' }],
    [
      { state: 'paused', held: [[1, 1]] },
      { state: 'paused', done: CHUNK_BYTES },
    ],
    [{ state: 'complete' }, { state: 'complete', isHere: true, done: SIZE }],
    [
      { state: 'failed', problem: 'denied' },
      { state: 'failed', problem: 'denied' },
    ],
  ])('%j is shown as %j', (change, shown) => {
    expect(view(change)).toMatchObject({ direction: 'in', ...shown })
  })

  test('is shown with how far it is and how fast it comes', () => {
    const wanted = { state: 'wanted', held: [[1, 1]] } as const
    const coming = transfer({ bytes: CHUNK_BYTES + 5, rate: 99 })
    expect(view(wanted, [coming])).toMatchObject({ done: CHUNK_BYTES + 5, rate: 99, waits: null })
    expect(view(wanted, [transfer({ held_up: 1 })])).toMatchObject({ waits: 'for-resume', rate: null })
  })
})

describe('what we share', () => {
  const view = (change: Partial<FileRow>, transfers: TransferRow[] = [], members = 1) =>
    fileView(row({ state: 'complete', ...change }), transfers, true, members)
  const out = (change: Partial<TransferRow>): TransferRow => transfer({ direction: 'out', ...change })

  test.each<[Partial<FileRow>, object]>([
    [{}, { state: 'offered', done: 0 }],
    [{ had_by: [ben] }, { state: 'complete', done: SIZE }],
    [{ size: 0 }, { state: 'complete' }],
    [{ sharing: 'paused' }, { state: 'paused' }],
    [{ sharing: 'ended' }, { state: 'failed', problem: 'ended' }],
  ])('%j is shown as %j, and can be saved', (change, shown) => {
    expect(view(change)).toMatchObject({ direction: 'out', isHere: true, ...shown })
  })

  test('is complete when all members have it', () => {
    expect(view({ had_by: [ben] }, [], 2).state).toBe('offered')
    expect(view({ had_by: [ben, ann] }, [], 2).state).toBe('complete')
  })

  test('goes out as far as with the slowest, as fast as to all together', () => {
    const transfers = [out({ bytes: 9, rate: 5 }), out({ peer_id: ann, bytes: 4, rate: 2 })]
    expect(view({}, transfers, 2)).toMatchObject({ state: 'transferring', done: 4, rate: 7 })
  })

  test('and was lost is not here', () => {
    expect(view({ state: 'failed', problem: 'lost' })).toMatchObject({
      ...{ direction: 'out', state: 'failed', isHere: false, problem: 'lost' },
    })
  })
})
