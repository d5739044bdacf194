import type { GroupHistory } from '../../app/api.ts'

/** What new members of a group may see, as it is offered. */
export const HISTORIES: readonly GroupHistory[] = ['joining', 'all']
