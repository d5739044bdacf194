/**
 * What of a field is being sent: pieces at its head, in the order of sending. They stay there until they are stored, since
 * an empty field says that it is all stored (D1), and what is refused stays for good.
 */

/** A text that is being sent, as it stands in the field. */
export interface Piece {
  readonly raw: string
}

export class UnderWay {
  /** At the head of the field: pieces that were refused, while others behind them are still under way. */
  #refused = ''
  #pieces: Piece[] = []

  get isEmpty(): boolean {
    return this.#pieces.length === 0
  }

  /** Takes what stands behind the pieces that are under way as one more; null when there is nothing. */
  begin(field: string): Piece | null {
    if (!field.startsWith(this.#head())) this.#forget()
    return this.#add(field.slice(this.#head().length))
  }

  /** Takes `text` as a piece if the field begins with it: a tab that died has left it there. */
  resume(field: string, text: string): Piece {
    const at = field.length - field.trimStart().length
    const isThere = this.isEmpty && field.startsWith(text, at)
    return (isThere ? this.#add(field.slice(0, at + text.length)) : null) ?? { raw: text }
  }

  /** The field when a piece was stored. */
  stored(piece: Piece, field: string): string {
    const before = this.#before(piece)
    if (before === null) return field
    this.#pieces = this.#pieces.filter((other) => other !== piece)
    const whole = before + piece.raw
    const left = field.startsWith(whole) ? before + field.slice(whole.length) : field
    if (left === field) this.#forget()
    else this.#settle()
    return left
  }

  /** The field when a piece was refused: it is still there, or comes back before what was typed since. */
  refused(piece: Piece, field: string): string {
    const before = this.#before(piece)
    if (before !== null && field.startsWith(before + piece.raw)) {
      this.#pieces = this.#pieces.filter((other) => other !== piece)
      this.#refused = before + piece.raw
      this.#settle()
      return field
    }
    if (before !== null) this.#forget()
    const text = piece.raw.trim()
    if (field.includes(text)) return field
    const back = field === '' ? text : `${text}\n`
    if (field.startsWith(this.#head())) this.#refused = back + this.#refused
    this.#settle()
    return back + field
  }

  #add(raw: string): Piece | null {
    if (raw.trim() === '') return null
    const piece = { raw }
    this.#pieces.push(piece)
    return piece
  }

  #head(): string {
    return this.#refused + this.#pieces.map(({ raw }) => raw).join('')
  }

  /** What stands before a piece; null when it is not known to be in the field. */
  #before(piece: Piece): string | null {
    const at = this.#pieces.indexOf(piece)
    if (at === -1) return null
    return (
      this.#refused +
      this.#pieces
        .slice(0, at)
        .map(({ raw }) => raw)
        .join('')
    )
  }

  /** The user has written something else: whatever is under way is not in the field any more. */
  #forget(): void {
    this.#pieces = []
    this.#refused = ''
  }

  #settle(): void {
    if (this.isEmpty) this.#refused = ''
  }
}
