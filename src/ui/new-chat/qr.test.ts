import encodeQR from 'qr'
import decodeQR from 'qr/decode.js'
import { describe, expect, it } from 'vitest'
import { drawQr } from './qr.ts'

/** Paints the path onto a grid again. */
function modules(path: string, size: number): boolean[][] {
  const grid = Array.from({ length: size }, () => Array.from({ length: size }, () => false))
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g))
    grid[Number(y)]?.fill(true, Number(x), Number(x) + Number(width))
  return grid
}

describe('drawQr', () => {
  const link = `https://gigi.example/#invite=${'aB3-_'.repeat(60)}`

  it('draws the very modules of the code', () => {
    const { path, size } = drawQr(link)
    expect(modules(path, size)).toEqual(encodeQR(link, 'raw', { ecc: 'low', border: 4 }))
  })

  it('draws what a camera reads', () => {
    const { path, size } = drawQr(link)
    const scale = 3
    const width = size * scale
    const data = new Uint8Array(width * width * 4).fill(255)
    modules(path, size).forEach((row, y) => {
      row.forEach((isDark, x) => {
        for (let i = 0; isDark && i < scale * scale; i++) {
          const at = ((y * scale + Math.floor(i / scale)) * width + x * scale + (i % scale)) * 4
          data.fill(0, at, at + 3)
        }
      })
    })
    expect(decodeQR({ width, height: width, data })).toBe(link)
  })

  it('leaves a quiet zone of four modules', () => {
    const { path, size } = drawQr('hello')
    const grid = modules(path, size)
    const edge = [0, 1, 2, 3, size - 4, size - 3, size - 2, size - 1]
    for (const line of edge) {
      expect(grid[line]).not.toContain(true)
      expect(grid.map((row) => row[line])).not.toContain(true)
    }
  })
})
