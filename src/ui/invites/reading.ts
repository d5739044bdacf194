import type { GigiApp, InviteView } from '../../app/api.ts'
import { attempt, type Problem } from '../attempt.ts'

/** What an invite link turned out to be. */
export type Reading =
  { readonly kind: 'good'; readonly invite: InviteView } | { readonly kind: 'bad'; readonly problem: Problem }

/** Reads a link without acting on it. Never throws: what is wrong with it is an answer too. */
export async function readInvite(app: GigiApp, link: string): Promise<Reading> {
  let invite: InviteView | undefined
  const problem = await attempt(async () => {
    invite = await app.commands.readInvite(link)
  })
  return invite === undefined ? { kind: 'bad', problem: problem ?? 'fault' } : { kind: 'good', invite }
}
