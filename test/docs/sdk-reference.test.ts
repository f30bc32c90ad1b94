import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { transformSync } from 'esbuild'
import { packageRoot } from '../cli/commands/esc.ts'
import { Program } from '../end-to-end/program.ts'
import { declarationsDigest, page } from './sdk-reference.ts'

const run = promisify(execFile)
const types = join(packageRoot, 'dist', 'types-cjs')

const DEFINITION = `values:
  database: {host: db.example.com, user: app, password: {fn::secret: hunter2-hunter2}}
  deploy:
    token: {fn::rotate::password: {inputs: {length: 20}}}
  pulumiConfig: {'aws:region': eu-west-1, 'app:replicas': 3, 'app:token': {fn::secret: t0ken}}
  environmentVariables: {PGHOST: '\${database.host}'}
`

interface Exported {
  readonly name: string
  readonly kind: 'class' | 'function' | 'interface' | 'type'
  /** The doc comment, without its stars. */
  readonly documentation: string
  readonly body: string
}

/** The names that the library exports, as its declarations have them. */
function exportedNames(): readonly Exported[] {
  const index = readFileSync(join(types, 'sdk', 'index.d.ts'), 'utf8')
  return [...index.matchAll(/export (?:type )?\{([^}]*)\} from '([^']+)\.[tj]s'/g)].flatMap(([, names, file]) => {
    const text = readFileSync(join(types, 'sdk', `${file}.d.ts`), 'utf8')
    const listed = names!.split(',').filter((each) => each.trim() !== '')
    return listed.map((each) => {
      const [local = '', name = local] = each
        .trim()
        .replace(/^type /, '')
        .split(' as ')
      return declared(local, name, text, file!)
    })
  })
}

function declared(local: string, name: string, text: string, file: string): Exported {
  const moved = new RegExp(`export type \\{[^}]*\\b${local}\\b[^}]*\\} from '([^']+)\\.[tj]s'`).exec(text)
  if (moved !== null) {
    const there = join(file, '..', moved[1]!)
    return declared(local, name, readFileSync(join(types, 'sdk', `${there}.d.ts`), 'utf8'), there)
  }
  const found = new RegExp(
    `(?:/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*)?export (?:declare )?(class|function|interface|type) ${local}\\b([^]*?)(?=\\n(?:/\\*\\*|export|declare|$))`,
  ).exec(text)
  if (found === null) throw new Error(`${local} is not declared in ${file}`)
  const [, comment = '', kind, body = ''] = found
  return { name, kind: kind as Exported['kind'], documentation: comment.replace(/^\s*\* ?/gm, '').trim(), body }
}

describe('the reference of the library', function () {
  this.timeout(60_000)
  let names: readonly Exported[]
  before(function () {
    if (!Program.isBuilt()) return this.skip()
    names = exportedNames()
  })

  it('is what the doc comments say: npm run docs:sdk writes it', () => {
    expect(readFileSync(page, 'utf8')).to.include(`from declarations ${declarationsDigest()}`)
  })

  it('has every exported name, each with a sentence, and each class and function with an example', () => {
    const text = readFileSync(page, 'utf8')
    expect(names.length).to.be.greaterThan(30)
    for (const { name, kind, documentation } of names) {
      expect(text, name).to.match(new RegExp(`^### ${name}(?:\\(\\))?$`, 'm'))
      expect(documentation, name).to.match(/^[A-Z`].{10,}[.:]/s)
      if (kind === 'class' || kind === 'function') expect(documentation, name).to.include('@example')
    }
  })

  it('documents every member', () => {
    for (const { name, kind, body } of names) {
      if (kind !== 'class' && kind !== 'interface') continue
      const bare = [
        ...body.matchAll(
          /(\*\/)?\n {4}(?!private|constructor|#|static \[|\[|\*|\/)(?:readonly |get |static )*(\w+)[?(:<]/g,
        ),
      ]
        .filter(([, comment]) => comment === undefined)
        .map(([, , member]) => member)
        // Overloads, and members of an error that any error has.
        .filter((member) => member !== 'name')
      expect(bare, name).to.deep.equal([])
    }
  })

  it('has examples that run, and come to what they say', async () => {
    const program = new Program()
    try {
      await program.withEnvironment('app/dev', DEFINITION)
      await program.withEnvironment('app/base', 'values: {}\n')
      await program.withEnvironment('app/broken', 'imports: [app/base]\n')
      await program.ok('env', 'rm', 'app/base', '--yes')
      const scope = join(program.folder, 'node_modules', '@gitesc')
      mkdirSync(scope, { recursive: true })
      symlinkSync(packageRoot, join(scope, 'cli'))
      let checked = 0
      for (const { name, documentation } of names) {
        for (const [, example] of documentation.matchAll(/@example\s+```ts\n([\s\S]*?)```/g)) {
          checked += (example!.match(CLAIM) ?? []).length
          const file = join(program.folder, `${name}.mjs`)
          writeFileSync(file, transformSync(asserting(example!), { loader: 'ts' }).code)
          const env = { ...process.env, ...program.env, NODE_OPTIONS: '' }
          await run(process.execPath, [file], { cwd: program.folder, env }).catch((error) => {
            throw new Error(`the example of ${name}: ${error.stderr}`)
          })
        }
      }
      expect(checked).to.be.greaterThan(15)
    } finally {
      program.remove()
    }
  })
})

/** An expression on a line of its own, with what it comes to: `config.get('x') // 3, of app:x`. */
const CLAIM =
  /^(?!const |import |\s)(.+?) \/\/ ('[^']*'|\d+|true|false|undefined|\[\S.*\]|\[\]|\{ .* \})(?:[:,] .*)?$/gm

/** The same program, which fails where an expression comes to something else. */
function asserting(example: string): string {
  const claims = example.replace(CLAIM, (_, expression, value) => `assertSame(${expression}, ${value})`)
  return `import { deepStrictEqual } from 'node:assert'\nconst assertSame = (is, says) => deepStrictEqual(JSON.parse(JSON.stringify(is ?? null)), says ?? null)\n${claims}`
}
