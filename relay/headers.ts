/** The security headers of every response, and why each is as strict as it is. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { isForwardedHttps } from './addresses.ts'

/** Everything is refused but what the app needs; it loads nothing from elsewhere. */
export const CONTENT_SECURITY_POLICY: readonly string[] = [
  "default-src 'none'",
  // The message index is SQLite, which is WebAssembly: it may be compiled, and still nothing may be evaluated.
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  // Pictures and voice that peers sent are shown from memory.
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  // Contacts may be at other relays: any that speaks TLS, and those on this machine.
  "connect-src 'self' wss: ws://localhost:* ws://127.0.0.1:*",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]

// The camera reads invite codes.
const PERMISSIONS_POLICY: readonly string[] = [
  'camera=(self)',
  ...['accelerometer', 'display-capture', 'geolocation', 'gyroscope', 'hid', 'magnetometer'],
  ...['microphone', 'midi', 'payment', 'serial', 'usb'],
].map((feature) => (feature.includes('=') ? feature : `${feature}=()`))

const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['Content-Security-Policy', CONTENT_SECURITY_POLICY.join('; ')],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['Permissions-Policy', PERMISSIONS_POLICY.join(', ')],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
]
// Two years, as browsers ask of sites they know by heart.
const STRICT_TRANSPORT_SECURITY = 'max-age=63072000'

export function setSecurityHeaders(response: ServerResponse, request: IncomingHttpHeaders): void {
  for (const [name, value] of HEADERS) response.setHeader(name, value)
  // Over plain HTTP it would lock people out of a relay on their own machine.
  if (isForwardedHttps(request)) response.setHeader('Strict-Transport-Security', STRICT_TRANSPORT_SECURITY)
}
