/**
 * The node's status in every tab. The tab that runs the node publishes; the others listen and, when they
 * open, ask. The other way round each tab says whose conversation it shows.
 */
import { isPeerId, type PeerId } from '../domain/ids.ts'
import type { NodeStatus, StatusFeed } from './api.ts'

export const UNKNOWN_STATUS: NodeStatus = { network: 'connecting', peers: {}, nearby: [], trouble: null }

type Word =
  | { readonly type: 'status'; readonly status: NodeStatus }
  | { readonly type: 'ask' }
  | { readonly type: 'show'; readonly tab: string; readonly peer: PeerId | null }

export class StatusHub implements StatusFeed {
  readonly #channel = new BroadcastChannel('gigi-status')
  readonly #listeners = new Set<(status: NodeStatus) => void>()
  readonly #tab: string
  /** Of each tab, whose conversation it shows. */
  readonly #shown = new Map<string, PeerId>()
  #status = UNKNOWN_STATUS
  #publishing = false
  #onShown: (peers: ReadonlySet<PeerId>) => void = () => undefined

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
    listener(this.#status)
    return () => this.#listeners.delete(listener)
  }

  /** Whose conversation this tab shows. */
  show(peer: PeerId | null): void {
    this.#heardShown(this.#tab, peer)
    this.#say({ type: 'show', tab: this.#tab, peer })
  }

  /** From now on this tab runs the node; `onShown` hears whose conversations the tabs show. */
  lead(onShown: (peers: ReadonlySet<PeerId>) => void): void {
    this.#publishing = true
    this.#onShown = onShown
    this.publish(UNKNOWN_STATUS)
    this.#say({ type: 'ask' })
    onShown(new Set(this.#shown.values()))
  }

  /** This tab runs the node no longer. */
  follow(): void {
    this.#publishing = false
    this.#onShown = () => undefined
    this.#set(UNKNOWN_STATUS)
  }

  publish(change: Partial<NodeStatus>): void {
    if (!this.#publishing) return
    this.#set({ ...this.#status, ...change })
    this.#say({ type: 'status', status: this.#status })
  }

  get status(): NodeStatus {
    return this.#status
  }

  #heard(word: Word): void {
    switch (word.type) {
      case 'status':
        if (!this.#publishing) this.#set(word.status)
        return
      case 'ask': {
        if (this.#publishing) this.#say({ type: 'status', status: this.#status })
        const peer = this.#shown.get(this.#tab)
        if (peer !== undefined) this.#say({ type: 'show', tab: this.#tab, peer })
        return
      }
      case 'show':
        this.#heardShown(word.tab, word.peer)
    }
  }

  #heardShown(tab: string, peer: PeerId | null): void {
    if (peer !== null && isPeerId(peer)) this.#shown.set(tab, peer)
    else this.#shown.delete(tab)
    this.#onShown(new Set(this.#shown.values()))
  }

  #set(status: NodeStatus): void {
    this.#status = status
    for (const listener of this.#listeners) listener(status)
  }

  #say(word: Word): void {
    this.#channel.postMessage(word)
  }
}
