/** Entry of a tab: composes the app and mounts the interface. */
import { mount } from 'svelte'
import { watchForUpdates } from './app/updates.ts'
import { composeWindow } from './app/window.ts'
import App from './ui/App.svelte'

const target = document.getElementById('app')
if (target === null) throw new Error('index.html has no #app')
mount(App, { target, props: { app: composeWindow(), updates: watchForUpdates() } })
