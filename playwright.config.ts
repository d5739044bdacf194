import { defineConfig } from '@playwright/test'
import { findChromium } from './scripts/chromium.mjs'
import { CHROMIUM_ARGS } from './e2e/chromium.ts'

const executablePath = findChromium()

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // A flaky test is a bug: it is found, not tried again.
  retries: 0,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
  use: {
    // What never comes is told soon, and not when a long test's time is over.
    actionTimeout: 30_000,
    // Recording doubles the time of a test; with it on, a failure can be looked at step by step.
    trace: process.env['TRACE'] === undefined ? 'off' : 'retain-on-failure',
    launchOptions: { args: CHROMIUM_ARGS, ...(executablePath === undefined ? {} : { executablePath }) },
  },
})
