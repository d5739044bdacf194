/** The service worker of a profile, fired by the browser's own tools. */
import type { CDPSession, Page } from '@playwright/test'

/** A page of the same origin with none of the app in it, and the app's service worker. */
export class Background {
  readonly page: Page
  readonly #devtools: CDPSession
  readonly #registrationId: string
  readonly #origin: string
  /**
   * What is shown, by its tag, as the browser logs it. To ask for it with `getNotifications` would take away what is just being
   * shown: Chromium holds it for closed, since it is stored already and not displayed yet.
   */
  readonly #shown = new Map<string, string>()
  /** How often anything was shown. */
  displayed = 0

  private constructor(page: Page, devtools: CDPSession, registrationId: string) {
    this.page = page
    this.#devtools = devtools
    this.#registrationId = registrationId
    this.#origin = new URL(page.url()).origin
    devtools.on('BackgroundService.backgroundServiceEventReceived', ({ backgroundServiceEvent: event }) => {
      const { eventName, instanceId, eventMetadata } = event
      const [title, body] = ['Title', 'Body'].map(
        (name) => eventMetadata.find(({ key }) => key === name)?.value ?? '',
      )
      if (eventName === 'Notification displayed') {
        this.#shown.set(instanceId, `${title}: ${body}`)
        this.displayed++
      }
      if (eventName === 'Notification closed') this.#shown.delete(instanceId)
    })
  }

  static async at(page: Page, url: string): Promise<Background> {
    await page.goto(`${url}/healthz`)
    const devtools = await page.context().newCDPSession(page)
    const registered = new Promise<string>((resolve) => {
      devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        const [found] = registrations
        if (found !== undefined) resolve(found.registrationId)
      })
    })
    await devtools.send('ServiceWorker.enable')
    await devtools.send('BackgroundService.startObserving', { service: 'notifications' })
    await devtools.send('BackgroundService.setRecording', { shouldRecord: true, service: 'notifications' })
    return new Background(page, devtools, await registered)
  }

  async sync(): Promise<void> {
    await this.#devtools.send('ServiceWorker.dispatchSyncEvent', {
      origin: this.#origin,
      registrationId: this.#registrationId,
      tag: 'gigi-errand',
      lastChance: false,
    })
  }

  async periodicSync(): Promise<void> {
    await this.#devtools.send('ServiceWorker.dispatchPeriodicSyncEvent', {
      origin: this.#origin,
      registrationId: this.#registrationId,
      tag: 'gigi-errand',
    })
  }

  /** A push without content, as it comes from a push service. */
  async push(): Promise<void> {
    await this.#devtools.send('ServiceWorker.deliverPushMessage', {
      origin: this.#origin,
      registrationId: this.#registrationId,
      data: '',
    })
  }

  /** Titles and texts of what is shown. */
  get notifications(): readonly string[] {
    return [...this.#shown.values()]
  }
}
