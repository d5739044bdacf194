/** What the user does with groups. */
import { MAX_NAME_BYTES } from '../protocol/limits.ts'
import {
  createGroup,
  GroupFullError,
  ignoreGroup,
  inviteToGroup,
  joinGroup,
  leaveGroup,
  removeFromGroup,
  renameGroup,
  setGroupHistory,
} from '../store/membership.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { UserError } from './api.ts'
import { askForErrand } from './background.ts'
import type { GroupCommands } from './groups-api.ts'
import { clock, random } from './ports.ts'
import { stored } from './storing.ts'

/** A name as it is kept. Throws UserError. */
function checkedName(typed: string): string {
  const name = typed.trim().replace(/\s+/gu, ' ').toWellFormed()
  if (name === '') throw new UserError('group-name-empty')
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) throw new UserError('group-name-too-long')
  return name
}

/** Carries something out that is durable then, and is to go out. */
async function sent<T>(write: Promise<T>): Promise<T> {
  try {
    const done = await stored(write)
    askForErrand()
    return done
  } catch (error) {
    if (error instanceof GroupFullError) throw new UserError('group-full', { cause: error })
    throw error
  }
}

export function createGroupCommands(db: GigiDatabase): GroupCommands {
  const now = (): number => clock.now()
  return {
    async createGroup(name, members, history) {
      return sent(createGroup(db, { name: checkedName(name), members, history }, now(), random.bytes))
    },
    inviteToGroup: (id, members) => sent(inviteToGroup(db, id, members, now(), random.bytes)),
    removeFromGroup: (id, member) => sent(removeFromGroup(db, id, member, now(), random.bytes)),
    async renameGroup(id, name) {
      await sent(renameGroup(db, id, checkedName(name), now(), random.bytes))
    },
    setGroupHistory: (id, history) => sent(setGroupHistory(db, id, history, now(), random.bytes)),
    joinGroup: (invitation) => sent(joinGroup(db, invitation, now(), random.bytes)),
    ignoreGroup: (invitation) => sent(ignoreGroup(db, invitation, now(), random.bytes)),
    leaveGroup: (id) => sent(leaveGroup(db, id, now(), random.bytes)),
  }
}
