import { posix } from 'node:path'

/** Where pages and sources are that the site does not have. */
const REPOSITORY = 'https://github.com/gitesc/esc/blob/main'

/** Path of a page on the site: an index is what the folder itself shows. */
export function pathOnSite(path: string): string {
  return path.replace(/(^|\/)README\.md$/, '$1index.md')
}

/**
 * Returns a page as the site needs it: links to an index lead to it, and those that leave `docs`
 * lead to the repository. A link that is called by the name of a file gets the title of its page.
 * Comments are left out. Code is as it was.
 */
export function pageForSite(path: string, text: string, titleOf: (path: string) => string): string {
  const folder = posix.dirname(path)
  let fence: string | undefined
  const lines = text.split('\n').flatMap((line) => {
    const [mark] = /^\s*`{3,}/.exec(line) ?? []
    if (mark !== undefined && (fence === undefined || mark.trim() === fence))
      fence = fence === undefined ? mark.trim() : undefined
    if (fence !== undefined || mark !== undefined) return [line]
    const link = (_: string, name: string, to: string) =>
      `[${isFileName(name, to) ? titleOf(posix.join(folder, to.split('#')[0] ?? '')) : name}](${linkOnSite(folder, to)})`
    return [line.replace(/\[([^\]]*)\]\(([^)\s]+)\)/g, link)]
  })
  return withoutComments(lines.join('\n'))
}

const isFileName = (name: string, to: string) => name.endsWith('.md') && to.split('#')[0]?.endsWith(name) === true

function withoutComments(text: string): string {
  return text.replace(/^<!--[\s\S]*?-->\n+/gm, '')
}

function linkOnSite(folder: string, to: string): string {
  if (/^[a-z]+:|^#/.test(to)) return to
  const [path = '', anchor] = to.split('#')
  const target = posix.join(folder, path)
  const hash = anchor === undefined ? '' : `#${anchor}`
  if (target.startsWith('..')) return `${REPOSITORY}/${posix.relative('..', target)}${hash}`
  if (!target.endsWith('.md')) return target.includes('.') ? to : `${to.replace(/\/?$/, '/')}`
  return `${pathOnSite(path)}${hash}`
}
