/** Ways to break groups on purpose. */
import type { Mutation } from './mutations.ts'

export const GROUP_MUTATIONS: readonly Mutation[] = [
  {
    name: 'send to whoever was removed what waits for them',
    faults: 'all',
    inGroup: true,
    replacements: [
      {
        file: 'src/store/groups.ts',
        from: 'else if (gone.length > 0) await unqueueGone(db, group, gone, now)',
        to: 'else if (gone.length > 1000) await unqueueGone(db, group, gone, now)',
      },
    ],
  },
  {
    name: 'tell whoever was removed what there is in the group',
    faults: 'all',
    inGroup: true,
    replacements: [
      {
        file: 'src/store/groups.ts',
        from: 'return state.members.filter((member) => isActive(member) && member.peer !== self)',
        to: 'return state.members.filter((member) => member.admission && member.peer !== self)',
      },
    ],
  },
  {
    name: 'take what was written from its author alone',
    faults: 'all',
    inGroup: true,
    replacements: [
      {
        file: 'src/store/group-pages.ts',
        from: 'if (author !== peer && author !== self && connected.has(author) && !isEntry) continue',
        to: 'if (author !== peer && author !== self && !isEntry) continue',
      },
    ],
  },
  {
    name: 'keep what stands behind the end of a log',
    faults: 'all',
    inGroup: true,
    replacements: [
      {
        file: 'src/store/groups.ts',
        from: 'const kept = end === 0 ? [] : intersection(log.accepted, [[1, end]])',
        to: 'const kept = end >= 0 ? log.accepted : intersection(log.accepted, [[1, end]])',
      },
    ],
  },
]
