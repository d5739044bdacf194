/** What is asked before it is done in a group. */
import type { ConversationView, GroupMemberView } from '../../app/api.ts'
import type { ConversationId } from '../../domain/ids.ts'
import { attempt } from '../attempt.ts'
import type { Ui } from '../context.ts'
import { texts } from '../texts/texts.svelte.ts'

const words = texts.group

async function carryOut({ notices }: Ui, command: () => Promise<unknown>): Promise<void> {
  const stopped = await attempt(command)
  if (stopped !== null) notices.complain(texts.problem[stopped])
}

export function askToLeave(ui: Ui, { id, name }: ConversationView): void {
  ui.questions.ask({
    title: words.leaveTitle(name),
    text: words.leaveText,
    confirm: words.leaveYes,
    run: () => carryOut(ui, () => ui.app.commands.leaveGroup(id)),
  })
}

export function askToRemoveMember(ui: Ui, group: ConversationId, { peerId, name }: GroupMemberView): void {
  ui.questions.ask({
    title: words.removeTitle(name),
    text: words.removeText(name),
    confirm: words.remove,
    run: () => carryOut(ui, () => ui.app.commands.removeFromGroup(group, peerId)),
  })
}
