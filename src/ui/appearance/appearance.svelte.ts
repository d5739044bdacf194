/** How the page looks and what it speaks, as its user has chosen it: the same in all tabs, from the first paint on. */
import { LANGUAGE_CHOICES, type LanguageChoice, languageOf } from '../../domain/language.ts'
import { speak } from '../texts/texts.svelte.ts'
import { Choice } from './choice.svelte.ts'
import { paint, type Theme, THEME_KEY, THEMES } from './theme.ts'

export class Appearance {
  readonly #language: Choice<LanguageChoice>
  readonly #theme: Choice<Theme>

  constructor(storage: Storage) {
    this.#language = new Choice(storage, 'gigi.language', LANGUAGE_CHOICES)
    this.#theme = new Choice(storage, THEME_KEY, THEMES)
  }

  get language(): LanguageChoice {
    return this.#language.current
  }

  get theme(): Theme {
    return this.#theme.current
  }

  /**
   * Follows what is chosen here and elsewhere, as long as the page lives. Resolves when there are words to show: in
   * English where those of the language cannot be loaded.
   */
  async begin(window: Window): Promise<void> {
    paint(this.theme, document)
    window.addEventListener('storage', () => {
      this.#theme.readAgain()
      paint(this.theme, document)
      const before = this.language
      this.#language.readAgain()
      if (this.language !== before) this.#speak().catch(reportError)
    })
    // Whoever has chosen nothing is spoken to as the browser is set.
    window.addEventListener('languagechange', () => {
      this.#speak().catch(reportError)
    })
    await this.#speak().catch(reportError)
  }

  /** Holds at once, in all tabs. Rejects, and nothing has changed, when the words cannot be loaded. */
  async chooseLanguage(choice: LanguageChoice): Promise<void> {
    await speak(languageOf(choice, navigator.languages))
    this.#language.choose(choice)
  }

  /** Holds at once, in all tabs. */
  chooseTheme(theme: Theme): void {
    paint(theme, document)
    this.#theme.choose(theme)
  }

  #speak(): Promise<void> {
    return speak(languageOf(this.language, navigator.languages))
  }
}
