/** Addresses of bytes in memory or on the disk, which last as long as the component that asked for them. */

export interface ObjectUrl {
  /** Null while there is none. */
  readonly current: string | null
}

/** `blob` is read as a rune: when it changes, so does the address. */
export function objectUrl(blob: () => Blob | null): ObjectUrl {
  let current = $state.raw<string | null>(null)

  $effect(() => {
    const bytes = blob()
    if (bytes === null) return
    const url = URL.createObjectURL(bytes)
    current = url
    return () => {
      current = null
      URL.revokeObjectURL(url)
    }
  })

  return {
    get current() {
      return current
    },
  }
}
