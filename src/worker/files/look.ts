/** A small picture of a picture, made before it is sent: for whoever has not fetched it yet. */
import { kindOfType } from '../../domain/files/kind.ts'
import { isDecodable, PICTURE_HEAD_BYTES, pictureSize } from '../../domain/files/picture.ts'
import { MAX_PREVIEW_BYTES } from '../../protocol/limits.ts'
import type { Look } from './messages.ts'

/** The longer side of a small picture, pixels: sharp enough for the moment until the whole one is there. */
const PREVIEW_SIDE = 320
/** How well small pictures are kept; the next is tried where one is too large. */
const QUALITIES = [0.7, 0.5, 0.3]
/** Bytes that a small picture should have at the most: a conversation of them is light. */
const WANTED_BYTES = Math.min(MAX_PREVIEW_BYTES, 10 * 1024)

/** Null where it is no picture that browsers show, or one that would fill the memory. */
export async function lookAt(file: Blob): Promise<Look | null> {
  if (kindOfType(file.type) !== 'picture') return null
  const size = pictureSize(new Uint8Array(await file.slice(0, PICTURE_HEAD_BYTES).arrayBuffer()))
  if (size === null || !isDecodable(size)) return null
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(file)
  } catch {
    // It calls itself a picture and is none: it is sent as it is.
    return null
  }
  try {
    // As it is shown: cameras turn pictures by a note in the file.
    const { width, height } = bitmap
    return { dimensions: { width, height }, preview: await shrunk(bitmap) }
  } finally {
    bitmap.close()
  }
}

async function shrunk(bitmap: ImageBitmap): Promise<Uint8Array | null> {
  const scale = Math.min(1, PREVIEW_SIDE / Math.max(bitmap.width, bitmap.height))
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(bitmap.width * scale)),
    Math.max(1, Math.round(bitmap.height * scale)),
  )
  const context = canvas.getContext('2d')
  if (context === null) return null
  // What is seen through is seen on white: JPEG knows nothing of it.
  context.fillStyle = '#ffffff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  for (const quality of QUALITIES) {
    const small = await canvas.convertToBlob({ type: 'image/jpeg', quality })
    if (small.size <= WANTED_BYTES) return new Uint8Array(await small.arrayBuffer())
  }
  return null
}
