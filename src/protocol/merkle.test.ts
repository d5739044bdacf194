import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyRoot, HashTree, leafHash, provesChunk } from './merkle.ts'

/** RFC 9162, 2.1.1, word for word. */
function definition(entries: readonly Uint8Array[]): Uint8Array {
  const [first] = entries
  if (first === undefined) return sha256(new Uint8Array())
  if (entries.length === 1) return sha256(concatBytes(Uint8Array.of(0), first))
  let k = 1
  while (k * 2 < entries.length) k *= 2
  return sha256(concatBytes(Uint8Array.of(1), definition(entries.slice(0, k)), definition(entries.slice(k))))
}

const chunks = fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 40 })
const treeOf = (entries: readonly Uint8Array[]): HashTree =>
  new HashTree(concatBytes(...entries.map(leafHash)))

describe('the hash tree of a file (SPEC 22.2)', () => {
  test('is that of RFC 9162', () => {
    fc.assert(
      fc.property(chunks, (entries) => {
        expect(treeOf(entries).root).toEqual(definition(entries))
      }),
    )
    expect(new HashTree(new Uint8Array()).root).toEqual(definition([]))
    expect(emptyRoot()).toEqual(definition([]))
  })

  // The test vectors of RFC 6962's reference implementation.
  test('has the roots that others have published', () => {
    const inputs = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ]
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]
    for (const [i, root] of roots.entries())
      expect(bytesToHex(treeOf(inputs.slice(0, i + 1).map(hexToBytes)).root)).toBe(root)
  })

  test('every chunk is proven, at its own place and no other', () => {
    fc.assert(
      fc.property(chunks, fc.nat(), fc.nat(), (entries, a, b) => {
        const tree = treeOf(entries)
        const [n, other] = [(a % entries.length) + 1, (b % entries.length) + 1]
        const [leaf, proof] = [tree.leaf(n), tree.proof(n)]
        expect(provesChunk(tree.root, entries.length, n, leaf, proof)).toBe(true)
        const isSame = bytesToHex(tree.leaf(other)) === bytesToHex(leaf)
        if (!isSame) expect(provesChunk(tree.root, entries.length, other, leaf, proof)).toBe(false)
        for (const count of [entries.length * 2, entries.length * 4])
          expect(provesChunk(tree.root, count, n, leaf, proof)).toBe(false)
      }),
    )
  })

  test('nothing that is changed is proven', () => {
    fc.assert(
      fc.property(chunks, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (entries, a, b, flip) => {
        const tree = treeOf(entries)
        const n = (a % entries.length) + 1
        const parts = [tree.root, tree.leaf(n), ...tree.proof(n)].map((part) => part.slice())
        const part = parts[b % parts.length]
        if (part !== undefined) part[b % 32] = (part[b % 32] ?? 0) ^ flip
        const [root, leaf, ...proof] = parts
        if (root === undefined || leaf === undefined) throw new Error('no parts')
        expect(provesChunk(root, entries.length, n, leaf, proof)).toBe(false)
      }),
    )
  })

  test('a proof that is too short or too long is none', () => {
    const tree = treeOf([1, 2, 3, 4, 5].map((n) => Uint8Array.of(n)))
    const proof = tree.proof(2)
    expect(provesChunk(tree.root, 5, 2, tree.leaf(2), proof.slice(1))).toBe(false)
    expect(provesChunk(tree.root, 5, 2, tree.leaf(2), [...proof, tree.leaf(1)])).toBe(false)
    for (const n of [0, 6, 1.5, NaN]) expect(provesChunk(tree.root, 5, n, tree.leaf(2), proof)).toBe(false)
  })

  test('two hashes cannot pass for a chunk', () => {
    const tree = treeOf([Uint8Array.of(1), Uint8Array.of(2)])
    const forged = concatBytes(tree.leaf(1), tree.leaf(2))
    expect(provesChunk(tree.root, 1, 1, leafHash(forged), [])).toBe(false)
  })
})
