import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { askForErrand, askForErrandAt, askForPeriodicErrands } from './background.ts'

const sync = { register: vi.fn<(tag: string) => Promise<void>>(() => Promise.resolve()) }
const periodicSync = {
  register: vi.fn<(tag: string, options: object) => Promise<void>>(() => Promise.resolve()),
}
let state: PermissionState

beforeEach(() => {
  state = 'granted'
  browser({ sync, periodicSync })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.clearAllMocks()
})

function browser(managers: object): void {
  vi.stubGlobal('navigator', {
    serviceWorker: { ready: Promise.resolve(managers) },
    permissions: {
      query: ({ name }: { name: string }) =>
        name === 'periodic-background-sync'
          ? Promise.resolve({ state })
          : Promise.reject(new TypeError(name)),
    },
  })
}

test('an errand is asked for under the tag that the service worker answers to', async () => {
  askForErrand()
  await vi.waitFor(() => {
    expect(sync.register.mock.calls).toEqual([['gigi-errand']])
  })
})

test('a browser that knows no errands, or grants none, is none the worse', async () => {
  await askForErrandAt(null)
  await askForErrandAt({} as ServiceWorkerRegistration)
  sync.register.mockRejectedValueOnce(new DOMException('not allowed', 'NotAllowedError'))
  await askForErrandAt({ sync } as unknown as ServiceWorkerRegistration)
  expect(sync.register).toHaveBeenCalledTimes(1)
  vi.stubGlobal('navigator', {})
  askForErrand()
  await askForPeriodicErrands()
  browser({})
  await askForPeriodicErrands()
  expect(periodicSync.register).not.toHaveBeenCalled()
})

test('errands are asked for twice a day, where the browser grants it', async () => {
  await askForPeriodicErrands()
  expect(periodicSync.register.mock.calls).toEqual([['gigi-errand', { minInterval: 12 * 3_600_000 }]])
  state = 'denied'
  await askForPeriodicErrands()
  expect(periodicSync.register).toHaveBeenCalledTimes(1)
})
