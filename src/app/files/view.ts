/** How a file fares, in the words of the interface: pure. */
import { heldBytes } from '../../domain/files/chunks.ts'
import type { FileRow, TransferRow } from '../../store/schema.ts'
import type { FileView } from './api.ts'

/** `isOwn`: we shared it; `members`: how many others may have it. */
export function fileView(
  row: FileRow,
  transfers: readonly TransferRow[],
  isOwn: boolean,
  members: number,
): FileView {
  return isOwn && row.state === 'complete'
    ? viewOfOwn(row, transfers, members)
    : viewOfFetched(row, transfers, isOwn)
}

function viewOfOwn(row: FileRow, all: readonly TransferRow[], members: number): FileView {
  const transfers = all.filter(({ direction }) => direction === 'out')
  const view = { direction: 'out', isHere: true, waits: null, rate: null, problem: null } as const
  const slowest = transfers.reduce<TransferRow | undefined>(
    (least, one) => (least === undefined || one.bytes < least.bytes ? one : least),
    undefined,
  )
  const isComplete = row.size === 0 || (members > 0 && row.had_by.length >= members)
  const done = isComplete ? row.size : (slowest?.bytes ?? 0)
  if (row.sharing === 'ended') return { ...view, state: 'failed', done, problem: 'ended' }
  if (row.sharing === 'paused' && !isComplete) return { ...view, state: 'paused', done }
  if (slowest !== undefined) {
    const rates = transfers.flatMap(({ rate }) => rate ?? [])
    const rate = rates.length === 0 ? null : rates.reduce((sum, one) => sum + one, 0)
    return { ...view, state: 'transferring', done, rate }
  }
  return { ...view, state: isComplete ? 'complete' : 'offered', done }
}

function viewOfFetched(row: FileRow, transfers: readonly TransferRow[], isOwn: boolean): FileView {
  const transfer = transfers.find(({ direction }) => direction === 'in')
  const view = {
    direction: isOwn && row.problem === 'lost' ? 'out' : 'in',
    isHere: row.state === 'complete',
    done: Math.max(heldBytes(row.size, row.held), transfer?.bytes ?? 0),
    rate: null,
    waits: null,
    problem: null,
  } as const
  switch (row.state) {
    case 'new':
    case 'offered':
      return { ...view, state: 'offered' }
    case 'wanted':
      if (transfer === undefined) return { ...view, state: 'transferring', waits: 'for-peer' }
      return transfer.held_up === 1
        ? { ...view, state: 'transferring', waits: 'for-resume' }
        : { ...view, state: 'transferring', rate: transfer.rate }
    case 'paused':
      return { ...view, state: 'paused' }
    case 'complete':
      return { ...view, state: 'complete', done: row.size }
    case 'failed':
      return { ...view, state: 'failed', problem: row.problem ?? null }
  }
}
