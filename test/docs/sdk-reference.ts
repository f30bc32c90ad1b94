// Writes docs/sdk-reference.md from the doc comments of the library: `npm run docs:sdk`. With `--
// --check` it writes nothing, and fails when the page is another. typedoc needs a TypeScript with
// an API in JavaScript, which ours no longer has: both are installed into a temporary folder.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { anchorOf, anchorsIn } from '../lint/links.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const page = join(root, 'docs', 'sdk-reference.md')

/** Sources whose doc comments are on the page. */
const SOURCES = [
  ...['config', 'definition-error', 'environment', 'hidden-error', 'index', 'log-masking', 'mock-store', 'open-store'],
  ...['output', 'store'],
]
  .map((name) => `sdk/${name}`)
  .concat('secret')

/**
 * The digest of all that the page is made from, as far as it is there: comments and declarations,
 * no code.
 */
export function declarationsDigest(): string {
  const digest = createHash('sha256')
  for (const name of SOURCES) digest.update(readFileSync(join(root, 'dist', 'types-cjs', `${name}.d.ts`)))
  return digest.digest('hex').slice(0, 16)
}

const PACKAGES = ['typedoc@0.28.20', 'typedoc-plugin-markdown@4.14.1', 'typescript@6.0.3']

const OPTIONS = {
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: [join(root, 'src', 'sdk', 'index.ts')],
  outputFileStrategy: 'modules',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  hidePageTitle: true,
  disableSources: true,
  readme: 'none',
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  skipErrorChecking: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  tableColumnSettings: {
    hideDefaults: true,
    hideModifiers: true,
    hideOverrides: true,
    hideInherited: true,
    hideSources: true,
  },
  sort: ['source-order'],
  groupOrder: ['Functions', 'Classes', 'Interfaces', 'Type Aliases'],
  logLevel: 'Error',
}

const HEAD = `# Reference of the library

Every name that \`@gitesc/cli\` exports. [sdk.md](sdk.md) is the introduction.

`

function generated(): string {
  const folder = mkdtempSync(join(tmpdir(), 'esc-typedoc-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{"private": true}\n')
    const npm = ['install', '--silent', '--no-audit', '--no-fund', '--save-exact', ...PACKAGES]
    execFileSync('npm', npm, { cwd: folder, stdio: 'inherit' })
    const tsconfig = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { typeRoots: [join(root, 'node_modules', '@types')], types: ['node'] },
      include: [],
      files: OPTIONS.entryPoints,
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
    writeFileSync(join(folder, 'typedoc.json'), JSON.stringify({ ...OPTIONS, out: join(folder, 'out') }))
    const typedoc = join(folder, 'node_modules', 'typedoc', 'bin', 'typedoc')
    execFileSync(process.execPath, [typedoc, '--options', 'typedoc.json'], { cwd: folder, stdio: 'inherit' })
    const text = readFileSync(join(folder, 'out', 'README.md'), 'utf8')
    return `${HEAD}${withRightAnchors(withoutUnions(text)).trim()}\n\n<!-- npm run docs:sdk made this from declarations ${declarationsDigest()} -->\n`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * A link leads to the heading of the name in it. Typedoc numbers headings of one name otherwise
 * than repository hosts do.
 */
function withRightAnchors(text: string): string {
  const anchors = anchorsIn(text)
  const headings = [...text.matchAll(/^#{1,6} +(.*)$/gm)].map(([, heading]) => heading as string)
  return text.replace(/\[`(\w+)`\]\(#([\w-]+)\)/g, (link, name: string, anchor: string) => {
    if (anchors.has(anchor)) return link
    const before = headings.slice(0, headings.indexOf(name)).filter((each) => anchorOf(each) === anchorOf(name))
    return `[\`${name}\`](#${anchorOf(name)}${before.length === 0 ? '' : `-${before.length}`})`
  })
}

/**
 * Notices and remedies have many kinds, which an editor shows, and which change without the
 * library.
 */
function withoutUnions(text: string): string {
  return text.replace(
    /^(### (?:Notice|Remedy|ErrorCode)\n\n)> .*\n\n([\s\S]*?)(?=^### |^## |(?![\s\S]))/gm,
    (_, heading, rest) => {
      const [description] = (rest as string).split(/^#### /m)
      return `${heading}${(description ?? '').replace(/\*\*\*\s*$/, '').trim()}\n\n***\n\n`
    },
  )
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = generated()
  if (!process.argv.includes('--check')) writeFileSync(page, text)
  else if (readFileSync(page, 'utf8') !== text) {
    process.stderr.write(`${page} is not what the doc comments say: npm run docs:sdk writes it\n`)
    process.exitCode = 1
  }
}
