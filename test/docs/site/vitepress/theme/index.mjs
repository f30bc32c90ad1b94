import { useData, useRoute } from 'vitepress'
import DefaultTheme from 'vitepress/theme'
import { nextTick, onMounted, watch } from 'vue'

/** Draws the diagrams of the page. Mermaid is loaded where there is one. */
async function draw(isDark) {
  await nextTick()
  const nodes = [...document.querySelectorAll('pre.mermaid')]
  if (nodes.length === 0) return
  const { default: mermaid } = await import('mermaid')
  for (const node of nodes) {
    node.dataset.text ??= node.textContent
    node.textContent = node.dataset.text
    delete node.dataset.processed
  }
  mermaid.initialize({ startOnLoad: false, theme: isDark ? 'dark' : 'neutral' })
  await mermaid.run({ nodes })
}

export default {
  extends: DefaultTheme,
  setup() {
    const { isDark } = useData()
    const route = useRoute()
    onMounted(() => draw(isDark.value))
    watch([() => route.path, isDark], () => draw(isDark.value), { flush: 'post' })
  },
}
