import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'

const server = `http://localhost:${process.env.PORT ?? 8787}`
export default defineConfig({
  base: '/console/',
  resolve: { conditions: ['@tidemark/source', ...defaultClientConditions] },
  server: { proxy: { '/v1': { target: server, ws: true } } },
  // Into the package that serves it. Its policy allows nothing inline.
  build: { outDir: '../server/console', emptyOutDir: true, target: 'es2022', reportCompressedSize: false, assetsInlineLimit: 0 },
  plugins: [react()],
})
