/** Reading from the file room without a worker: a file as it is on the disk. */
import { FOLDER } from '../../worker/files/messages.ts'

/** Null where it is not there. */
export async function openBlob(name: string): Promise<File | null> {
  try {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER)
    return await (await folder.getFileHandle(name)).getFile()
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return null
    throw error
  }
}
