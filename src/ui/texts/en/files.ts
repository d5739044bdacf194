import type { FileProblem } from '../../../app/files/api.ts'
import type { Format } from '../format.ts'

/** Files that are shared in a conversation. */
export const files = ({ bytes, duration, number, isolate }: Format) => ({
  file: {
    attach: 'Attach file',
    drop: 'Drop files here to send them',
    /** What is attached and not sent yet. */
    preparing: (name: string) => `Preparing ${isolate(name)}`,
    preparingList: 'Files being prepared',
    calledOff: (name: string) => `${isolate(name)} was not sent.`,
    notSent: (name: string, reason: string) => `${isolate(name)} was not sent. ${reason}`,

    progress: (name: string) => `Progress of ${isolate(name)}`,
    /** Both are amounts. */
    of: (done: number, size: number) => `${bytes(done)} of ${bytes(size)}`,
    rate: (bytesPerSecond: number) => `${bytes(bytesPerSecond)}/s`,
    left: (seconds: number) => `${duration(seconds)} left`,
    size: (size: number) => bytes(size),
    percent: (done: number) => `${number(done)} %`,

    download: 'Download',
    pause: 'Pause',
    resume: 'Resume',
    cancel: 'Cancel',
    save: 'Save',
    stopSharing: 'Stop sharing',
    stopped: 'Nobody gets this file from here any more.',
    open: (name: string) => `Open ${isolate(name)}`,
    viewer: 'Picture',
    tooManyPixels: 'This picture is too large to be shown here. Save it to look at it.',
    broken: 'This picture cannot be shown. Save it to open it elsewhere.',

    waitsForPeer: 'Waiting for someone who has it',
    waitsForDirect: 'Waiting for a direct connection: it is too large for the relay',
    waitsForResume: 'They have paused',
    notFetched: 'Not fetched yet',
    fetched: 'Fetched',
    paused: 'Paused',
    problem: {
      denied: 'This file is no longer shared with you.',
      gone: 'Whoever shared it does not have it any more, or it has changed.',
      damaged: 'What came was not the file that was shared, so it was not kept.',
      'no-room': 'There is not enough room for it on this device. Free some space, then try again.',
      'too-large': 'It is larger than Gigi takes.',
      lost: 'The browser has deleted it from this device.',
      ended: 'You share it no longer.',
    } satisfies Record<FileProblem | 'ended', string>,
    settings: 'Files',
    auto: 'Download by themselves',
    autoHint:
      'Pictures and other files from your contacts up to this size. Larger ones wait until you ask for them.',
    autoNever: 'Nothing',
    autoUpTo: (size: number) => `Up to ${bytes(size)}`,
    autoAlways: 'Files of any size',
  },
})
