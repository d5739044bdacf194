/** The app in Firefox, which Playwright cannot drive: the same roles and names as in `gigi-page.ts`, over WebDriver BiDi. */
import { existsSync } from 'node:fs'
import { type Browser, launch, type Page } from 'puppeteer-core'
import { expect } from '@playwright/test'
import type { Status } from './gigi-page.ts'

const PLACES = [
  '/usr/bin/firefox-esr',
  '/usr/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
]

/** The Firefox of this machine, or what FIREFOX_PATH names. */
export const firefoxPath = process.env['FIREFOX_PATH'] ?? PLACES.find((place) => existsSync(place))

/** Starts Firefox with a profile on disk. WebRTC between two on one machine needs what is hidden from pages otherwise. */
export const launchFirefox = (executablePath: string, profile: string): Promise<Browser> =>
  launch({
    browser: 'firefox',
    executablePath,
    userDataDir: profile,
    headless: true,
    extraPrefsFirefox: {
      'media.peerconnection.ice.loopback': true,
      'media.peerconnection.ice.obfuscate_host_addresses': false,
    },
  })

export class FirefoxPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  static async open(browser: Browser, url: string): Promise<FirefoxPage> {
    const page = await browser.newPage()
    await page.setViewport({ width: 1280, height: 800 })
    await page.goto(url)
    return new FirefoxPage(page)
  }

  #named(role: string, name: string) {
    return this.page.locator(`::-p-aria([name="${name}"][role="${role}"])`)
  }

  async begin(nickname: string): Promise<void> {
    await this.#named('textbox', 'Nickname').fill(nickname)
    await this.#named('button', 'Start').click()
    await this.online()
  }

  async online(): Promise<void> {
    await this.page.waitForSelector('[data-testid="network"][data-state="online"]')
  }

  async inviteLink(): Promise<string> {
    await this.#named('button', 'New chat').click()
    const box = '[aria-label="Your invite link"], input[readonly]'
    const read = () => this.page.$eval(box, (field) => (field as HTMLInputElement).value).catch(() => '')
    await expect.poll(read).toContain('#invite=')
    const link = await read()
    await this.page.keyboard.press('Escape')
    return link
  }

  async add(link: string): Promise<void> {
    await this.#named('button', 'New chat').click()
    await this.#named('textbox', 'Invite link').fill(link)
    await this.#named('button', 'Add').click()
    await this.page.waitForSelector('textarea')
  }

  async openConversation(name: string): Promise<void> {
    await this.page.locator(`nav a[data-conversation-id]::-p-text(${name})`).click()
    await this.page.waitForSelector('textarea')
  }

  /** Sends one text; resolves when the field is empty again, which says that it is stored. */
  async send(text: string): Promise<void> {
    await this.page.locator('textarea').fill(text)
    await this.page.keyboard.press('Enter')
    await this.page.waitForFunction(() => document.querySelector('textarea')?.value === '')
  }

  /** As `send`, also in a tab that nobody sees: such a tab paints nothing, for which the driver would wait. */
  async sendUnseen(text: string): Promise<void> {
    await this.page.$eval(
      'textarea',
      (box, text) => {
        box.value = text
        box.dispatchEvent(new InputEvent('input', { bubbles: true }))
        box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
      },
      text,
    )
    await expect.poll(() => this.page.$eval('textarea', (box) => box.value)).toBe('')
  }

  async texts(): Promise<string[]> {
    return this.page.$$eval('[role="log"] [data-testid="text"]', (found) =>
      found.map((element) => element.textContent),
    )
  }

  async hasStatus(text: string, status: Status): Promise<void> {
    const read = () =>
      this.page.$$eval(
        '[role="log"] [data-message-id]',
        (found, text) =>
          found
            .find((element) => element.querySelector('[data-testid="text"]')?.textContent === text)
            ?.getAttribute('data-status'),
        text,
      )
    await expect.poll(read, { timeout: 30_000 }).toBe(status)
  }
}
