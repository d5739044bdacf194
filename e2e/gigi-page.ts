/** The app as a person sees it: by roles, names and the attributes that the interface promises. */
import {
  type ConsoleMessage,
  expect as expectSoon,
  type Locator,
  type Page,
  type Worker,
} from '@playwright/test'

/** Also where no configuration of the tests says how long to wait, milliseconds. */
const expect = expectSoon.configure({ timeout: 15_000 })

export type Status = 'pending' | 'synced' | 'delivered' | 'acknowledged' | 'expired'

/** Begins what a page says on its console of each text that it has sent: it arrives even if the page dies then. */
const SENT = 'sent: '

export class GigiPage {
  readonly page: Page
  readonly #url: string
  /** Settles when nobody types: one field takes one writer at a time. */
  #typing: Promise<void> = Promise.resolve()

  constructor(page: Page, url: string) {
    this.page = page
    this.#url = url
  }

  async open(path = '/'): Promise<void> {
    await this.page.goto(this.#url + path)
  }

  /** First start, up to the main screen. */
  async begin(nickname: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Nickname' }).fill(nickname)
    await this.page.getByRole('button', { name: 'Start', exact: true }).click()
    await expect(this.conversations).toBeVisible()
  }

  async online(): Promise<void> {
    await expect(this.network).toHaveAttribute('data-state', 'online')
  }

  get network(): Locator {
    return this.page.getByTestId('network')
  }

  get conversations(): Locator {
    return this.page.getByRole('navigation', { name: 'Conversations' })
  }

  conversationLink(name: string): Locator {
    return this.conversations.getByRole('link', { name: new RegExp(`^${name}`) })
  }

  /** Our own invite link, read from the dialog. */
  async inviteLink(): Promise<string> {
    await this.page.getByRole('button', { name: 'New chat' }).click()
    const box = this.page.getByRole('textbox', { name: 'Your invite link' })
    await expect(box).toHaveValue(/#invite=/)
    const link = await box.inputValue()
    await this.page.keyboard.press('Escape')
    await expect(box).toBeHidden()
    return link
  }

  /** Adds someone by the link in the dialog; their conversation opens. */
  async add(link: string): Promise<void> {
    await this.page.getByRole('button', { name: 'New chat' }).click()
    await this.page.getByRole('textbox', { name: 'Invite link', exact: true }).fill(link)
    await this.page.getByRole('button', { name: 'Add', exact: true }).click()
    await expect(this.composer).toBeVisible()
  }

  async openConversation(name: string): Promise<void> {
    await this.conversationLink(name).click()
    await expect(this.page.getByRole('heading', { name })).toBeVisible()
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: 'Message', exact: true })
  }

  get log(): Locator {
    return this.page.getByRole('log', { name: 'Messages' })
  }

  async send(text: string): Promise<void> {
    await this.composer.fill(text)
    await this.page.getByRole('button', { name: 'Send', exact: true }).click()
    await expect(this.composer).toHaveValue('')
  }

  /**
   * Sends texts as fast as the app takes them, without leaving the page: each when the composer is empty again, which
   * says that the one before is stored. `onSent` is told then.
   */
  sendMany(texts: readonly string[], onSent: (text: string) => void = () => undefined): Promise<void> {
    const sending = this.#typing.then(() => this.#typeAll(texts, onSent))
    this.#typing = sending.catch(() => undefined)
    return sending
  }

  async #typeAll(texts: readonly string[], onSent: (text: string) => void): Promise<void> {
    const hear = (message: ConsoleMessage): void => {
      if (message.text().startsWith(SENT)) onSent(message.text().slice(SENT.length))
    }
    this.page.on('console', hear)
    await this.page.evaluate(
      async ([texts, sent]) => {
        const box = document.querySelector('textarea')
        if (box === null) throw new Error('no conversation is open')
        for (const text of texts) {
          box.value = text
          box.dispatchEvent(new InputEvent('input', { bubbles: true }))
          box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
          while (box.value !== '') await new Promise((resolve) => requestAnimationFrame(resolve))
          console.debug(sent + text)
        }
      },
      [texts, SENT] as const,
    )
    this.page.off('console', hear)
  }

  message(text: string): Locator {
    return this.log
      .locator('[data-message-id]')
      .filter({ has: this.page.getByTestId('text').getByText(text, { exact: true }) })
  }

  get messages(): Locator {
    return this.log.locator('[data-message-id]')
  }

  get searchbox(): Locator {
    return this.page.getByRole('searchbox', { name: 'Search messages' })
  }

  get results(): Locator {
    return this.page.getByRole('list', { name: 'Search results' }).getByRole('link')
  }

  /** The texts in the log, oldest first. */
  texts(): Promise<string[]> {
    return this.log.getByTestId('text').allTextContents()
  }

  async hasStatus(text: string, status: Status): Promise<void> {
    await expect(this.message(text)).toHaveAttribute('data-status', status)
  }

  async path(path: 'direct' | 'relayed' | 'none', timeout?: number): Promise<void> {
    await expect(this.page.locator('[data-path]')).toHaveAttribute(
      'data-path',
      path,
      timeout === undefined ? {} : { timeout },
    )
  }

  async settings(): Promise<void> {
    const { page } = this
    await page
      .getByRole('button', { name: 'Settings' })
      .or(page.getByRole('link', { name: 'Settings' }))
      .click()
  }

  /** Sets a number in the settings, by the name that it has there. */
  async configure(name: string, value: number): Promise<void> {
    await this.settings()
    await this.page.getByRole('spinbutton', { name }).fill(String(value))
    await this.page.getByRole('button', { name: 'Save' }).click()
    await expect(this.page.getByText('Saved', { exact: true })).toBeVisible()
    await this.page.keyboard.press('Escape')
  }

  /** The 12 words in the settings, which are closed again. */
  async recoveryPhrase(): Promise<string> {
    await this.settings()
    await this.page.getByRole('button', { name: 'Show recovery phrase' }).click()
    const words = (await this.page.getByTestId('recovery-phrase').innerText()).trim()
    await this.page.keyboard.press('Escape')
    return words
  }

  /** First start with a recovery phrase, up to the main screen. */
  async restore(phrase: string): Promise<void> {
    await this.page.getByRole('button', { name: 'I have a recovery phrase' }).click()
    await this.page.getByRole('textbox', { name: 'Recovery phrase' }).fill(phrase)
    await this.page.getByRole('button', { name: 'Restore' }).click()
    await expect(this.conversations).toBeVisible()
  }

  /** Makes a group in the dialog, which opens its conversation. */
  async createGroup(name: string, members: readonly string[]): Promise<void> {
    await this.page.getByRole('button', { name: 'New group' }).click()
    const dialog = this.page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Group name' }).fill(name)
    for (const member of members) await dialog.getByRole('checkbox', { name: member }).check()
    await dialog.getByRole('button', { name: 'Create' }).click()
    await expect(this.page.getByRole('heading', { name })).toBeVisible()
  }

  /** The invitation to a group in the conversation that is open. */
  invitation(group: string): Locator {
    return this.messages.filter({ hasText: `to the group ${group}` })
  }

  /** Takes up an invitation, and opens the group. */
  async joinGroup(inviter: string, group: string): Promise<void> {
    await this.openConversation(inviter)
    await this.invitation(group).getByRole('button', { name: 'Join' }).click()
    await this.openConversation(group)
    await expect(this.composer).toBeVisible()
  }

  /** Who is in the open group, or was, by the quiet lines of its conversation. */
  get membershipLines(): Locator {
    return this.log.getByTestId('membership')
  }

  /** Opens the details of the open conversation. */
  async details(): Promise<Locator> {
    await this.page.getByRole('button', { name: 'Group details' }).click()
    return this.page.getByRole('dialog', { name: 'Group details' })
  }

  /** The app in another tab of the same profile. */
  async inNewTab(): Promise<GigiPage> {
    const tab = new GigiPage(await this.page.context().newPage(), this.#url)
    await tab.open()
    return tab
  }

  /** The workers that keep the times: none or one, but while one takes the place of another. */
  upkeepWorkers(): Worker[] {
    return this.page.workers().filter(isUpkeep)
  }

  /** Resolves when such a worker starts. */
  async upkeepWorkerStarts(timeout: number): Promise<void> {
    await this.page.waitForEvent('worker', { predicate: isUpkeep, timeout })
  }

  /** Waits until the app would open without a relay. */
  async serviceWorkerReady(): Promise<void> {
    await this.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready
      const worker = registration.active
      if (worker === null) throw new Error('no active service worker')
      while (worker.state !== 'activated')
        await new Promise((resolve) => worker.addEventListener('statechange', resolve, { once: true }))
    })
  }

  async presence(presence: 'online' | 'offline', timeout?: number): Promise<void> {
    await expect(this.page.locator('[data-presence]').first()).toHaveAttribute(
      'data-presence',
      presence,
      timeout === undefined ? {} : { timeout },
    )
  }
}

const isUpkeep = (worker: Worker): boolean => worker.url().includes('/upkeep.worker')

/** Makes two people contacts by Bob's link; both have the conversation open, and a session. */
export async function introduce(alice: GigiPage, bob: GigiPage): Promise<void> {
  await Promise.all([alice.begin('Alice'), bob.begin('Bob')])
  await Promise.all([alice.online(), bob.online()])
  await alice.add(await bob.inviteLink())
  await bob.openConversation('Alice')
  await Promise.all([alice.presence('online'), bob.presence('online')])
}
