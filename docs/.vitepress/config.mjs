import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const commands = readdirSync(fileURLToPath(new URL('../commands/', import.meta.url)))
  .map(file => file.replace(/\.md$/, ''))
  .filter(name => name !== 'index')

export default defineConfig({
  title: 'cpnas',
  description: 'Searches, trains and ships 1-bit convolutional networks, in TypeScript',
  base: process.env.DOCS_BASE ?? '/',
  cleanUrls: false,
  markdown: { math: true },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/' },
      { text: 'Commands', link: '/commands/' },
      { text: 'Reference', link: '/reference/index.html', target: '_self' },
    ],
    sidebar: [
      {
        text: 'Guide',
        items: [
          { text: 'The first minute', link: '/' },
          { text: 'Your own pictures', link: '/pictures' },
          { text: 'Search and train', link: '/search-and-train' },
          { text: 'The method', link: '/method' },
          { text: 'Results', link: '/results' },
          { text: 'The table', link: '/table' },
          { text: 'Runs, and other machines', link: '/runs' },
          { text: 'Many machines', link: '/many-machines' },
          { text: 'How far it scales', link: '/scaling' },
          { text: 'Files', link: '/files' },
          { text: 'Questions', link: '/questions' },
          { text: 'Speed', link: '/speed' },
        ],
      },
      {
        text: 'Commands',
        items: [
          { text: 'All', link: '/commands/' },
          ...commands.map(name => ({ text: name, link: `/commands/${name}` })),
        ],
      },
      { text: 'Reference', items: [{ text: 'Every package', link: '/reference/index.html', target: '_self' }] },
    ],
  },
})
