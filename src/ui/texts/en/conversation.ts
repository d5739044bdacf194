import type { GapView, MessageView, PeerStatus } from '../../../app/api.ts'
import type { SyncStatus } from '../../../domain/status.ts'
import type { Format } from '../format.ts'

const status: Readonly<Record<SyncStatus, { readonly name: string; readonly explanation: string }>> = {
  Pending: {
    name: 'Waiting',
    explanation: 'Kept safe on this device. It goes out by itself as soon as it can reach the other side.',
  },
  Synced: {
    name: 'In the mailbox',
    explanation: 'Sealed and kept for them: they get it even if you go offline now.',
  },
  Delivered: { name: 'Delivered', explanation: 'It is stored on their device.' },
  Acknowledged: { name: 'Read', explanation: 'They opened the conversation and have read up to here.' },
}

/** Of a message that waits here because there is no room for it elsewhere. */
const mailboxFull = {
  name: 'Waiting',
  explanation:
    'Kept safe on this device. Their mailbox at the relay is full: it goes out when they come, or when there is room.',
}

/** Of a message that the recipient's device turned down. */
const refused = {
  name: 'Not accepted',
  explanation: 'Their device turned this message down for good. It is no longer tried.',
}

/** Of a message whose time was up. */
const expired = {
  name: 'Not delivered in time',
  explanation: 'It could not be confirmed in time and is no longer tried. You can send it again.',
}

const gap = ({ count, author, lost }: GapView, name: string): string => {
  const whose = author === 'self' ? 'of yours' : `from ${name}`
  const what = count === 1 ? `1 message ${whose}` : `${String(count)} messages ${whose}`
  if (lost)
    return `${what} ${count === 1 ? 'is' : 'are'} lost: nobody has ${count === 1 ? 'it' : 'them'} any more.`
  return `${what} ${count === 1 ? 'is' : 'are'} missing. ${count === 1 ? 'It comes' : 'They come'} when ${name} is here and has ${count === 1 ? 'it' : 'them'}.`
}

const presence = ({ online, path, typing }: PeerStatus): string => {
  if (typing) return 'writing …'
  if (!online) return 'offline'
  if (path === 'direct') return 'online · direct'
  return path === 'relayed' ? 'online · through the relay' : 'online'
}

/** One conversation and what is in it. */
export const conversation = ({ number, period, plural, isolate }: Format) => ({
  conversation: {
    messages: 'Messages',
    presence,
    gap: (view: GapView, name: string) => gap(view, isolate(name)),
    missing: 'This conversation is not on this device',
    missingLead: 'Perhaps it was begun in another browser. Your conversations are in the list.',
    you: 'You:',
    them: (name: string) => `${isolate(name)}:`,
    introduced: (name: string) => `${isolate(name)} opened your invite link`,
    introducedSelf: (name: string) => `You opened ${isolate(name)}’s invite link`,
    tooNew: 'This message needs a newer version of Gigi.',
    begin: (name: string) => `This is the beginning of your conversation with ${isolate(name)}.`,
    beginLead: 'Only the two of you can read it.',
    kept: (period: string) => `Messages in this conversation are kept for ${period} on this device.`,
    newest: 'Go to the newest',
    newMessages: (count: number) => `${number(count)} new`,
    status,
    /** What is known of a message that was sent. */
    statusOf: (message: MessageView) => {
      if (message.refused) return refused
      if (message.mailboxFull && message.status === 'Pending') return mailboxFull
      return message.status === 'Expired' ? expired : status[message.status]
    },
    sendAgain: 'Send again',
    delivery: {
      written: 'Written',
      queued: 'Waiting since',
      attempts: 'Tried',
      times: (count: number) => plural(count, { one: 'once', other: `${number(count)} times` }),
      nextAttempt: 'Next try',
      onAppearance: 'When they appear',
      inMailbox: 'In the mailbox since',
      expires: 'Tried until',
      delivered: 'Delivered',
      read: 'Read',
    },
    offline: 'You can go on writing; it is sent when the network is back.',
  },

  details: {
    title: 'Conversation details',
    identity: 'Identity',
    keep: 'Keep messages',
    keepHint: (name: string) =>
      `Older ones are deleted from this device only; ${isolate(name)}’s device keeps its own. Messages that were not delivered stay.`,
    keepHintGroup:
      'Older ones are deleted from this device only; the other members keep their own. Messages that were not delivered stay.',
    period: (seconds: number | null): string => (seconds === null ? 'Forever' : period(seconds)),
  },

  composer: {
    message: 'Message',
    placeholder: 'Write a message',
    send: 'Send',
  },

  emoji: {
    open: 'Emoji',
    title: 'Pick an emoji',
    search: 'Search emoji',
    found: 'Found emoji',
    nothing: 'No emoji is called that.',
    kinds: 'Kinds of emoji',
    recent: 'Used lately',
    kind: {
      smileys_emotion: 'Smileys and feelings',
      people_body: 'People',
      animals_nature: 'Animals and nature',
      food_drink: 'Food and drink',
      travel_places: 'Travel and places',
      activities: 'Activities',
      objects: 'Objects',
      symbols: 'Symbols',
      flags: 'Flags',
    },
    skin: 'Skin tone',
    skins: ['Usual', 'Light', 'Medium light', 'Medium', 'Medium dark', 'Dark'],
  },
})
