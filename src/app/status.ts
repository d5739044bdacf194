/**
 * The node's status in every tab. The tab that runs the node publishes; the others listen and, when they
 * open, ask. The other way round each tab says whose conversation it shows.
 */
import { type ConversationId, isConversationId, isPeerId, type PeerId } from '../domain/ids.ts'
import type { Timer } from '../sync/ports.ts'
import type { NodeFacts } from './diagnostics.ts'
import { clock } from './ports.ts'
import type { NodeStatus, PeerStatus, StatusFeed, Trouble } from './api.ts'

export const UNKNOWN_STATUS: NodeStatus = {
  network: 'connecting',
  peers: {},
  nearby: [],
  writers: {},
  trouble: null,
}

type Word =
  | { readonly type: 'status'; readonly status: NodeStatus }
  | { readonly type: 'ask' }
  | { readonly type: 'show'; readonly tab: string; readonly shown: Shown | null }
  | { readonly type: 'compose'; readonly shown: Shown }

/** A conversation, and who is on its other side; null: it is a group. */
export interface Shown {
  readonly conversation: ConversationId
  readonly peer: PeerId | null
}

/** Of a tab of another version anything may come. */
const isShown = (shown: Shown | null | undefined): shown is Shown =>
  shown != null && isConversationId(shown.conversation) && (shown.peer === null || isPeerId(shown.peer))

/** What the tab that runs the node hears of the tabs. */
export interface TabsListener {
  /** Which conversations they show. */
  shown(shown: readonly Shown[]): void
  /** In which conversation someone writes. */
  composes(shown: Shown): void
}

/** What a tab's own trouble comes from. */
export type TroubleSource = 'database' | 'node' | 'tabs'

/** For a tab that leads and has no node. */
export const NOBODY: TabsListener = { shown: () => undefined, composes: () => undefined }

const AWAY: PeerStatus = { online: false, path: 'none', typing: false }

export class StatusHub implements StatusFeed {
  readonly #channel = new BroadcastChannel('gigi-status')
  readonly #listeners = new Set<(status: NodeStatus) => void>()
  readonly #tab: string
  /** Of each tab, which conversation it shows. */
  readonly #shown = new Map<string, Shown>()
  #status = UNKNOWN_STATUS
  #publishing = false
  #tabs = NOBODY
  /** What concerns this tab alone, by what it comes from. */
  readonly #ownTroubles = new Map<TroubleSource, Trouble>()
  #cutOff: Trouble | null = null
  #lastTrouble: NodeFacts['lastTrouble'] = null
  readonly #waiting = new Set<() => void>()

  /** `tab` is unique to this tab. */
  constructor(tab: string) {
    this.#tab = tab
    this.#channel.addEventListener('message', ({ data }: MessageEvent<Word>) => {
      this.#heard(data)
    })
    this.#say({ type: 'ask' })
  }

  subscribe(listener: (status: NodeStatus) => void): () => void {
    this.#listeners.add(listener)
    listener(this.status)
    return () => this.#listeners.delete(listener)
  }

  /** Which conversation this tab shows. */
  show(shown: Shown | null): void {
    this.#heardShown(this.#tab, shown)
    this.#say({ type: 'show', tab: this.#tab, shown })
  }

  /** The user writes in a conversation. */
  compose(shown: Shown): void {
    this.#tabs.composes(shown)
    this.#say({ type: 'compose', shown })
  }

  /** From now on this tab runs the node, and hears of the tabs. */
  lead(tabs: TabsListener): void {
    this.#publishing = this.#cutOff === null
    this.#tabs = tabs
    // Tabs that died have said nothing of it; those that live say it again.
    for (const tab of this.#shown.keys()) if (tab !== this.#tab) this.#shown.delete(tab)
    this.publish(UNKNOWN_STATUS)
    this.#say({ type: 'ask' })
    tabs.shown([...this.#shown.values()])
  }

  /** This tab runs the node no longer. */
  follow(): void {
    this.#publishing = false
    this.#tabs = NOBODY
    this.#set(UNKNOWN_STATUS)
  }

  /** This tab has no part in anything any more, and shows why; the others go on. */
  cutOff(trouble: Trouble): void {
    this.#cutOff = trouble
    this.follow()
  }

  publish(change: Partial<NodeStatus>): void {
    if (!this.#publishing) return
    this.#set({ ...this.#status, ...change })
    this.#say({ type: 'status', status: this.#status })
  }

  /** Who is writing in a group. */
  publishWriters(group: ConversationId, peers: readonly PeerId[]): void {
    const writers = new Map(Object.entries(this.#status.writers))
    if (peers.length === 0) writers.delete(group)
    else writers.set(group, peers)
    this.publish({ writers: Object.fromEntries(writers) })
  }

  publishPeer(peer: PeerId, change: Partial<PeerStatus>): void {
    const { peers } = this.#status
    this.publish({ peers: { ...peers, [peer]: { ...(peers[peer] ?? AWAY), ...change } } })
  }

  get status(): NodeStatus {
    if (this.#cutOff !== null) return { ...UNKNOWN_STATUS, network: 'offline', trouble: this.#cutOff }
    const [own] = this.#ownTroubles.values()
    return own === undefined ? this.#status : { ...this.#status, trouble: own }
  }

  /** What this tab knows, for a report. */
  get facts(): NodeFacts {
    return { status: this.status, leads: this.#publishing, lastTrouble: this.#lastTrouble }
  }

  /** Says something that concerns this tab alone, or (null) nothing more of it. */
  warn(source: TroubleSource, trouble: Trouble | null): void {
    if (trouble === (this.#ownTroubles.get(source) ?? null)) return
    if (trouble === null) this.#ownTroubles.delete(source)
    else this.#ownTroubles.set(source, trouble)
    this.#set(this.#status)
  }

  /** Whether the tab that leads answers within `ms` milliseconds; this tab itself does not count. */
  answers(ms: number, timer: Timer): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (answered: boolean): void => {
        cancel()
        this.#waiting.delete(heard)
        resolve(answered)
      }
      const heard = (): void => {
        settle(true)
      }
      const cancel = timer.after(ms, () => {
        settle(false)
      })
      this.#waiting.add(heard)
      this.#say({ type: 'ask' })
    })
  }

  #heard(word: Word): void {
    switch (word.type) {
      case 'status':
        for (const heard of [...this.#waiting]) heard()
        if (!this.#publishing) this.#set(word.status)
        return
      case 'ask': {
        if (this.#publishing) this.#say({ type: 'status', status: this.#status })
        const shown = this.#shown.get(this.#tab)
        if (shown !== undefined) this.#say({ type: 'show', tab: this.#tab, shown })
        return
      }
      case 'show':
        this.#heardShown(word.tab, word.shown)
        return
      case 'compose':
        if (isShown(word.shown)) this.#tabs.composes(word.shown)
    }
  }

  #heardShown(tab: string, shown: Shown | null): void {
    if (isShown(shown)) this.#shown.set(tab, shown)
    else this.#shown.delete(tab)
    this.#tabs.shown([...this.#shown.values()])
  }

  #set(status: NodeStatus): void {
    this.#status = status
    const { trouble } = this.status
    if (trouble !== null) this.#lastTrouble = { trouble, at: clock.now() }
    for (const listener of this.#listeners) listener(this.status)
  }

  #say(word: Word): void {
    this.#channel.postMessage(word)
  }
}
