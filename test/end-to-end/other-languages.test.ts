import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'
import { sample } from '../sample.ts'
import { Program, programWith } from './program.ts'

const page = readFileSync(join(packageRoot, 'docs', 'other-languages.md'), 'utf8')

/** The block of a language on the page. */
function block(language: string): string {
  const [, text, ...more] = page.split(`\`\`\`${language}\n`).map((part) => part.split('```\n', 1)[0] as string)
  if (text === undefined || more.length > 0) throw new Error(`docs/other-languages.md must have one ${language} block`)
  return text
}

const languages = [
  { name: 'Python', language: 'python', file: 'main.py', program: 'python3', words: ['main.py'] },
  { name: 'Go', language: 'go', file: 'main.go', program: 'go', words: ['run', 'main.go'] },
  { name: 'Java', language: 'java', file: 'Main.java', program: 'java', words: ['Main.java'] },
]

const PASSWORD = 'not-a-real-password'

describe('the examples for other languages', function () {
  this.timeout(180_000)
  const esc = programWith('app/dev', block('yaml'))
  let env: Record<string, string | undefined>
  before(() => {
    const bin = join(esc.folder, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'esc'), `#!/bin/sh\nexec '${process.execPath}' '${Program.path}' "$@"\n`)
    chmodSync(join(bin, 'esc'), 0o755)
    const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ESC_PASSPHRASE: ___, ...inherited } = process.env
    // Go keeps what it has compiled where it always does.
    const { HOME, XDG_CACHE_HOME } = inherited
    const caches = { HOME, XDG_CACHE_HOME, GOFLAGS: '-mod=mod', GOPROXY: 'off', GOTOOLCHAIN: 'local' }
    env = { ...inherited, ...esc.env, ...caches, PATH: `${bin}:${process.env.PATH}` }
  })

  const run = (program: string, words: readonly string[], changed: Record<string, string> = {}) => {
    const { status, stdout, stderr } = spawnSync(program, words, { cwd: esc.folder, env: { ...env, ...changed } })
    return { status, out: String(stdout), err: String(stderr) }
  }

  for (const { name, language, file, program, words } of sample(languages, 1)) {
    it(`read the values in ${name}, and fail where esc does`, function () {
      if (spawnSync(program, [program === 'go' ? 'version' : '--version']).error !== undefined) {
        console.log(`      skipped: ${program} is not installed`)
        return this.skip()
      }
      writeFileSync(join(esc.folder, file), block(language))
      const ran = run(program, words)
      expect(ran.status, ran.err).to.equal(0)
      expect(ran.out).to.equal(`connecting to db.example.com:5432\nwith a password of ${PASSWORD.length} characters\n`)
      expect(ran.err).to.equal('')
      if (!process.env.SLOW && name !== 'Python') return undefined
      const locked = run(program, words, { ESC_CONFIG_HOME: join(esc.folder, 'nowhere') })
      expect(locked.status, locked.out).to.be.greaterThan(0)
      expect(locked.err).to.match(/^Error: .*key/m)
      expect(locked.out + locked.err).to.not.include(PASSWORD)
      return undefined
    })
  }

  it('are there for .NET too, about the same environment', () => {
    expect(block('csharp')).to.include('"app/dev", "--format", "json"').and.include('GetProperty("password")')
  })
})
