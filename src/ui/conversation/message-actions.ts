/** What can be done with a message. */
import Ban from '@lucide/svelte/icons/ban'
import Copy from '@lucide/svelte/icons/copy'
import RotateCw from '@lucide/svelte/icons/rotate-cw'
import Trash from '@lucide/svelte/icons/trash-2'
import type { MessageView } from '../../app/api.ts'
import { attempt } from '../attempt.ts'
import type { Ui } from '../context.ts'
import type { MenuItem } from '../kit/menus.svelte.ts'
import { texts } from '../texts/texts.svelte.ts'

export function messageItems(
  ui: Ui,
  message: MessageView,
  onsendagain: (message: MessageView) => void,
): readonly MenuItem[] {
  const { content } = message
  return [
    ...(content.type === 'Text'
      ? [{ label: texts.manage.copy, icon: Copy, run: () => void copy(ui, content.text) }]
      : []),
    ...(message.status === 'Expired'
      ? [
          {
            label: texts.conversation.sendAgain,
            icon: RotateCw,
            run: () => {
              onsendagain(message)
            },
          },
        ]
      : []),
    ...(content.type === 'FileShare' && message.direction === 'Sent'
      ? [{ label: texts.file.stopSharing, icon: Ban, run: () => void stopSharing(ui, message) }]
      : []),
    { label: texts.manage.deleteForMe, icon: Trash, danger: true, run: () => void deleteForMe(ui, message) },
  ]
}

async function copy({ notices }: Ui, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    notices.say(texts.app.copied)
  } catch {
    // Refused by the browser or its user: they can still do it by hand.
    notices.complain(texts.app.copyRefused)
  }
}

async function stopSharing({ app, notices }: Ui, message: MessageView): Promise<void> {
  const stopped = await attempt(() => app.files.setSharing(message.id, 'ended'))
  if (stopped === null) notices.say(texts.file.stopped)
  else notices.complain(texts.problem[stopped])
}

async function deleteForMe({ app, notices }: Ui, message: MessageView): Promise<void> {
  const complainOf = async (command: () => Promise<unknown>): Promise<void> => {
    const stopped = await attempt(command)
    if (stopped !== null) notices.complain(texts.problem[stopped])
  }
  await complainOf(async () => {
    const undo = await app.commands.deleteMessage(message.id)
    if (undo === null) return
    notices.offer(whatBecameOf(message), { label: texts.manage.undo, run: () => void complainOf(undo) })
  })
}

function whatBecameOf({ direction, status }: MessageView): string {
  if (direction === 'Sent' && status === 'Pending') return texts.manage.deletedUnsent
  return direction === 'Sent' && status === 'Synced' ? texts.manage.deletedInMail : texts.manage.deleted
}
