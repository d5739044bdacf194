/** Not in TypeScript's library yet. */
interface CloseWatcher {
  onclose: (() => void) | null
  destroy(): void
}

declare global {
  interface Window {
    readonly CloseWatcher?: new () => CloseWatcher
  }
}

/** Calls `close` when the user asks to go back by the phone's own means, where the browser tells. Returns how to stop. */
export function onCloseRequest(close: () => void): () => void {
  if (window.CloseWatcher === undefined) return () => undefined
  const watcher = new window.CloseWatcher()
  watcher.onclose = close
  return () => {
    watcher.destroy()
  }
}
