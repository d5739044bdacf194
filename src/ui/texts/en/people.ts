import type { Format } from '../format.ts'

/** How people find each other. */
export const people = ({ isolate }: Format) => ({
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
    scan: 'Scan a code',
    camera: 'Picture of the camera',
    scanLead: 'Hold the code of the other before the camera.',
    scanStop: 'Stop scanning',
    cameraDenied:
      'This browser gives Gigi no picture of a camera. Allow it for this site, or paste the link.',
    add: 'Add',
    nearby: 'Nearby',
    nearbyLead: 'People at the same relay who let themselves be seen',
    nearbyNobody: 'Nobody is there right now. They appear here as soon as they come.',
    nearbyOff: 'You have switched Nearby off in the settings, so you are not seen and see nobody.',
    nearbyOffline: 'You are not connected, so nobody can be seen at the moment.',
  },

  invite: {
    title: 'Invite link',
    from: (name: string) => `${isolate(name)} invites you to write to each other.`,
    known: (name: string) =>
      `You know ${isolate(name)} already. Using the link again refreshes how they are reached and opens your conversation.`,
    key: 'Identity',
    add: 'Add',
    later: 'Not now',
    failed: 'This link does not work',
    understood: 'OK',
  },

  request: {
    title: (name: string) => `${isolate(name)} would like to write to you`,
    explanation:
      'You do not know each other through an invite yet. Until you accept, they do not learn whether you have read this. A nickname proves nothing: anyone can choose any.',
    accept: 'Accept',
    block: 'Block',
    blocked: (name: string) => `${isolate(name)} is blocked. The settings list whom you have blocked.`,
  },

  blocked: {
    note: (name: string) => `You have blocked ${isolate(name)}.`,
    unblock: 'Unblock',
  },
})
