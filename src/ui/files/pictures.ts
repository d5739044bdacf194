/** Pictures that others sent, decoded only where their own first bytes say that they do not fill the memory. */
import { isDecodable, PICTURE_HEAD_BYTES, pictureSize } from '../../domain/files/picture.ts'

/** Pixels of the longer side that a picture within a message is decoded to. */
const SHOWN_SIDE = 960
/** Pixels of the longer side of a small picture that came with a message. */
const MAX_PREVIEW_SIDE = 640

/** A picture to be drawn; too-large: it would take too much memory; broken: it is none, or none of its kind. */
export async function decodePicture(blob: Blob): Promise<ImageBitmap | 'too-large' | 'broken'> {
  const size = pictureSize(new Uint8Array(await blob.slice(0, PICTURE_HEAD_BYTES).arrayBuffer()))
  if (size === null) return 'broken'
  if (!isDecodable(size)) return 'too-large'
  const scale = Math.min(1, SHOWN_SIDE / Math.max(size.width, size.height))
  try {
    // The width as it is stored is the height where the picture is turned: the other side follows from this one.
    return await createImageBitmap(blob, {
      resizeQuality: 'high',
      ...(scale < 1 ? { resizeWidth: Math.max(1, Math.round(size.width * scale)) } : {}),
    })
  } catch {
    return 'broken'
  }
}

/** The small picture of a message, if it is one. */
export function previewBlob(preview: string): Blob | null {
  const bytes = Uint8Array.from(atob(preview.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
    c.charCodeAt(0),
  )
  const size = pictureSize(bytes)
  const isSmall = size !== null && Math.max(size.width, size.height) <= MAX_PREVIEW_SIDE
  if (!isSmall || (size.type !== 'image/jpeg' && size.type !== 'image/webp')) return null
  return new Blob([bytes], { type: size.type })
}
