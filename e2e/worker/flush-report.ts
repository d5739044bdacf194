/** What the service worker says when a flush is over. */
export type FlushReport =
  | {
      /** Whether it had a window, and WebRTC. */
      readonly window: boolean
      readonly webRtc: boolean
      /** The paths that its sessions had. */
      readonly paths: readonly string[]
      /** What the engine reported, and what was thrown past it. */
      readonly troubles: readonly string[]
    }
  | { readonly failed: string }
