/** Entry of a tab: composes the app and mounts the interface. */
import { mount } from 'svelte'
import { watchForUpdates } from './app/updates.ts'
import { composeWindow } from './app/window.ts'
import { Appearance } from './ui/appearance/appearance.svelte.ts'
import App from './ui/App.svelte'

const target = document.getElementById('app')
if (target === null) throw new Error('index.html has no #app')
const appearance = new Appearance(localStorage)
const spoken = appearance.begin(window)
const props = { app: composeWindow(), updates: watchForUpdates(), appearance }
// The app begins meanwhile; in one language that turns into another, the page would be read twice.
void spoken.then(() => mount(App, { target, props }))
