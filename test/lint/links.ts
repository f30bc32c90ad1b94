import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The page that links every other page below `docs`. */
const INDEX = 'docs/README.md'

/** Every page of the project: those of the top folder, of `docs`, and of what else is explained. */
function pages(): readonly string[] {
  const below = (folder: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
      .map((path) => join(folder, path))
  const top = readdirSync(root).filter((path) => path.endsWith('.md'))
  return [
    ...top,
    ...['docs', 'examples', 'editors', 'integrations'].filter((each) => existsSync(join(root, each))).flatMap(below),
  ]
}

/**
 * Links between pages that lead nowhere: to no file, or to no heading of it; and pages of `docs`
 * that cannot be reached from the index.
 */
export function linkProblems(): string[] {
  const problems: string[] = []
  const linked = new Map<string, Set<string>>()
  for (const page of pages()) {
    const targets = new Set<string>()
    linked.set(page, targets)
    for (const { line, to } of linksOf(readFileSync(join(root, page), 'utf8'))) {
      const [path = '', anchor] = to.split('#')
      const file = path === '' ? page : relative(root, join(root, dirname(page), decodeURI(path)))
      if (!existsSync(join(root, file))) problems.push(`${page}:${line}: no file ${file}`)
      else if (anchor !== undefined && anchor !== '' && !anchorsOf(file).has(anchor))
        problems.push(`${page}:${line}: no heading #${anchor} in ${file}`)
      else targets.add(statSync(join(root, file)).isDirectory() ? join(file, 'README.md') : file)
    }
  }
  const reached = new Set<string>()
  const visit = (page: string) => {
    if (reached.has(page)) return
    reached.add(page)
    for (const target of linked.get(page) ?? []) visit(target)
  }
  visit(INDEX)
  const direct = linked.get(INDEX) ?? new Set()
  for (const page of linked.keys()) {
    if (!page.startsWith('docs/') || page === INDEX) continue
    // A folder with an index of its own is linked by that.
    const own = join(dirname(page), 'README.md')
    const isListed = direct.has(page) || (own !== INDEX && linked.get(own)?.has(page))
    if (!isListed || !reached.has(page)) problems.push(`${page}: not linked from ${INDEX}`)
  }
  return problems
}

interface Link {
  readonly line: number
  readonly to: string
}

/** Links to other pages, outside of code. */
export function linksOf(text: string): Link[] {
  let fence: string | undefined
  return text.split('\n').flatMap((content, index) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(content)?.[1]
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined
      return []
    }
    if (fence !== undefined) return []
    const plain = content.replace(/`[^`]*`/g, '')
    return [...plain.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, to]) => to as string)
      .filter((to) => !/^[a-z]+:/.test(to))
      .map((to) => ({ line: index + 1, to }))
  })
}

const anchors = new Map<string, ReadonlySet<string>>()

/** The anchors that repository hosts give to the headings of a page. */
function anchorsOf(file: string): ReadonlySet<string> {
  const known = anchors.get(file)
  if (known !== undefined) return known
  const found = anchorsIn(readFileSync(join(root, file), 'utf8'))
  anchors.set(file, found)
  return found
}

/** Returns the anchors of a text. A heading that comes again gets a number. */
export function anchorsIn(text: string): ReadonlySet<string> {
  const found = new Set<string>()
  const counts = new Map<string, number>()
  let isCode = false
  for (const line of text.split('\n')) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode
    const [, id] = /<a (?:id|name)="([^"]+)"/.exec(line) ?? []
    if (id !== undefined) found.add(id)
    const [, heading] = isCode ? [] : (/^#{1,6} +(.*?)\s*#*$/.exec(line) ?? [])
    if (heading === undefined) continue
    const plain = anchorOf(heading)
    const count = counts.get(plain) ?? 0
    counts.set(plain, count + 1)
    found.add(count === 0 ? plain : `${plain}-${count}`)
  }
  return found
}

/** The anchor of the first heading with this text. */
export function anchorOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-')
}
