import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [svelte()],
  test: {
    include: ['src/**/*.test.ts', 'relay/**/*.test.ts', 'scripts/**/*.test.ts'],
    // Two cores: more workers only wait for each other.
    maxWorkers: 2,
    // For what hangs; nothing is timed.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
