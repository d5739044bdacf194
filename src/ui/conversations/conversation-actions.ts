/** What can be done with a conversation and the person in it, from wherever it is offered. */
import Archive from '@lucide/svelte/icons/archive'
import ArchiveRestore from '@lucide/svelte/icons/archive-restore'
import Ban from '@lucide/svelte/icons/ban'
import Bell from '@lucide/svelte/icons/bell'
import BellOff from '@lucide/svelte/icons/bell-off'
import Eraser from '@lucide/svelte/icons/eraser'
import LogOut from '@lucide/svelte/icons/log-out'
import Mail from '@lucide/svelte/icons/mail'
import MailOpen from '@lucide/svelte/icons/mail-open'
import Pin from '@lucide/svelte/icons/pin'
import PinOff from '@lucide/svelte/icons/pin-off'
import Trash from '@lucide/svelte/icons/trash-2'
import UserX from '@lucide/svelte/icons/user-x'
import type { ConversationView } from '../../app/api.ts'
import { isMuted, MUTE_PERIODS, mutedUntil } from '../../domain/shelf.ts'
import { attempt } from '../attempt.ts'
import type { Ui } from '../context.ts'
import { askToLeave } from '../groups/group-actions.ts'
import type { MenuItem, OpenMenu } from '../kit/menus.svelte.ts'
import { texts } from '../texts/texts.svelte.ts'

const words = texts.manage

/** Runs a command, and tells what stopped it. Whether nothing did. */
async function carryOut({ notices }: Ui, command: () => Promise<unknown>): Promise<boolean> {
  const stopped = await attempt(command)
  if (stopped !== null) notices.complain(texts.problem[stopped])
  return stopped === null
}

/** The menu of a conversation that opens at a place. What cannot be taken back asks when it is chosen. */
export function conversationItems(
  ui: Ui,
  conversation: ConversationView,
  place: Omit<OpenMenu, 'items'>,
): readonly MenuItem[] {
  const { commands } = ui.app
  const { id, contactState, group } = conversation
  const item = (label: string, icon: MenuItem['icon'], command: () => Promise<unknown>): MenuItem => ({
    label,
    icon,
    run: () => void carryOut(ui, command),
  })
  const isHidden = conversation.shelf === 'hidden'
  const archived = conversation.shelf === 'archived'
  const muted = isMuted(conversation.mutedUntil, Date.now())
  const unread = conversation.unread > 0 || conversation.markedUnread
  return [
    ...(isHidden || archived
      ? []
      : conversation.shelf === 'pinned'
        ? [item(words.unpin, PinOff, () => commands.setShelf(id, 'listed'))]
        : [item(words.pin, Pin, () => commands.setShelf(id, 'pinned'))]),
    ...(isHidden
      ? []
      : [
          archived
            ? item(words.unarchive, ArchiveRestore, () => commands.setShelf(id, 'listed'))
            : { label: words.archive, icon: Archive, run: () => void archive(ui, conversation) },
        ]),
    muted
      ? item(words.unmute, Bell, () => commands.mute(id, null))
      : {
          label: words.mute,
          icon: BellOff,
          run: () => {
            ui.menus.show({ ...place, label: words.muteLabel, items: mutePeriods(ui, conversation) })
          },
        },
    unread
      ? item(words.markRead, MailOpen, () => commands.markAllAsRead(id))
      : { label: words.markUnread, icon: Mail, run: () => void markUnread(ui, conversation) },
    ...(contactState === 'accepted' && group === null
      ? [
          asking(words.block, Ban, () => {
            askToBlock(ui, conversation)
          }),
        ]
      : []),
    asking(words.clear, Eraser, () => {
      askToClear(ui, conversation)
    }),
    ...(group?.standing === 'joined'
      ? [
          asking(texts.group.leave, LogOut, () => {
            askToLeave(ui, conversation)
          }),
        ]
      : [
          asking(words.remove, Trash, () => {
            askToRemove(ui, conversation)
          }),
        ]),
    ...(group === null
      ? [
          asking(words.removeContact, UserX, () => {
            askToRemoveContact(ui, conversation)
          }),
        ]
      : []),
  ]
}

const asking = (label: string, icon: MenuItem['icon'], run: () => void): MenuItem => ({
  label,
  icon,
  danger: true,
  run,
})

const mutePeriods = (ui: Ui, { id }: ConversationView): MenuItem[] =>
  MUTE_PERIODS.map((period) => ({
    label: words.mutePeriod(period),
    icon: BellOff,
    run: () => void carryOut(ui, () => ui.app.commands.mute(id, mutedUntil(period, Date.now()))),
  }))

async function archive(ui: Ui, { id, name, shelf }: ConversationView): Promise<void> {
  const { commands } = ui.app
  if (!(await carryOut(ui, () => commands.setShelf(id, 'archived')))) return
  const before = shelf === 'pinned' ? 'pinned' : 'listed'
  ui.notices.offer(words.archived(name), {
    label: words.undo,
    run: () => void carryOut(ui, () => commands.setShelf(id, before)),
  })
}

/** It is to be come back to, so it is left. */
async function markUnread(ui: Ui, { id }: ConversationView): Promise<void> {
  leave(ui, id)
  await carryOut(ui, () => ui.app.commands.markUnread(id))
}

const leave = ({ router }: Ui, id: ConversationView['id']): void => {
  if (router.conversation === id) router.close()
}

export function askToClear(ui: Ui, { id, name }: ConversationView): void {
  ui.questions.ask({
    title: words.clearTitle(name),
    text: words.clearText(name),
    confirm: words.clearYes,
    run: async () => {
      if (await carryOut(ui, () => ui.app.commands.clearConversation(id))) ui.notices.say(words.cleared)
    },
  })
}

export function askToRemove(ui: Ui, { id, name }: ConversationView): void {
  ui.questions.ask({
    title: words.removeTitle(name),
    text: words.removeText(name),
    confirm: words.removeYes,
    run: async () => {
      leave(ui, id)
      if (await carryOut(ui, () => ui.app.commands.deleteConversation(id))) ui.notices.say(words.removed)
    },
  })
}

export function askToBlock(ui: Ui, { id, name }: ConversationView): void {
  ui.questions.ask({
    title: words.blockTitle(name),
    text: words.blockText,
    confirm: words.block,
    run: async () => {
      if (!(await carryOut(ui, () => ui.app.commands.block(id)))) return
      ui.notices.say(texts.request.blocked(name))
      leave(ui, id)
    },
  })
}

export function askToRemoveContact(ui: Ui, { id, peerId, name }: ConversationView): void {
  ui.questions.ask({
    title: words.removeContactTitle(name),
    text: words.removeContactText,
    confirm: words.removeYes,
    run: async () => {
      leave(ui, id)
      if (await carryOut(ui, () => ui.app.commands.deleteContact(peerId)))
        ui.notices.say(words.removedContact(name))
    },
  })
}
