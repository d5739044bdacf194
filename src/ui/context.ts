import { createContext } from 'svelte'
import type { GigiApp } from '../app/api.ts'
import type { Appearance } from './appearance/appearance.svelte.ts'
import type { Menus } from './kit/menus.svelte.ts'
import type { Notices } from './kit/notices.svelte.ts'
import type { NodeFeed } from './node-feed.svelte.ts'
import type { Drafts } from './conversation/drafts.svelte.ts'
import type { Attachments } from './files/attachments.svelte.ts'
import type { Questions } from './kit/questions.svelte.ts'
import type { Router } from './router.svelte.ts'
import type { FirstScreen } from './shell/first-screen.svelte.ts'

/** What every screen may reach without being handed it. */
export interface Ui {
  readonly app: GigiApp
  readonly firstScreen: FirstScreen
  readonly node: NodeFeed
  readonly router: Router
  readonly notices: Notices
  readonly menus: Menus
  readonly questions: Questions
  readonly drafts: Drafts
  readonly attachments: Attachments
  readonly appearance: Appearance
}

/** `useUi` throws outside of `App.svelte`, which is where `provideUi` is called. */
export const [useUi, provideUi] = createContext<Ui>()
