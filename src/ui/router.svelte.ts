import { untrack } from 'svelte'
import type { ConversationId, MessageId } from '../domain/ids.ts'
import { conversationFragment, HOME, parseFragment, type Route } from './routes.ts'

type Place = Exclude<Route, { kind: 'invite' }>

/** Marks history entries that were opened from the list, so that going back leads there. */
interface EntryState {
  readonly aboveHome: true
}

const isAboveHome = (state: unknown): boolean =>
  typeof state === 'object' && state !== null && 'aboveHome' in state && state.aboveHome === true

/** A message to be shown in its place. */
export interface MessageTarget {
  readonly conversation: ConversationId
  readonly message: MessageId
  readonly cursor: string
}

const INVITE_KEY = 'gigi.invite'

const HOME_PLACE: Place = { kind: 'home' }

/**
 * Which conversation is open, kept in the fragment of the address, so that links, reloads and the browser's way
 * back work; and the invite link that brought us here, until it was answered.
 *
 * The history never holds more than the list and one conversation on top: back leads to the list, on a phone too.
 */
export class Router {
  #place: Place = $state.raw(HOME_PLACE)
  #invite: string | null = $state.raw(null)
  #target: MessageTarget | null = $state.raw(null)

  constructor() {
    // A reload between opening the link and answering must not lose it; it dies with the tab.
    this.#invite = sessionStorage.getItem(INVITE_KEY)
    this.#read()
    $effect(() => {
      const read = (): void => {
        untrack(() => {
          this.#read()
        })
      }
      window.addEventListener('popstate', read)
      window.addEventListener('hashchange', read)
      return () => {
        window.removeEventListener('popstate', read)
        window.removeEventListener('hashchange', read)
      }
    })
  }

  /** The open conversation, or null at home. */
  get conversation(): ConversationId | null {
    return this.#place.kind === 'conversation' ? this.#place.id : null
  }

  /** An invite link that waits for an answer. */
  get invite(): string | null {
    return this.#invite
  }

  /** The message that was asked for, until it is on the screen. */
  get target(): MessageTarget | null {
    return this.#target
  }

  /** Opens a conversation where a message of it stands. */
  openAt(target: MessageTarget): void {
    this.#target = target
    this.open(target.conversation)
  }

  /** The target is being shown. */
  arrive(): void {
    this.#target = null
  }

  open(id: ConversationId): void {
    const fragment = conversationFragment(id)
    const state: EntryState = { aboveHome: true }
    if (this.#place.kind === 'home') history.pushState(state, '', fragment)
    else history.replaceState(history.state, '', fragment)
    this.#place = { kind: 'conversation', id }
  }

  /** Back to the list. */
  close(): void {
    if (this.#place.kind === 'home') return
    this.#place = HOME_PLACE
    if (isAboveHome(history.state)) history.back()
    else history.replaceState(null, '', HOME)
  }

  /** The invite was answered: added, or put aside. */
  dismissInvite(): void {
    this.#invite = null
    sessionStorage.removeItem(INVITE_KEY)
  }

  #read(): void {
    const route = parseFragment(location.hash)
    if (route.kind !== 'invite') {
      this.#place = route
      return
    }
    this.#invite = location.href
    sessionStorage.setItem(INVITE_KEY, location.href)
    // The secret leaves the address bar, the history and every screenshot of them.
    const fragment = this.#place.kind === 'conversation' ? conversationFragment(this.#place.id) : HOME
    history.replaceState(null, '', fragment)
  }
}
