import type { Format } from '../format.ts'

/** Before there is somebody: the first start, and what stands in its place. */
export const start = ({ isolate }: Format) => ({
  start: {
    title: 'Welcome to Gigi',
    lead: 'Private messages from browser to browser. No account, no phone number, nobody in between who can read them.',
    invitedBy: (name: string) => `${isolate(name)} invites you`,
    invitedLead: (name: string) => `Choose a nickname, and you can write to ${isolate(name)} right away.`,
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
      `This browser has deleted what Gigi kept for ${isolate(name)}. It does so by itself when space runs short, and when website data is cleared. You did nothing wrong.`,
    hope: 'Not all is lost: with your recovery phrase you are the same person again, and your contacts give the conversations back when you meet.',
    restoreLead:
      'With your 12 words you are the same person to your contacts again. They give your conversations back as soon as you are both here.',
    afresh: 'Or start afresh, as somebody new',
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

  outdated: {
    title: 'Gigi has a new version',
    explanation:
      'It is in use in another tab already, and this one cannot go on beside it. Nothing is lost: reload this page. If that does not help, close all tabs of Gigi and open it again.',
    reload: 'Reload this page',
  },

  crash: {
    title: 'Something broke',
    explanation:
      'This is our fault, not yours. What is stored on this device stays there, and trying again often helps.',
    details: 'What went wrong',
    again: 'Try again',
  },
})
