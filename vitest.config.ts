import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

const TESTS = ['src/**/*.test.ts', 'relay/**/*.test.ts']
/** What opens sockets and starts processes. */
const INTEGRATION = ['**/*.integration.test.ts']
/** The same, but needs the whole machine: hundreds of clients in one process. */
const ALONE = ['**/*.alone.test.ts']
/** What simulates for minutes. */
const SIMULATION = ['**/*.simulation.test.ts']

export default defineConfig({
  plugins: [svelte()],
  test: {
    // Two cores: more workers only wait for each other.
    maxWorkers: 2,
    setupFiles: ['src/testing/fuzz-seed.ts'],
    // For what hangs; nothing is timed.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: TESTS, exclude: [...INTEGRATION, ...ALONE, ...SIMULATION] },
      },
      { extends: true, test: { name: 'integration', include: INTEGRATION, exclude: ['node_modules/**'] } },
      { extends: true, test: { name: 'alone', include: ALONE, exclude: ['node_modules/**'] } },
      {
        extends: true,
        test: {
          name: 'simulation',
          include: SIMULATION,
          exclude: ['node_modules/**'],
          testTimeout: 600_000,
        },
      },
    ],
  },
})
