/** What a quiet line says of who came, went, or changed something in a group. */
import type { GroupView, MessageView } from '../../app/api.ts'
import type { PeerId } from '../../domain/ids.ts'
import { texts } from '../texts/texts.svelte.ts'

const words = texts.group

/** Null where there is nothing to be said of it. */
export function membershipLine(
  { content, author, direction }: MessageView,
  group: GroupView | undefined,
): string | null {
  const isUs = direction === 'Sent'
  const name = author.nickname
  const nameOf = (peer: PeerId): string => group?.names[peer] ?? ''
  const isSelf = (peer: PeerId): boolean =>
    group?.members.some((member) => member.isUs && member.peerId === peer) === true
  switch (content.type) {
    case 'GroupJoin':
      return isUs ? words.joinedSelf : words.memberJoined(name)
    case 'GroupLeave':
      return isUs ? words.leftSelf : words.memberLeft(name)
    case 'GroupChange': {
      const { change } = content
      switch (change.type) {
        case 'create':
          return isUs ? words.createdSelf : words.created(name)
        case 'add': {
          const others = change.members.map(({ peer, nickname }) =>
            isSelf(peer) ? words.you : nameOf(peer) || nickname,
          )
          return isUs ? words.addedSelf(others) : words.added(name, others)
        }
        case 'remove':
          return isUs
            ? words.removedByUs(nameOf(change.peer))
            : words.memberRemoved(name, nameOf(change.peer))
        case 'rename':
          return isUs ? words.renamedSelf(change.name) : words.renamed(name, change.name)
        case 'history':
          return words.historyChanged
      }
    }
    // eslint-disable-next-line no-fallthrough -- every change is one of those
    default:
      return null
  }
}
