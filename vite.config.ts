import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'
import { precompress } from './scripts/precompress.ts'
import { withoutSqliteWorkers } from './scripts/without-sqlite-workers.ts'

export default defineConfig({
  build: { target: 'es2023', sourcemap: true, chunkSizeWarningLimit: 800 },
  // Workers load what they need when they need it, as the rest does.
  worker: { format: 'es', plugins: () => [withoutSqliteWorkers()] },
  plugins: [
    svelte(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src',
      filename: 'sw.ts',
      // The app says when a new version takes over (app/updates.ts).
      registerType: 'prompt',
      injectRegister: false,
      // A classic script: what it is made of speaks of modules otherwise, which service workers are not everywhere.
      injectManifest: { globPatterns: ['**/*.{js,css,html,svg,png,woff2,wasm}'], rollupFormat: 'iife' },
      manifest: {
        id: '/',
        name: 'Gigi',
        short_name: 'Gigi',
        description: 'A private messenger that is a web page. No account, no server that reads along.',
        start_url: '/',
        scope: '/',
        display: 'standalone',
        theme_color: '#fdfcfa',
        background_color: '#fdfcfa',
        categories: ['social', 'communication'],
        icons: [
          { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: 'icon-512.png', sizes: '512x512', type: 'image/png' },
          { src: 'icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
          { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' },
        ],
      },
    }),
    precompress(),
  ],
})
