import type { Trouble } from '../../../app/api.ts'
import type { Problem } from '../../attempt.ts'

export const problem: Readonly<Record<Problem, string>> = {
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
  'group-name-empty': 'Give the group a name: it is what its members see it by.',
  'group-name-too-long': 'That name is too long.',
  'group-full': 'There is no room for more: neither in this group, perhaps, nor for one group more.',
  'text-empty': 'There is nothing to say yet.',
  'text-too-long': 'This text is too long for one message. Your text is still here: split it up.',
  blocked: 'You have blocked this person. Unblock them first, in the settings.',
  'storage-full':
    'The storage of this device is full. What you wrote is still here: free some space and try again.',
  'storage-failed':
    'This browser did not store that. What you wrote is still here: try again, and reload this page if it does not help.',
  'search-failed':
    'The messages cannot be searched at the moment: this browser does not open the index. Close other tabs of Gigi and reload this page.',
  'file-no-room': 'There is not enough room for it on this device. Free some space and try again.',
  'file-too-large': 'Files of more than 16 GB cannot be sent.',
  'file-unreadable': 'It cannot be read: it was moved or changed, or is a folder. Choose it again.',
  'file-gone': 'This file is not on this device any more.',
  fault: 'That did not work, and it is our fault. Please try again.',
}

export const trouble: Readonly<Record<Trouble, string>> = {
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
