/** Tells a mailbox that cannot be reached apart from a store that fails: the one is ordinary, the other is not. */
import { NoMailboxError } from './ports.ts'

export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'

  /** It may be there in a moment, as far as can be told. */
  get mayPass(): boolean {
    return !(this.cause instanceof NoMailboxError)
  }
}

/** What a call of the Mailbox port gives. Rejects with UnreachableError. */
export async function reach<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw new UnreachableError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
