/** The Chromium to test with: $CHROMIUM_PATH, or one that the system has. Undefined means Playwright's own. */
export function findChromium(): string | undefined
/** Makes sure that a Chromium is there and starts. Gives its path, or undefined for Playwright's own. */
export function ensureChromium(): Promise<string | undefined>
