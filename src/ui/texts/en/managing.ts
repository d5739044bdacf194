import { FOR_GOOD } from '../../../domain/shelf.ts'
import type { Format } from '../format.ts'

/** What one does with conversations, contacts and messages. */
export const managing = ({ number, period, isolate }: Format) => ({
  manage: {
    /** Names of the buttons that open menus, and of those. */
    optionsFor: (name: string) => `Options for ${isolate(name)}`,
    conversationOptions: 'Conversation options',
    messageOptions: 'Message options',

    pin: 'Pin',
    unpin: 'Unpin',
    pinned: 'pinned',
    archive: 'Archive',
    unarchive: 'Take out of the archive',
    archived: (name: string) => `The conversation with ${isolate(name)} is archived.`,
    archiveOf: (count: number) => `Archived (${number(count)})`,
    backToList: 'Back to all conversations',
    mute: 'Mute',
    unmute: 'Unmute',
    muted: 'muted',
    mutePeriod: (milliseconds: number) =>
      milliseconds === FOR_GOOD ? 'Until I unmute it' : `For ${period(milliseconds / 1000)}`,
    notMuted: 'Not muted',
    muteLabel: 'Mute notifications',
    mutedUntil: (time: string) => `Until ${time}`,
    markUnread: 'Mark as unread',
    markRead: 'Mark as read',
    marked: 'marked as unread',
    details: 'Details',

    clear: 'Clear conversation',
    clearTitle: (name: string) => `Clear the conversation with ${isolate(name)}?`,
    clearText: (name: string) =>
      `All messages are deleted from this device, and cannot be brought back. ${isolate(name)} keeps theirs. What has not been delivered yet stays, and still goes out.`,
    clearYes: 'Clear',
    cleared: 'The conversation is cleared.',
    remove: 'Delete conversation',
    removeTitle: (name: string) => `Delete the conversation with ${isolate(name)}?`,
    removeText: (name: string) =>
      `It leaves the list, and its messages are deleted from this device for good. ${isolate(name)} stays a contact and keeps theirs. What has not been delivered yet still goes out.`,
    removeYes: 'Delete',
    removed: 'The conversation is deleted.',
    block: 'Block',
    blockTitle: (name: string) => `Block ${isolate(name)}?`,
    blockText:
      'They cannot write to you and do not see when you are there. The settings list whom you have blocked.',
    removeContact: 'Delete contact',
    removeContactTitle: (name: string) => `Delete ${isolate(name)} from your contacts?`,
    removeContactText:
      'Your conversation is deleted from this device for good, and what has not been delivered yet is no longer sent. If they write again, they are a stranger who has to ask.',
    removedContact: (name: string) => `${isolate(name)} is no longer a contact.`,
    cancel: 'Cancel',

    alias: 'Name',
    aliasHint: (nickname: string) => `Only you see it. They call themselves ${isolate(nickname)}.`,
    rename: 'Rename',
    renamed: 'Renamed',

    copy: 'Copy',
    deleteForMe: 'Delete for me',
    deleted: 'Deleted from this device.',
    deletedUnsent: 'Deleted, and no longer sent.',
    deletedInMail: 'Deleted here. It is in their mailbox already, and still arrives.',
    undo: 'Undo',

    contacts: 'Contacts',
    contactsLead: 'People you can write to',
  },
})
