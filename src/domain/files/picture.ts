/**
 * How large a picture is, read from its first bytes: before a decoder is let at it, which takes four bytes for each pixel
 * however few the file has.
 */

export interface PictureSize {
  readonly type: 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp'
  readonly width: number
  readonly height: number
}

/** Pixels of a picture that is decoded: 256 MiB of them, more than any camera makes in one shot of a telephone. */
export const MAX_PIXELS = 64 * 1024 * 1024
/** Pixels of one side: beyond it browsers refuse to draw. */
export const MAX_SIDE = 16_384
/** Bytes from the beginning of a file in which its size is looked for: behind the largest colour profile and thumbnail. */
export const PICTURE_HEAD_BYTES = 256 * 1024

/** Whether a picture can be decoded without filling the memory. */
export const isDecodable = ({
  width,
  height,
}: {
  readonly width: number
  readonly height: number
}): boolean =>
  width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS

/** Null where these are not the first bytes of a picture of a type that is known. */
export function pictureSize(head: Uint8Array): PictureSize | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  try {
    return png(view) ?? gif(view) ?? webp(view) ?? jpeg(view)
  } catch (error) {
    // It ends before it has said how large it is.
    if (error instanceof RangeError) return null
    throw error
  }
}

const text = (view: DataView, at: number, length: number): string =>
  String.fromCharCode(...Array.from({ length }, (_, i) => view.getUint8(at + i)))

function png(view: DataView): PictureSize | null {
  if (view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) return null
  if (text(view, 12, 4) !== 'IHDR') return null
  return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) }
}

function gif(view: DataView): PictureSize | null {
  if (!/^GIF8[79]a$/.test(text(view, 0, 6))) return null
  return { type: 'image/gif', width: view.getUint16(6, true), height: view.getUint16(8, true) }
}

function webp(view: DataView): PictureSize | null {
  if (text(view, 0, 4) !== 'RIFF' || text(view, 8, 4) !== 'WEBP') return null
  const type = 'image/webp'
  switch (text(view, 12, 4)) {
    case 'VP8 ':
      return { type, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
    case 'VP8L': {
      const bits = view.getUint32(21, true)
      return { type, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8X': {
      const side = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 65_536 + 1
      return { type, width: side(24), height: side(27) }
    }
    default:
      return null
  }
}

// Segments begin with FF and their kind; those from C0 to CF but C4, C8 and CC are the frame, which has the size.
function jpeg(view: DataView): PictureSize | null {
  if (view.getUint16(0) !== 0xffd8) return null
  for (let at = 2; ;) {
    if (view.getUint8(at) !== 0xff) return null
    const kind = view.getUint8(at + 1)
    // Fill bytes, and kinds that have no length.
    if (kind === 0xff) at += 1
    else if (kind === 0x01 || (kind >= 0xd0 && kind <= 0xd7)) at += 2
    else if (kind === 0xd9 || kind === 0xda) return null
    else if (kind >= 0xc0 && kind <= 0xcf && kind !== 0xc4 && kind !== 0xc8 && kind !== 0xcc)
      return { type: 'image/jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    else at += 2 + view.getUint16(at + 2)
  }
}
