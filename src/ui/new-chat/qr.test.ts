import { encode } from 'uqr'
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
    expect(modules(path, size)).toEqual(encode(link, { ecc: 'L', border: 4 }).data)
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
