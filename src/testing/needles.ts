/** Looks for what must not be seen in bytes, in whatever spelling it might have got there. */

export interface Needle {
  readonly name: string
  readonly bytes: Uint8Array
}

/** The UTF-8 of a text. */
export const textNeedle = (name: string, text: string): Needle => ({ name, bytes: Buffer.from(text) })

/**
 * Each needle that is in any of the places, with its spelling and the place. Texts of a base 64 begin at any bit of a
 * letter, so three spellings of each are looked for, without the letters that hold bits of their neighbours.
 */
export function findNeedles(
  needles: readonly Needle[],
  places: ReadonlyMap<string, Uint8Array>,
): readonly string[] {
  const spelled = needles.flatMap(spellings)
  return [...places].flatMap(([place, bytes]) => {
    const hay = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    return spelled.filter(({ as }) => hay.includes(as)).map(({ name }) => `${name} in ${place}`)
  })
}

/** Each spelling of a needle by its own name, as `findNeedles` tells it. */
export function spellings({
  name,
  bytes,
}: Needle): readonly { readonly name: string; readonly as: Buffer }[] {
  const raw = Buffer.from(bytes)
  const found = [
    { name: `${name} as it is`, as: raw },
    { name: `${name} in hex`, as: Buffer.from(raw.toString('hex')) },
    { name: `${name} in HEX`, as: Buffer.from(raw.toString('hex').toUpperCase()) },
  ]
  for (const base of ['base64', 'base64url'] as const)
    for (const shift of [0, 1, 2]) {
      const letters = Buffer.concat([Buffer.alloc(shift), raw])
        .toString(base)
        .replaceAll('=', '')
      const whole = letters.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + raw.length) * 8) / 6))
      found.push({ name: `${name} in ${base}, shifted by ${shift}`, as: Buffer.from(whole) })
    }
  return found
}
