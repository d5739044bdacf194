import type { SyncStatus } from '../../../domain/status.ts'
import type { Format } from '../format.ts'

const status: Readonly<Record<SyncStatus | 'Expired', string>> = {
  Pending: 'Waiting',
  Synced: 'In their mailbox',
  Delivered: 'Delivered',
  Acknowledged: 'Read',
  Expired: 'No longer tried',
}

/** Groups, and what happens in them. */
export const groups = ({ number, plural, isolate, list }: Format) => ({
  group: {
    new: 'New group',
    name: 'Group name',
    members: 'Members',
    nobody:
      'You have no contacts yet. Share your invite link first; then you can bring people together here.',
    create: 'Create',
    history: 'New members see',
    historyOf: {
      joining: 'What is written from when they are invited',
      all: 'Everything that was written',
    },
    historyHint: 'It holds for whoever is invited from then on.',

    /** The invitation in the conversation with whoever invites. */
    invites: (name: string, group: string) => `${isolate(name)} invites you to the group ${isolate(group)}`,
    invited: (group: string) => `You sent an invitation to the group ${isolate(group)}`,
    join: 'Join',
    ignore: 'Ignore',
    ignored: 'You ignored this invitation.',
    joined: 'You are in this group.',
    joining: 'You join as soon as word of it comes from whoever invited you.',
    left: 'You left this group.',
    removed: 'You were removed from this group.',
    open: 'Open group',

    details: 'Group details',
    creator: 'Admin',
    pending: 'Invited',
    us: 'You',
    inviteMore: 'Invite more',
    invite: 'Invite',
    remove: 'Remove',
    removeOne: (name: string) => `Remove ${isolate(name)}`,
    removeTitle: (name: string) => `Remove ${isolate(name)} from the group?`,
    removeText: (name: string) =>
      `From now on ${isolate(name)} gets nothing more that is written here. What they have, they keep.`,
    rename: 'Rename',
    leave: 'Leave group',
    leaveTitle: (group: string) => `Leave ${isolate(group)}?`,
    leaveText:
      'You get nothing more that is written there, and can come back only when you are invited again. What you have stays on this device.',
    leaveYes: 'Leave',

    count: (count: number) => plural(count, { one: '1 member', other: `${number(count)} members` }),
    presence: (online: number, count: number) =>
      online === 0
        ? plural(count, { one: '1 member', other: `${number(count)} members` })
        : `${plural(count, { one: '1 member', other: `${number(count)} members` })} · ${number(online)} online`,
    typing: (names: readonly string[]) => `${list(names.map(isolate))}: writing …`,
    mentions: (count: number) =>
      plural(count, { one: 'message that mentions you', other: 'messages that mention you' }),
    begin: (group: string) => `This is the beginning of ${isolate(group)}.`,
    beginLead: 'Only its members can read it.',
    gap: (count: number, name: string, lost: boolean) =>
      `${plural(count, { one: '1 message', other: `${number(count)} messages` })} from ${isolate(name)} ${
        lost
          ? plural(count, { one: 'is lost', other: 'are lost' })
          : plural(count, { one: 'is missing', other: 'are missing' })
      }${lost ? '.' : '. They come when somebody is here who has them.'}`,
    byMember: 'By member',
    status,

    /** Quiet lines in the conversation. */
    created: (name: string) => `${isolate(name)} created the group`,
    createdSelf: 'You created the group',
    added: (name: string, others: readonly string[]) =>
      `${isolate(name)} invited ${list(others.map(isolate))}`,
    addedSelf: (others: readonly string[]) => `You invited ${list(others.map(isolate))}`,
    you: 'you',
    memberJoined: (name: string) => `${isolate(name)} joined`,
    joinedSelf: 'You joined',
    memberLeft: (name: string) => `${isolate(name)} left`,
    leftSelf: 'You left',
    memberRemoved: (name: string, other: string) => `${isolate(name)} removed ${isolate(other)}`,
    removedByUs: (other: string) => `You removed ${isolate(other)}`,
    renamed: (name: string, group: string) => `${isolate(name)} named the group ${isolate(group)}`,
    renamedSelf: (group: string) => `You named the group ${isolate(group)}`,
    historyChanged: 'What new members see was changed',
  },
})
