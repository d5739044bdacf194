/**
 * Every word the interface says. Components take them from here and nowhere else, so that a second language is a
 * second object of this shape. Accessible names that others rely on stand here too.
 */
import type { GapView, MessageView, NetworkState, PeerStatus, Trouble } from '../app/api.ts'
import type { ConfigKey } from '../domain/config.ts'
import type { SyncStatus } from '../domain/status.ts'
import type { Problem } from './attempt.ts'
import { createFormat } from './format.ts'

/** English as this user's region writes it: en-GB has other dates than en-US. */
const locale = navigator.languages.find((language) => language.startsWith('en')) ?? 'en'

export const format = createFormat(locale)
const { number, plural, bytes } = format

const problem: Readonly<Record<Problem, string>> = {
  'nickname-empty': 'Choose a nickname: it is what others see you by.',
  'nickname-too-long': 'That is too long: 40 characters are the most.',
  'phrase-invalid':
    'These are not the words of a recovery phrase. Check the spelling, and that all 12 are there.',
  'notifications-denied':
    'This browser does not let Gigi notify you. Allow it in the settings of the browser for this site, then switch it on here.',
  'push-no-key': 'This relay wakes nobody at the moment, so this stays off. Whoever runs it can change that.',
  'push-not-ready':
    'Gigi is not set up in this browser yet, so this stays off. Reload this page and try again.',
  'push-unreachable':
    'This browser did not reach its push service, so this stays off. Check the network, and whether the browser allows push messages, then try again.',
  'phrase-of-another':
    'These words bring back somebody else than who was here, with other conversations. If that is what you want, press the button again.',
  'identity-exists': 'This browser has an identity already, made in another tab. Reload this page.',
  'invite-broken': 'This invite link is incomplete. Copy the whole link and try again, or ask for a new one.',
  'invite-forged': 'This invite link has been altered and cannot be trusted. Ask for a new one.',
  'invite-own': 'This is your own invite link. Give it to the people who should reach you.',
  'invite-expired': 'This invite link has expired. Ask for a new one.',
  'config-invalid': 'A number is out of its bounds.',
  'text-empty': 'There is nothing to say yet.',
  'text-too-long': 'This text is too long for one message. Your text is still here: split it up.',
  blocked: 'You have blocked this person. Unblock them first, in the settings.',
  'storage-full':
    'The storage of this device is full. What you wrote is still here: free some space and try again.',
  'storage-failed':
    'This browser did not store that. What you wrote is still here: try again, and reload this page if it does not help.',
  'search-failed':
    'The messages cannot be searched at the moment: this browser does not open the index. Close other tabs of Gigi and reload this page.',
  fault: 'That did not work, and it is our fault. Please try again.',
}

const network: Readonly<Record<NetworkState, string>> = {
  online: 'Connected',
  connecting: 'Connecting…',
  offline: 'Offline',
}

const trouble: Readonly<Record<Trouble, string>> = {
  'storage-full':
    'The storage of this device is full. Messages to you wait at those who wrote them until you free some space.',
  'storage-failed':
    'This browser does not let Gigi store anything at the moment. Nothing can be sent or received: close other tabs and reload this page.',
  deleted: 'This browser has deleted Gigi’s data.',
  outdated: 'A newer version of Gigi is in use in another tab. Reload this page.',
  replaced:
    'Gigi is now in use in another browser with your recovery phrase. To go on here instead, reload this page.',
  'no-locks':
    'Gigi cannot connect in this tab: it runs in another one, and this browser cannot keep several apart (it lacks Web Locks). Use the other tab, or a newer browser.',
}

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

export const texts = {
  app: {
    name: 'Gigi',
    back: 'Back',
    close: 'Close',
    copy: 'Copy',
    copied: 'Copied',
    copyRefused: 'The browser did not allow copying. Mark the text and copy it yourself.',
    notices: 'Notices',
    loading: 'Opening Gigi…',
    partMissing: 'This part of Gigi could not be loaded. Check the network and try again.',
  },

  problem,

  crash: {
    title: 'Something broke',
    explanation:
      'This is our fault, not yours. What is stored on this device stays there, and trying again often helps.',
    details: 'What went wrong',
    again: 'Try again',
  },

  start: {
    title: 'Welcome to Gigi',
    lead: 'Private messages from browser to browser. No account, no phone number, nobody in between who can read them.',
    invitedBy: (name: string) => `${name} invites you`,
    invitedLead: (name: string) => `Choose a nickname, and you can write to ${name} right away.`,
    inviteFailed: 'The invite does not work',
    inviteFailedNext: 'You can begin without it and use a new link later.',
    nickname: 'Nickname',
    nicknameHint: 'What others see you by. It need not be unique, and you can change it.',
    start: 'Start',
    havePhrase: 'I have a recovery phrase',
    promises: [
      'Messages are encrypted from end to end',
      'They are kept on your devices only',
      'Write any time: it is delivered when both are back',
    ],
  },

  /** Where the browser has deleted the database of someone who was here. */
  lost: {
    title: 'Your data here is gone',
    lead: (name: string) =>
      `This browser has deleted what Gigi kept for ${name}. It does so by itself when space runs short, and when website data is cleared. You did nothing wrong.`,
    hope: 'Not all is lost: with your recovery phrase you are the same person again, and your contacts give the conversations back when you meet.',
    restoreLead:
      'With your 12 words you are the same person to your contacts again. They give your conversations back as soon as you are both here.',
    afresh: 'Or start afresh, as somebody new',
  },

  outdated: {
    title: 'Gigi has a new version',
    explanation:
      'It is in use in another tab already, and this one cannot go on beside it. Nothing is lost: reload this page. If that does not help, close all tabs of Gigi and open it again.',
    reload: 'Reload this page',
  },

  restore: {
    title: 'Bring your identity back',
    lead: 'With your 12 words you are the same person to your contacts again. Messages are not part of it: they stay on the device they were on.',
    phrase: 'Recovery phrase',
    phraseHint: '12 words, separated by spaces',
    nickname: 'Nickname',
    nicknameHint: 'Optional',
    restore: 'Restore',
    back: 'Back',
  },

  bar: {
    newChat: 'New chat',
    settings: 'Settings',
    network,
    networkHint: {
      online: 'Connected to the relay: people can reach you.',
      connecting: 'Looking for the relay. You can go on writing.',
      offline: 'No relay can be reached. You can go on writing; it is sent when the network is back.',
    } satisfies Record<NetworkState, string>,
  },

  trouble,

  update: {
    ready: 'A new version is ready.',
    reload: 'Reload',
    later: 'Later',
  },

  list: {
    typing: 'writing …',
    label: 'Conversations',
    online: 'online',
    you: (text: string) => `You: ${text}`,
    draft: 'Draft:',
    unread: (count: number) => plural(count, 'unread message', 'unread messages'),
    request: 'Wants to write to you',
    nothingYet: 'No messages yet',
    emptyTitle: 'No conversations yet',
    empty:
      'Press “New chat” above to share your invite link, to open one that you were given, or to find people nearby.',
  },

  welcome: {
    title: 'Your messages, and nobody else’s',
    choose: 'Choose a conversation to read and write.',
    steps: [
      {
        title: 'Share your link',
        text: 'Press “New chat” and give your invite link or QR code to a friend.',
      },
      { title: 'They open it', text: 'A browser is all they need. Their name appears here by itself.' },
      { title: 'Write, any time', text: 'Being offline is fine. The ticks tell how far each message got.' },
    ],
    legendTitle: 'What the ticks mean',
  },

  newChat: {
    title: 'New chat',
    yours: 'Invite someone',
    yoursLead: 'Whoever opens your link, or scans the code, can write to you without asking.',
    yourLink: 'Your invite link',
    yourCode: 'Your invite QR code',
    copyLink: 'Copy link',
    share: 'Share…',
    shareTitle: 'Write to me on Gigi',
    renew: 'Renew link',
    renewHint:
      'One link serves many people, for 30 days. Renew it when it got into wrong hands: the old one stops working, your contacts stay.',
    renewed: 'You have a new invite link. The old one no longer works.',
    theirs: 'Use a link you were given',
    theirLink: 'Invite link',
    add: 'Add',
    nearby: 'Nearby',
    nearbyLead: 'People at the same relay who let themselves be seen',
    nearbyNobody: 'Nobody is there right now. They appear here as soon as they come.',
    nearbyOff: 'You have switched Nearby off in the settings, so you are not seen and see nobody.',
    nearbyOffline: 'You are not connected, so nobody can be seen at the moment.',
  },

  invite: {
    title: 'Invite link',
    from: (name: string) => `${name} invites you to write to each other.`,
    known: (name: string) =>
      `You know ${name} already. Using the link again refreshes how they are reached and opens your conversation.`,
    key: 'Identity',
    add: 'Add',
    later: 'Not now',
    failed: 'This link does not work',
    understood: 'OK',
  },

  conversation: {
    messages: 'Messages',
    presence,
    gap,
    missing: 'This conversation is not on this device',
    missingLead: 'Perhaps it was begun in another browser. Your conversations are in the list.',
    you: 'You:',
    them: (name: string) => `${name}:`,
    introduced: (name: string) => `${name} opened your invite link`,
    introducedSelf: (name: string) => `You opened ${name}’s invite link`,
    tooNew: 'This message needs a newer version of Gigi.',
    begin: (name: string) => `This is the beginning of your conversation with ${name}.`,
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
    sentAt: (time: string) => `Written on ${time}`,
    receivedAt: (time: string) => `Written on ${time}, by their clock`,
    offline: 'You can go on writing; it is sent when the network is back.',
  },

  details: {
    title: 'Conversation details',
    identity: 'Identity',
    keep: 'Keep messages',
    keepHint: (name: string) =>
      `Older ones are deleted from this device only; ${name}’s device keeps its own. Messages that were not delivered stay.`,
    period: (seconds: number | null) => (seconds === null ? 'Forever' : format.period(seconds)),
  },

  search: {
    label: 'Search messages',
    clear: 'Clear search',
    results: 'Search results',
    looking: 'Searching…',
    nothing: 'No message has these words.',
    growing: 'Older messages are still being read. What is in them appears by itself.',
    newest:
      'Only the newest messages are searched: this browser does not let Gigi keep an index of all of them.',
    more: 'Show more',
  },

  composer: {
    message: 'Message',
    placeholder: 'Write a message',
    send: 'Send',
  },

  request: {
    title: (name: string) => `${name} would like to write to you`,
    explanation:
      'You do not know each other through an invite yet. Until you accept, they do not learn whether you have read this. A nickname proves nothing: anyone can choose any.',
    accept: 'Accept',
    block: 'Block',
    blocked: (name: string) => `${name} is blocked. The settings list whom you have blocked.`,
  },

  blocked: {
    note: (name: string) => `You have blocked ${name}.`,
    unblock: 'Unblock',
  },

  settings: {
    title: 'Settings',
    profile: 'Profile',
    nickname: 'Nickname',
    nicknameHint: 'What others see you by',
    peerId: 'Your identity',
    peerIdHint: 'Compare it with what your contact sees to be sure that it is you.',
    copyPeerId: 'Copy identity',
    save: 'Save',
    saved: 'Saved',
    privacy: 'Privacy',
    readReceipts: 'Read receipts',
    readReceiptsHint: 'Others see when you have read their messages.',
    nearby: 'Nearby',
    nearbyHint: 'People at the same relay see your nickname and can write to you.',
    notifications: 'Notifications',
    notificationsOn: 'Notify me while Gigi is closed',
    notificationsOnHint: 'Where the browser lets Gigi look for messages while no tab is open.',
    notificationNames: 'Say who wrote',
    notificationNamesHint:
      'Otherwise a notification says only that something came. What was written is never shown.',
    waking: 'Wake this browser when mail comes',
    wakingHint:
      'Also while Gigi is closed, by the push service of this browser. That learns when it was woken, and nothing of who wrote or what.',
    wakingBegins: 'Asking the push service of this browser…',
    wakingTrouble: {
      'no-key': 'The relay wakes nobody at the moment. This goes on by itself when it does again.',
      lost: 'At the moment nothing wakes this browser. Gigi tries again when it is opened next; switch this off and on to try now.',
      refused:
        'The relay does not go to the push service of this browser, so nothing wakes it: what comes waits until Gigi is opened. Another browser may do better.',
    },
    delivery: 'Delivery',
    deliveryLead: 'How hard this device tries to deliver. The defaults suit nearly everyone.',
    config: {
      sync_interval_seconds: {
        label: 'Sync interval (seconds)',
        hint: 'How often people are looked for whose presence is not known.',
      },
      retry_interval_seconds: {
        label: 'Retry interval (seconds)',
        hint: 'The wait before the first new attempt; each later one waits twice as long.',
      },
      cleanup_interval_seconds: {
        label: 'Cleanup interval (seconds)',
        hint: 'How often old messages, where they are not kept, and what is settled are cleared away.',
      },
      message_ttl_seconds: {
        label: 'Message lifetime (seconds)',
        hint: 'How long a message that was not delivered is tried. Delivered messages are kept.',
      },
      max_retry_attempts: {
        label: 'Maximum retries',
        hint: 'After these a message goes out when its recipient appears.',
      },
      max_batch_size: { label: 'Batch size', hint: 'How many messages go out at a time.' },
    } satisfies Record<ConfigKey, { readonly label: string; readonly hint: string }>,
    bounds: (min: number, max: number) => `A whole number from ${number(min)} to ${number(max)}`,
    recovery: 'Recovery',
    recoveryLead:
      'These 12 words are your identity. With them you can bring it back in any browser, and so can anyone else who has them.',
    showPhrase: 'Show recovery phrase',
    hidePhrase: 'Hide recovery phrase',
    phraseAdvice:
      'Write them on paper, in this order, and keep the paper where only you can find it. Never give them to anyone: Gigi will not ask for them.',
    storage: 'Storage',
    storageLead:
      'Messages are kept in this browser and with your contacts. What waits for someone who is away lies sealed at the relay until they fetch it, at most 30 days.',
    storageUsed: 'Storage used',
    storageAmount: (used: number, quota: number) => `${bytes(used)} of ${bytes(quota)} used`,
    storageUnknown: 'This browser does not tell how much is used.',
    storagePromised: 'This browser has promised to keep it until you delete it yourself.',
    storageNotPromised: 'This browser may delete it when space runs short.',
    askToKeep: 'Ask the browser to keep it',
    askRefused:
      'The browser did not promise it. Installing Gigi, or using it for some days, often changes its mind.',
    blocked: 'Blocked people',
    blockedNobody: 'You have blocked nobody.',
    unblock: (name: string) => `Unblock ${name}`,
    about: 'About',
    version: (version: string) => `Gigi ${version}`,
    aboutLead:
      'Messages go from browser to browser, encrypted. The relay introduces you and can read nothing.',
  },
} as const
