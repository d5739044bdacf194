import { UserError, type UserErrorCode } from '../app/api.ts'

/** What stopped a command: something the user can mend, or a fault of ours. */
export type Problem = UserErrorCode | 'fault'

/**
 * Runs a command for the user. Null when it went well; otherwise what to tell them. A fault of ours is reported
 * to the browser as an uncaught error as well, so that it is never lost.
 */
export async function attempt(command: () => Promise<unknown>): Promise<Problem | null> {
  try {
    await command()
    return null
  } catch (error) {
    if (error instanceof UserError) return error.code
    reportError(error)
    return 'fault'
  }
}
