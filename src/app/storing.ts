/** What commands have in common: checks of what was typed, and faults of the store in the words of its user. */
import { cleanNickname, nicknameProblem } from '../domain/nickname.ts'
import { isHandleFault, isQuotaExceeded } from '../store/faults.ts'
import { NotAcceptedError } from '../store/log-writer.ts'
import { UserError } from './api.ts'

/** A nickname as it is kept. Throws UserError `nickname-empty` or `nickname-too-long`. */
export function checkedNickname(nickname: string): string {
  const problem = nicknameProblem(nickname)
  if (problem !== null) throw new UserError(`nickname-${problem}`)
  return cleanNickname(nickname)
}

/** What a write gives, with the faults that a user can mend in the user's words. */
export async function stored<T>(write: Promise<T>): Promise<T> {
  try {
    return await write
  } catch (error) {
    // What is told already is not told again as what lies behind it.
    if (error instanceof UserError) throw error
    if (error instanceof NotAcceptedError) throw new UserError('blocked', { cause: error })
    if (isQuotaExceeded(error)) throw new UserError('storage-full', { cause: error })
    if (isHandleFault(error)) throw new UserError('storage-failed', { cause: error })
    throw error
  }
}
