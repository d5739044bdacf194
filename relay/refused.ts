/** What a client may not do at this relay. Its message is the reason that is logged before it is cut off. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
}
