/** A group of the sidebar, in the form that VitePress takes. */
export interface SidebarGroup {
  readonly text: string
  readonly collapsed: boolean
  readonly items: readonly { readonly text: string; readonly link: string }[]
}

/**
 * Makes the sidebar of the index: a group per heading, an item per page that its table links. A
 * page stands where it is linked first.
 */
export function sidebarOf(index: string, titleOf: (path: string) => string): SidebarGroup[] {
  const seen = new Set<string>()
  const [first = '', ...sections] = index.split(/^## /m)
  const group = (text: string, body: string): SidebarGroup => {
    const items = [...body.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].flatMap(([, to = '']) => {
      const path = to.endsWith('.md') ? to : `${to.replace(/\/$/, '')}/README.md`
      if (path.startsWith('..') || /^[a-z]+:/.test(to) || seen.has(path)) return []
      seen.add(path)
      return [{ text: titleOf(path), link: `/${path.replace(/README\.md$/, '').replace(/\.md$/, '')}` }]
    })
    return { text, collapsed: false, items }
  }
  return [
    group('Start', first),
    ...sections.map((section) => {
      const [heading = ''] = section.split('\n')
      return group(heading, section)
    }),
  ]
}
