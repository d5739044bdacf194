/**
 * Groups: what their membership entries add up to. Pure, and the same for everybody who knows the same entries, in whatever
 * order and however often they came.
 *
 * The creator's changes are one chain: each has a number and names the one before it. Where there are two with one number
 * (the creator's profile was put back) the longer chain counts, and of two as long the one whose last change has the lesser
 * hash; but a removal counts wherever it stands, and before what comes in between is known.
 */
import type { LogId, PeerId } from './ids.ts'

/** The last number of a log that counts. */
export interface LogHead {
  readonly log: LogId
  readonly seq: number
}

/** What new members see: what is written from when they were added, or everything. */
export type GroupHistory = 'joining' | 'all'

export type GroupChange =
  | {
      readonly type: 'create'
      readonly name: string
      /** 16 bytes, base64url: the group's id is made of it and of the creator's key. */
      readonly nonce: string
      readonly history: GroupHistory
      readonly nickname: string
    }
  /** `heads`: up to where the logs were written when they were added, which is not for them; empty: all is. */
  | {
      readonly type: 'add'
      readonly members: readonly { readonly peer: PeerId; readonly nickname: string }[]
      readonly heads: readonly LogHead[]
    }
  /** `heads`: of the logs of the one who is removed. What stands behind them counts for nobody. */
  | { readonly type: 'remove'; readonly peer: PeerId; readonly heads: readonly LogHead[] }
  | { readonly type: 'rename'; readonly name: string }
  | { readonly type: 'history'; readonly history: GroupHistory }

/** What stands in the membership logs of a group. */
export type GroupContent =
  | {
      readonly type: 'GroupChange'
      /** 1, 2, 3, … */
      readonly number: number
      /** Hash of the change before it; null for the first. */
      readonly previous: string | null
      readonly change: GroupChange
    }
  /** `admission`: hash of the change that added them. */
  | { readonly type: 'GroupJoin'; readonly admission: string; readonly nickname: string }
  | { readonly type: 'GroupLeave'; readonly admission: string; readonly heads: readonly LogHead[] }
  /** Who a member is now, where to find it, and leave to leave it mail (sealed, base64url). */
  | {
      readonly type: 'GroupCard'
      readonly nickname: string
      readonly relays: readonly string[]
      readonly grant: string | null
    }

export interface GroupEntry {
  readonly author: PeerId
  readonly content: GroupContent
  /** Of a change: its hash, as protocol/group.ts makes it. */
  readonly hash: string
}

export type Standing = 'invited' | 'joined' | 'left' | 'removed'

export interface GroupMember {
  readonly peer: PeerId
  /** As they were called when they were added. */
  readonly nickname: string
  readonly standing: Standing
  /** Hash of the change that added them last. */
  readonly admission: string
  /** What is not for them. */
  readonly from: readonly LogHead[]
  /** Of one who left or was removed: how far their logs count. */
  readonly end: readonly LogHead[] | null
}

export interface GroupState {
  readonly creator: PeerId
  readonly name: string
  readonly history: GroupHistory
  /** In the order in which they were added; the creator is first. */
  readonly members: readonly GroupMember[]
  /** The last change of the chain: the next one follows it. Null while the first is not known. */
  readonly head: { readonly number: number; readonly hash: string } | null
}

/** Members that a group can have at one time, with those who are invited. */
export const MAX_GROUP_MEMBERS = 256

export const emptyGroup = (creator: PeerId): GroupState => ({
  creator,
  name: '',
  history: 'joining',
  members: [],
  head: null,
})

interface Link {
  readonly number: number
  readonly previous: string | null
  readonly change: GroupChange
  readonly hash: string
}

/** What the entries of a group add up to, of which `creator` is the one whose changes count. */
export function foldGroup(creator: PeerId, entries: readonly GroupEntry[]): GroupState {
  const links = linksOf(creator, entries)
  const chain = chainOf(links)
  const leavings = new Set(
    entries.flatMap(({ author, content }) =>
      content.type === 'GroupLeave' ? [leavingOf(author, content.admission)] : [],
    ),
  )
  const state = chain.reduce((state, link) => apply(state, link, leavings), emptyGroup(creator))
  const byAuthor = Map.groupBy(entries, ({ author }) => author)
  const members = withRemovals(state.members, links, chain).map((member) =>
    standingOf(member, byAuthor.get(member.peer) ?? []),
  )
  return { ...state, members }
}

const leavingOf = (peer: PeerId, admission: string): string => `${peer} ${admission}`

function linksOf(creator: PeerId, entries: readonly GroupEntry[]): Map<string, Link> {
  const links = new Map<string, Link>()
  for (const { author, content, hash } of entries)
    if (author === creator && content.type === 'GroupChange') links.set(hash, { ...content, hash })
  return links
}

/** The longest chain from a first change on, the one that ends in the least hash of those; oldest first. */
function chainOf(links: ReadonlyMap<string, Link>): Link[] {
  const linked = new Set<string>()
  let tip: Link | undefined
  for (const link of [...links.values()].sort((a, b) => a.number - b.number)) {
    const before = link.previous === null ? undefined : links.get(link.previous)
    const isFirst = link.previous === null && link.number === 1 && link.change.type === 'create'
    const follows =
      before !== undefined &&
      linked.has(before.hash) &&
      before.number + 1 === link.number &&
      link.change.type !== 'create'
    if (!isFirst && !follows) continue
    linked.add(link.hash)
    if (tip === undefined || link.number > tip.number || (link.number === tip.number && link.hash < tip.hash))
      tip = link
  }
  const chain: Link[] = []
  for (
    let link = tip;
    link !== undefined;
    link = link.previous === null ? undefined : links.get(link.previous)
  )
    chain.push(link)
  return chain.reverse()
}

function apply(state: GroupState, { number, change, hash }: Link, leavings: ReadonlySet<string>): GroupState {
  const next = { ...state, head: { number, hash } }
  switch (change.type) {
    case 'create': {
      const { name, history, nickname } = change
      const creator = { peer: state.creator, nickname, admission: hash, from: [], end: null }
      return { ...next, name, history, members: [{ ...creator, standing: 'joined' }] }
    }
    case 'add':
      return {
        ...next,
        members: change.members.reduce(
          (all, one) => withAdded(all, one, change, hash, leavings),
          state.members,
        ),
      }
    case 'remove':
      return { ...next, members: state.members.map((member) => removed(member, change, state.creator)) }
    case 'rename':
      return { ...next, name: change.name }
    case 'history':
      return { ...next, history: change.history }
  }
}

function withAdded(
  members: readonly GroupMember[],
  { peer, nickname }: { readonly peer: PeerId; readonly nickname: string },
  { heads: from }: Extract<GroupChange, { type: 'add' }>,
  admission: string,
  leavings: ReadonlySet<string>,
): readonly GroupMember[] {
  const isIn = (member: GroupMember): boolean =>
    isActive(member) && !leavings.has(leavingOf(member.peer, member.admission))
  const known = members.find((member) => member.peer === peer)
  const isFull = members.filter(isIn).length >= MAX_GROUP_MEMBERS
  if ((known !== undefined && isIn(known)) || isFull) return members
  const added: GroupMember = { peer, nickname, standing: 'invited', admission, from, end: null }
  return [...members.filter((member) => member !== known), added]
}

type Removal = Extract<GroupChange, { type: 'remove' }>

const removed = (member: GroupMember, { peer, heads }: Removal, creator: PeerId): GroupMember =>
  member.peer === peer && peer !== creator && isActive(member)
    ? { ...member, standing: 'removed', end: heads }
    : member

/** Removals that are known and not in the chain, of who was added before them. */
function withRemovals(
  members: readonly GroupMember[],
  links: ReadonlyMap<string, Link>,
  chain: readonly Link[],
): readonly GroupMember[] {
  const creator = members[0]?.peer
  const inChain = new Set(chain)
  let left = members
  for (const link of [...links.values()].sort((a, b) => a.number - b.number || (a.hash < b.hash ? -1 : 1))) {
    const { change, number } = link
    if (change.type !== 'remove' || inChain.has(link) || creator === undefined) continue
    left = left.map((member) =>
      (links.get(member.admission)?.number ?? 0) < number ? removed(member, change, creator) : member,
    )
  }
  return left
}

/** With what members said themselves, to the admission that holds. */
function standingOf(member: GroupMember, own: readonly GroupEntry[]): GroupMember {
  if (member.standing === 'removed') return member
  const said = own.filter(({ content }) => 'admission' in content && content.admission === member.admission)
  // Of several that somebody signed one counts, the same for everybody.
  const leaves = said
    .flatMap(({ content }) => (content.type === 'GroupLeave' ? [content.heads] : []))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  const [end] = leaves
  if (end !== undefined) return { ...member, standing: 'left', end }
  const isJoined = member.standing === 'joined' || said.some(({ content }) => content.type === 'GroupJoin')
  return isJoined ? { ...member, standing: 'joined' } : member
}

/** Whether someone is in the group, or may be as soon as they want. */
export const isActive = ({ standing }: Pick<GroupMember, 'standing'>): boolean =>
  standing === 'invited' || standing === 'joined'

export const memberOf = (state: GroupState, peer: PeerId): GroupMember | undefined =>
  state.members.find((member) => member.peer === peer)

/** How far a log of a member counts: a number; Infinity: without end; 0: not at all. */
export function endOf(member: GroupMember, log: LogId): number {
  if (member.end === null) return Infinity
  return member.end.find((head) => head.log === log)?.seq ?? 0
}

/** Up to where a log is not for a member. */
export const fromOf = (member: GroupMember, log: LogId): number =>
  member.from.find((head) => head.log === log)?.seq ?? 0

/**
 * Whether a log of a group is one of those that say who is in it, which everybody in it has from the first entry on; the
 * others hold what people write. Their ids tell: of these the first bit is set.
 */
export const isMembershipLog = (log: LogId): boolean => /^[g-z0-9_-]/.test(log)

/** Whether a text speaks to someone who is called `nickname`: their name behind an @, and no letter or digit behind it. */
export function mentions(text: string, nickname: string): boolean {
  const wanted = `@${nickname.toLowerCase()}`
  const said = text.toLowerCase()
  for (let at = said.indexOf(wanted); at !== -1; at = said.indexOf(wanted, at + 1))
    if (!/^[\p{L}\p{N}]/u.test(said.slice(at + wanted.length))) return true
  return false
}
