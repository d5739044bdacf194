import type { ConfigKey } from '../../../domain/config.ts'
import type { Format } from '../format.ts'

export const settings = ({ number, bytes, plural, isolate }: Format) => ({
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
    unsaved: 'Not saved yet',
    privacy: 'Privacy',
    readReceipts: 'Read receipts',
    readReceiptsHint: 'Others see when you have read their messages.',
    nearby: 'Nearby',
    nearbyHint: 'People at the same relay see your nickname and can write to you.',
    notifications: 'Notifications',
    notificationsOn: 'Notify me while Gigi is closed',
    notificationsOnHint: 'Where the browser lets Gigi look for messages while no tab is open.',
    notificationsOpen: 'Notify me while Gigi is in the background',
    notificationsOpenHint: 'When a message comes and you look at no tab of Gigi.',
    notificationNames: 'Say who wrote',
    notificationNamesHint:
      'Otherwise a notification says only that something came. What was written is never shown.',
    sound: 'Sound',
    soundHint: 'A soft one, when a message comes while you are elsewhere or in another conversation.',
    badge: 'Count what is unread',
    badgeHint: 'In the title of the tab, and on the icon of the installed app.',
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
      'Messages and files are kept in this browser and with your contacts. What waits for someone who is away lies sealed at the relay until they fetch it, at most 30 days.',
    storageUsed: 'Storage used',
    storageAmount: (used: number, quota: number) => `${bytes(used)} of ${bytes(quota)} used`,
    storageUnknown: 'This browser does not tell how much is used.',
    storagePromised: 'This browser has promised to keep it until you delete it yourself.',
    storageNotPromised: 'This browser may delete it when space runs short.',
    askToKeep: 'Ask the browser to keep it',
    askRefused:
      'The browser did not promise it. Installing Gigi, or using it for some days, often changes its mind.',
    cleanUp: 'The largest conversations',
    cleanUpLead: 'Where space runs short, clear what you need no more:',
    messagesHere: (count: number) =>
      plural(count, { one: '1 message here', other: `${number(count)} messages here` }),
    clearOf: (name: string) => `Clear the conversation with ${isolate(name)}`,
    blocked: 'Blocked people',
    blockedNobody: 'You have blocked nobody.',
    unblock: (name: string) => `Unblock ${isolate(name)}`,
    connection: 'Connection',
    diagnosticsLead:
      'For a report of a fault: how Gigi is connected here and what waits, without names, messages, keys or links.',
    diagnostics: 'Diagnostics',
    copyDiagnostics: 'Copy diagnostics',
    about: 'About',
    version: (version: string) => `Gigi ${version}`,
    aboutLead:
      'Messages go from browser to browser, encrypted. The relay introduces you and can read nothing.',
  },
})
