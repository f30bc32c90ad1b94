import { readFileSync } from 'node:fs'

const sidebar = JSON.parse(readFileSync(new URL('sidebar.json', import.meta.url), 'utf8'))

/** Mermaid draws these in the browser; other code is shown as it is. */
function drawDiagrams(markdown) {
  const { fence } = markdown.renderer.rules
  markdown.renderer.rules.fence = (tokens, index, ...others) => {
    const { info, content } = tokens[index]
    if (info.trim() !== 'mermaid') return fence(tokens, index, ...others)
    return `<pre class="mermaid" v-pre>${markdown.utils.escapeHtml(content)}</pre>`
  }
}

export default {
  title: 'esc',
  description: 'Configuration, secrets and rotated credentials in a folder that you commit to git.',
  cleanUrls: false,
  lastUpdated: false,
  // Pages hold words in angle brackets.
  markdown: { html: false, config: drawDiagrams },
  themeConfig: {
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
    nav: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'Concepts', link: '/concepts' },
      { text: 'Commands', link: '/commands' },
    ],
  },
}
