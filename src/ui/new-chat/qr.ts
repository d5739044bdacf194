import encodeQR from 'qr'

export interface QrDrawing {
  /** Edge of the square in modules, quiet zone included. */
  readonly size: number
  /** The dark modules as one SVG path, a module being 1 by 1. */
  readonly path: string
}

/** Light modules around the code, without which scanners do not find it (ISO/IEC 18004 asks for four). */
const QUIET_ZONE = 4

/** Draws a text as a QR code: dark runs of each row become one rectangle. */
export function drawQr(text: string): QrDrawing {
  const rows = encodeQR(text, 'raw', { ecc: 'low', border: QUIET_ZONE })
  const size = rows.length
  let path = ''
  rows.forEach((row, y) => {
    for (let x = 0; x < size; x++) {
      if (row[x] !== true) continue
      const start = x
      while (row[x + 1] === true) x++
      path += `M${start} ${y}h${x - start + 1}v1h${start - x - 1}z`
    }
  })
  return { size, path }
}
