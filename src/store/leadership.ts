/**
 * The epoch fence (D8). Whoever runs the node raises the epoch, and every transaction of the engine checks it,
 * so a leader that was frozen and replaced can commit nothing when it wakes.
 */
import type { GigiDatabase } from './schema.ts'

/** This engine is not the leader any more: it must stop, and has committed nothing since. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
}

/** Makes every earlier epoch void and returns the new one. */
export function raiseEpoch(db: GigiDatabase): Promise<number> {
  return db.transaction('rw', db.meta, async () => {
    const epoch = (await currentEpoch(db)) + 1
    await db.meta.put({ key: 'leader', epoch })
    return epoch
  })
}

/** Inside a transaction that includes `meta`. Throws FencedError when `epoch` is not the current one. */
export async function checkEpoch(db: GigiDatabase, epoch: number): Promise<void> {
  const current = await currentEpoch(db)
  if (current !== epoch) throw new FencedError(`epoch ${epoch} was followed by ${current}`)
}

async function currentEpoch(db: GigiDatabase): Promise<number> {
  const row = await db.meta.get('leader')
  return row?.key === 'leader' ? row.epoch : 0
}
