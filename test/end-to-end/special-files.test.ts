import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect } from 'chai'
import { sharedWatchedEsc } from '../hostile-stores/watched-esc.ts'
import { sample } from '../sample.ts'
import { type Ended, ended, Program } from './program.ts'

const DEFINITION = 'values: {size: 1, admin: {fn::rotate::password: {inputs: {length: 20}}}}\n'

/** What takes the place of a file or folder of a store. */
const replacements = {
  'a link to a file outside': (path: string, outside: string) => symlinkSync(outside, path),
  'a link to a folder outside': (path: string, outside: string) => symlinkSync(dirname(outside), path),
  'a link to an endless device': (path: string) => symlinkSync('/dev/zero', path),
  'a link to nothing': (path: string) => symlinkSync('/nonexistent/esc', path),
  'a pipe': (path: string) => execFileSync('mkfifo', [path]),
  'a file of 8 GiB': (path: string) => {
    writeFileSync(path, '')
    truncateSync(path, 8 * 2 ** 30)
  },
} as const

/** Below the store. */
const places = [
  'esc.yaml',
  '.gitignore',
  '.audit',
  '.removed',
  'age-recipients.txt',
  'app',
  'app/dev',
  'app/dev/settings.yaml',
  'app/dev/environment.yaml',
  'app/dev/revisions',
  'app/dev/revisions/1.yaml',
  'app/dev/revisions/2.yaml',
  'app/dev/events',
  'app/dev/events/rotations.jsonl',
  'app/dev/events/schedules.jsonl',
] as const

const commands: readonly (readonly string[])[] = [
  ['env', 'ls'],
  ['check'],
  ['check', '--fix'],
  ['status'],
  ['env', 'open', 'app/dev'],
  ['env', 'open', 'app/dev@1'],
  ['run', 'app/dev', '--', 'true'],
  ['env', 'get', 'app/dev'],
  ['env', 'set', 'app/dev', 'size', '2'],
  ['env', 'rotate', 'app/dev', '--yes'],
  ['env', 'rotators'],
  ['env', 'status'],
  ['env', 'version', 'history', 'app/dev'],
  ['env', 'rotate', 'history', 'app/dev'],
  ['env', 'clone', 'app/dev', 'app/copy'],
  ['env', 'schedule', 'list', 'app/dev'],
  ['env', 'schedule', 'history', 'app/dev', 'sched-1'],
  ['env', 'webhook', 'ls', 'app/dev'],
  ['env', 'change-secrets-provider', 'app/dev', 'default'],
  ['env', 'restore', 'app/gone'],
  ['scheduler', 'tick'],
  ['audit', 'log'],
  ['audit', 'verify'],
  ['access', 'list'],
  ['env', 'graph', 'app/dev'],
  ['trust', 'show'],
  ['env', 'rm', 'app/dev', '--yes'],
]

type Kind = keyof typeof replacements
const kinds = Object.keys(replacements) as Kind[]

describe('a store with links, pipes and endless files', function () {
  this.timeout(1_200_000)
  let program: Program
  let good: string
  let outside: string

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.withEnvironment('app/dev', DEFINITION)
    await program.withEnvironment('app/gone', 'values: {a: 1}\n')
    appendFileSync(join(program.store, 'esc.yaml'), 'audit: {keep: repository}\n')
    for (const words of [
      ['env', 'rotate', 'app/dev', '--yes'],
      ['env', 'schedule', 'new', 'app/dev', '--cron', '0 3 * * *'],
      ['env', 'rm', 'app/gone', '--yes'],
    ]) {
      const { code, err } = await program.esc(words)
      expect(code, err).to.equal(0)
    }
    writeFileSync(join(program.store, 'app', 'dev', 'events', 'schedules.jsonl'), '')
    good = join(program.folder, 'good')
    cpSync(program.store, join(good, 'store'), { recursive: true })
    cpSync(join(program.folder, 'config'), join(good, 'config'), { recursive: true })
    outside = join(program.folder, 'outside', 'profile')
    mkdirSync(dirname(outside))
  })
  after(() => program?.remove())

  const reset = () => {
    for (const [from, to] of [
      [join(good, 'store'), program.store],
      [join(good, 'config'), join(program.folder, 'config')],
    ] as const) {
      rmSync(to, { recursive: true, force: true })
      cpSync(from, to, { recursive: true })
    }
    writeFileSync(outside, '# mine\n')
  }
  const replaceBy = (place: string, kind: Kind): string => {
    const path = join(program.store, place)
    rmSync(path, { recursive: true, force: true })
    mkdirSync(dirname(path), { recursive: true })
    replacements[kind](path, outside)
    return path
  }

  /** The built program. It is ended when it hangs; the time has room for a machine that is busy. */
  const runBuilt = async (words: readonly string[]): Promise<Ended> => {
    const child = program.start(words)
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
    const result = await ended(child)
    clearTimeout(timer)
    expect(result.signal, `${words.join(' ')} hangs`).to.equal(null)
    return result
  }
  /**
   * The same from the sources, in a process that is there already: thousands of commands are run
   * here.
   */
  const runSources = async (words: readonly string[]): Promise<Ended> => {
    const { hung, ...result } = await sharedWatchedEsc().run({ words, cwd: program.folder, env: program.env })
    expect(hung, `${words.join(' ')} hangs`).to.equal(false)
    return { ...result, signal: null }
  }
  const run = async (words: readonly string[]): Promise<Ended> => {
    const result = await (Math.random() < 1 / 8 ? runBuilt(words) : runSources(words))
    expect(readFileSync(outside, 'utf8'), words.join(' ')).to.equal('# mine\n')
    expect(readdirSync(dirname(outside)), words.join(' ')).to.deep.equal(['profile'])
    return result
  }

  for (const place of places) {
    // All of it takes minutes. Otherwise each place meets one kind and a third of the commands.
    const tried = sample(commands, 9)
    for (const kind of sample(kinds, 1)) {
      it(`is refused by name, or used as it was, with ${kind} as ${place}`, async () => {
        reset()
        const values = await program.ok('env', 'open', 'app/dev')
        for (const words of tried) {
          reset()
          const path = replaceBy(place, kind)
          const { code, out, err } = await run(words)
          const said = `${words.join(' ')}: ${out}${err}`
          // A file that stands where a folder was is no environment; a link to nothing, no store.
          const isAbsent =
            /GiB|nothing/.test(kind) && /does not exist|no removed environment|there is no esc store/.test(err)
          // `audit verify` gives places relative to the current folder.
          const isNamed = said.includes(path) || said.includes(relative(program.folder, path))
          if (code !== 0 && !isAbsent) expect(isNamed, said).to.equal(true)
          if (code === 0 && words.join(' ') === 'env open app/dev') expect(out).to.equal(values)
        }
      })
    }
  }

  it('has every one of them named by check, and is sound again without them', async () => {
    for (const kind of kinds) {
      reset()
      const paths = places.filter((place) => place !== 'esc.yaml' && !/^app(?:\/dev)?$|events$|revisions$/.test(place))
      for (const place of paths) replaceBy(place, kind)
      replaceBy('app/extra/deep/inside', kind)
      const { code, out, err } = await run(['check', '--output', 'json'])
      expect(code, err).to.equal(1)
      expect(err).to.equal('')
      const named = JSON.parse(out).findings.filter((finding: { kind: string }) =>
        /special|oversized/.test(finding.kind),
      )
      expect(named.map((finding: { file: string }) => finding.file)).to.have.members(
        [...paths, 'app/extra/deep/inside'].map((place) => join('environments', place)),
      )
      expect(new Set(named.map((finding: { severity: string }) => finding.severity))).to.deep.equal(new Set(['error']))
      reset()
      expect((await run(['check'])).code).to.equal(0)
    }
  })

  it('may itself be reached through a link, and lie in a folder that is one', async () => {
    reset()
    const link = join(program.folder, 'link')
    symlinkSync(program.store, link)
    const { code, err } = await run(['--store', link, 'env', 'set', 'app/dev', 'size', '5'])
    expect(code, err).to.equal(0)
    expect((await run(['--store', link, 'check'])).code).to.equal(0)
    expect((await run(['env', 'get', 'app/dev', 'size'])).out).to.contain('5')
  })

  it('may have a note beside its projects that is a link to a file, which check reports', async () => {
    reset()
    symlinkSync(outside, join(program.store, 'README'))
    expect((await run(['env', 'ls'])).code).to.equal(0)
    const { code, out } = await run(['check'])
    expect(code).to.equal(1)
    expect(out).to.contain('README')
  })
})
