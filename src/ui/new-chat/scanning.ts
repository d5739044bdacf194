/** Reads a QR code with the camera. */
import decodeQR from 'qr/decode.js'

/** Edge in pixels to which a picture is brought down: enough for the densest code that fills half of it. */
const MAX_EDGE = 720

/**
 * Shows the camera in `video` until a code is before it, and resolves with what that says; the camera is off then. Rejects
 * with what the browser says when there is no camera or none is allowed, and when `off` is aborted.
 */
export async function readCode(video: HTMLVideoElement, off: AbortSignal): Promise<string> {
  const camera = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: 'environment', width: { ideal: 1280 } },
    audio: false,
  })
  try {
    off.throwIfAborted()
    video.srcObject = camera
    await video.play()
    const canvas = document.createElement('canvas')
    for (;;) {
      await nextFrame(video, off)
      const text = codeIn(video, canvas)
      if (text !== null) return text
    }
  } finally {
    for (const track of camera.getTracks()) track.stop()
    video.srcObject = null
  }
}

function nextFrame(video: HTMLVideoElement, off: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      video.cancelVideoFrameCallback(request)
      reject(off.reason as Error)
    }
    const request = video.requestVideoFrameCallback(() => {
      off.removeEventListener('abort', end)
      resolve()
    })
    off.addEventListener('abort', end, { once: true })
  })
}

/** Null where there is none. */
function codeIn(video: HTMLVideoElement, canvas: HTMLCanvasElement): string | null {
  const scale = Math.min(1, MAX_EDGE / Math.max(video.videoWidth, video.videoHeight))
  const [width, height] = [Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)]
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) return null
  context.drawImage(video, 0, 0, width, height)
  try {
    return decodeQR(context.getImageData(0, 0, width, height))
  } catch {
    // It says so by throwing when there is no code in a picture.
    return null
  }
}
