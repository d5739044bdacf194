/** The sound of a message that comes: two soft notes, made on the spot. */

/** Of each note: its pitch in hertz, and when it begins, seconds. */
const NOTES = [
  { pitch: 587.33, at: 0 },
  { pitch: 880, at: 0.11 },
] as const
/** From the beginning of a note until it has died away, seconds. */
const NOTE_SECONDS = 0.5
/** How loud, of 1. */
const LOUDNESS = 0.08
/** A browser that has not begun to play by then does not let us, milliseconds. */
const BEGIN_MS = 500

/**
 * Plays it, if the browser lets us: as a rule not before the user has touched the page. Resolves with whether it does, when
 * that is known; never rejects, and never plays later.
 */
export async function playSound(): Promise<boolean> {
  // Browsers complain of whoever tries before; those that do not tell are tried.
  const { userActivation } = navigator as { readonly userActivation?: UserActivation }
  if (!('AudioContext' in globalThis) || userActivation?.hasBeenActive === false) return false
  const context = new AudioContext()
  const close = (): void => void context.close().catch(() => undefined)
  try {
    if (!(await begins(context))) throw new Error('not allowed')
    for (const [i, { pitch, at }] of NOTES.entries()) {
      const note = playNote(context, pitch, context.currentTime + at)
      if (i === NOTES.length - 1) note.onended = close
    }
    return true
  } catch {
    close()
    return false
  }
}

/** Whether a context comes to play. */
function begins(context: AudioContext): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(late)
      resolve(context.state === 'running')
    }
    const late = setTimeout(settle, BEGIN_MS)
    if (context.state === 'running') settle()
    else context.onstatechange = settle
  })
}

function playNote(context: AudioContext, pitch: number, from: number): OscillatorNode {
  const note = context.createOscillator()
  const gain = context.createGain()
  note.frequency.value = pitch
  gain.gain.setValueAtTime(0, from)
  gain.gain.linearRampToValueAtTime(LOUDNESS, from + 0.02)
  gain.gain.exponentialRampToValueAtTime(0.0001, from + NOTE_SECONDS)
  note.connect(gain).connect(context.destination)
  note.start(from)
  note.stop(from + NOTE_SECONDS)
  return note
}
