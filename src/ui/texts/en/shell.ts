import type { NetworkState } from '../../../app/api.ts'
import type { Format } from '../format.ts'

const network: Readonly<Record<NetworkState, string>> = {
  online: 'Connected',
  connecting: 'Connecting…',
  offline: 'Offline',
}

/** What is around the conversations. */
export const shell = ({ plural, isolate }: Format) => ({
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

  update: {
    ready: 'A new version is ready.',
    reload: 'Reload',
    later: 'Later',
  },

  list: {
    typing: 'writing …',
    label: 'Conversations',
    online: 'online',
    you: (text: string) => `You: ${isolate(text)}`,
    draft: 'Draft:',
    unread: (count: number) => plural(count, { one: 'unread message', other: 'unread messages' }),
    request: 'Wants to write to you',
    nothingYet: 'No messages yet',
    emptyTitle: 'No conversations yet',
    empty: 'Share your invite link, use one that you were given, or find people nearby.',
    begin: 'Find someone to write to',
  },

  welcome: {
    title: 'Your messages, and nobody else’s',
    choose: 'Choose a conversation to read and write.',
    steps: [
      {
        title: 'Share your link',
        text: 'Give your invite link or QR code to a friend: “New chat” above has both.',
      },
      { title: 'They open it', text: 'A browser is all they need. Their name appears here by itself.' },
      { title: 'Write, any time', text: 'Being offline is fine. The ticks tell how far each message got.' },
    ],
    legendTitle: 'What the ticks mean',
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

  shortcuts: {
    title: 'Keyboard shortcuts',
    names: {
      search: 'Search messages',
      newChat: 'New chat',
      settings: 'Settings',
      next: 'Next conversation',
      previous: 'Previous conversation',
      help: 'Show these shortcuts',
    },
    send: 'Send what is written',
    newLine: 'Begin a new line',
    statuses: 'From one status to the next, in the messages',
  },
})
