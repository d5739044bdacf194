/** What a signature is over (SPEC 2.3): a domain that names the purpose, then the bytes, so that none serves for another. */

const utf8 = new TextEncoder()

export function signedBytes(domain: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const prefix = utf8.encode(domain)
  const message = new Uint8Array(prefix.length + body.length)
  message.set(prefix)
  message.set(body, prefix.length)
  return message
}
