// Manual pages, from what `--help` is made of: oclif.manifest.json. That of `esc` itself has the
// tables of exit codes and variables in docs/. Run by the build, into dist/man.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bold, escaped, examples, italic, paragraphs, tagged } from './roff.mjs'

/** Writes all pages into dist/man, and names them in package.json: npm links those that it names. */
export function writeManPages(root) {
  const folder = join(root, 'dist', 'man')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8'))
  const documentation = (name) => readFileSync(join(root, 'docs', name), 'utf8')
  const pages = manPages(manifest, {
    exitCodes: tableOf(documentation('cli.md'), 'Exit codes'),
    variables: tableOf(documentation('configuration.md'), 'Environment variables'),
  })
  for (const [name, text] of pages) writeFileSync(join(folder, `${name}.1`), text)
  const file = join(root, 'package.json')
  const about = JSON.parse(readFileSync(file, 'utf8'))
  const man = pages.map(([name]) => `./dist/man/${name}.1`).sort()
  if (String(about.man) !== String(man)) writeFileSync(file, `${JSON.stringify({ ...about, man }, null, 2)}\n`)
}

/**
 * Returns the pages: name, such as `esc-env-rotate`, and text in the macros of man(7). `manifest` is
 * the content of oclif.manifest.json; `tables` are pairs of a term and its meaning.
 */
function manPages(manifest, tables) {
  const commands = Object.values(manifest.commands).filter(({ hidden }) => !hidden)
  const house = { commands, topics: manifest.topics, version: manifest.version }
  const groups = Object.keys(manifest.topics).filter((id) => manifest.commands[id] === undefined)
  return [
    ['esc', rootPage(house, tables)],
    ...groups.map((id) => [pageName(id), groupPage(id, house)]),
    ...commands.map((command) => [pageName(command.id), commandPage(command, house)]),
  ]
}

function pageName(id) {
  return ['esc', ...id.split(':')].join('-')
}

function commandName(id) {
  return ['esc', ...id.split(':')].join(' ')
}

function page(name, title, version, sections) {
  const head = [
    `.TH ${name.toUpperCase()} 1 "" "esc ${version}" "esc manual"`,
    '.ad l',
    '.nh',
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(title)}`,
  ]
  const body = sections.flatMap(([heading, lines]) => (lines.length === 0 ? [] : [`.SH ${heading}`, ...lines]))
  return `${[...head, ...body].join('\n')}\n`
}

function rootPage({ commands, topics, version }, { exitCodes, variables }) {
  return page('esc', 'environments, secrets and rotated credentials in a folder you commit', version, [
    ['SYNOPSIS', [`${bold('esc')} ${italic('command')} [${italic('argument')} ...] [${italic('flag')} ...]`]],
    [
      'DESCRIPTION',
      paragraphs(
        'Keeps composable configuration, secrets and rotated credentials in a folder that is committed to git. Each command has a manual page of its own, and prints the same with --help.',
      ),
    ],
    ['COMMANDS', below('', { commands, topics })],
    ['EXIT STATUS', tagged(exitCodes)],
    ['ENVIRONMENT', tagged(variables)],
    ['SEE ALSO', references(['env-rotate', 'env-open', 'run', 'completion'].map((id) => `esc-${id}`))],
  ])
}

function groupPage(id, { commands, topics, version }) {
  const name = pageName(id)
  return page(name, lowerFirst(topics[id]), version, [
    ['SYNOPSIS', [`${bold(commandName(id))} ${italic('command')} [${italic('argument')} ...]`]],
    ['COMMANDS', below(`${id}:`, { commands, topics })],
    ['SEE ALSO', references([parentName(id)])],
  ])
}

function commandPage(command, { commands, topics, version }) {
  const { id, summary, description, args, flags, aliases } = command
  const all = Object.values(flags).filter(({ hidden }) => !hidden)
  const flagTerm = (flag) => {
    const short = flag.char ? `${bold(`-${flag.char}`)}, ` : ''
    const value = flag.type === 'boolean' ? '' : `=${italic(flag.options?.join('|') ?? flag.helpValue ?? 'value')}`
    return `${short}${bold(`--${flag.name}`)}${value}`
  }
  const flagText = ({ description: text, default: usual }) =>
    usual === undefined || usual === '' ? text : `${text} (default: ${usual})`
  const list = (chosen) => tagged(chosen.map((flag) => [flagTerm(flag), flagText(flag)]))
  return page(pageName(id), lowerFirst(summary.replace(/\.$/, '')), version, [
    ['SYNOPSIS', synopsis(command, all)],
    ['DESCRIPTION', paragraphs(description ?? summary)],
    ['ARGUMENTS', tagged(Object.values(args).map(({ name, description: text }) => [italic(name), text]))],
    ['OPTIONS', list(all.filter(({ helpGroup }) => helpGroup !== 'GLOBAL'))],
    ['GLOBAL OPTIONS', list(all.filter(({ helpGroup }) => helpGroup === 'GLOBAL'))],
    ['ALIASES', aliases.length === 0 ? [] : paragraphs(aliases.map(commandName).join('\n\n'))],
    ['EXAMPLES', examples(command.examples ?? [])],
    ['COMMANDS', below(`${id}:`, { commands, topics })],
    ['SEE ALSO', references([parentName(id)])],
  ])
}

function synopsis({ id, args }, flags) {
  const words = Object.values(args).map(({ name, required, multiple }) => {
    const word = italic(name) + (multiple ? ' ...' : '')
    return required ? word : `[${word}]`
  })
  const needed = flags
    .filter(({ required }) => required)
    .map((flag) => `${bold(`--${flag.name}`)}=${italic(flag.helpValue ?? 'value')}`)
  return [[bold(commandName(id)), ...words, ...needed, `[${italic('flag')} ...]`].join(' ')]
}

/** The commands and groups directly below a group. */
function below(prefix, { commands, topics }) {
  const texts = new Map(Object.entries(topics))
  for (const { id, summary } of commands) texts.set(id, summary)
  const ids = [...texts.keys()].filter((id) => id.startsWith(prefix) && !id.slice(prefix.length).includes(':'))
  return tagged(ids.sort().map((id) => [`${bold(pageName(id))}(1)`, texts.get(id)]))
}

function parentName(id) {
  return id.includes(':') ? pageName(id.slice(0, id.lastIndexOf(':'))) : 'esc'
}

function references(names) {
  return [names.map((name) => `${bold(name)}(1)`).join(',\n')]
}

/**
 * Returns the rows of all tables in a section of a page: two cells each, the first in bold.
 *
 * @throws Error where there are none.
 */
function tableOf(text, heading) {
  const [, section = ''] = text.split(`\n## ${heading}\n`)
  const rows = section.split('\n## ')[0].matchAll(/^\| (.+?) \| (.+) \|\n(?!\|---)/gm)
  const cells = [...rows].map(([, term, meaning]) => [bold(plain(term)), plain(meaning)])
  if (cells.length === 0) throw new Error(`the section "${heading}" of the documentation has no table`)
  return cells
}

/** Markdown without its marks: links to pages that a manual cannot follow are left out. */
function plain(markdown) {
  return markdown
    .replace(/ \(\[[^\]]+\]\([^)]+\)\)/g, '')
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replace(/`([^`]+)`/g, '$1')
}

function lowerFirst(text) {
  return /^[A-Z][a-z]/.test(text) ? text[0].toLowerCase() + text.slice(1) : text
}
