import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { findBinary, missingBinaries, skipWithout } from '../../servers/binary.ts'
import { Playground } from './esc.ts'

const FILES = {
  yaml: `db:
  password: canary "one"
  port: 5432
  on: true
hosts:
  - canary a
  - name: canary b
certificate: |
  canary
  lines
nothing: null
level_unencrypted: info
`,
  json: '{"token": "canary é", "ratio": 0.5, "level_unencrypted": "info"}\n',
  ini: 'top = canary 0\n\n[db]\npassword = canary 1\nlevel_unencrypted = info\n',
  env: 'TOKEN="canary one"\nLINES=canary\\ntwo\nLEVEL_unencrypted=info\n',
}

describe('env import sops --with-sops', function () {
  this.timeout(60_000)
  let playground: Playground
  let before: string
  const definition = () => readFileSync(join(playground.store, 'app/dev', 'environment.yaml'), 'utf8')
  beforeEach(async () => {
    playground = await new Playground().withEnvironment('app/dev', 'values:\n  own: kept # here\n')
    before = definition()
  })
  afterEach(() => playground.remove())

  const bring = (file: string, words: readonly string[] = ['--with-sops'], env: Record<string, string> = {}) =>
    playground.run(['env', 'import', 'sops', 'app/dev', file, ...words], { env })
  /** As the file of a recipient whose key is not here. */
  const foreign = 'a: ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]\nplain: x\nsops:\n  kms: []\n  mac: x\n'

  describe('with a program that stands in for sops', () => {
    const standIn = (script: string) => {
      const file = join(playground.folder, 'bin', 'sops')
      mkdirSync(dirname(file))
      writeFileSync(file, `#!/bin/sh\n${script}\n`)
      chmodSync(file, 0o755)
      return { PATH: `${dirname(file)}:/usr/bin:/bin` }
    }
    beforeEach(() => writeFileSync(join(playground.folder, 'x.yaml'), foreign))

    it('runs none unless it is asked to, and names the flag', async () => {
      const env = standIn(`touch ${playground.folder}/ran`)
      const ran = await bring('x.yaml', [], env)
      expect(ran.code).to.not.equal(0)
      expect(ran.err).to.include('x.yaml is not encrypted for age recipients').and.include('--with-sops')
      expect(() => readFileSync(join(playground.folder, 'ran'))).to.throw('ENOENT')
    })

    it('gives it the form and the path, its own keys, and none of ours', async () => {
      const env = standIn(
        `echo "$@" >${playground.folder}/said; env >>${playground.folder}/said; echo '{"a": "canary", "plain": "x"}'`,
      )
      const keys = { SOPS_AGE_KEY_FILE: '/k', VAULT_TOKEN: 'v', ESC_PASSPHRASE: 'ours' }
      const ran = await bring('x.yaml', ['--with-sops'], { ...env, ...keys })
      expect(ran.code, ran.err).to.equal(0)
      expect(ran.out + ran.err + definition()).to.not.include('canary')
      const said = readFileSync(join(playground.folder, 'said'), 'utf8')
      expect(said).to.match(/^--decrypt --input-type yaml --output-type json \/.*\/x\.yaml\n/)
      expect(said).to.include('SOPS_AGE_KEY_FILE=/k').and.include('VAULT_TOKEN=v').and.not.include('ESC_PASSPHRASE')
    })

    it('changes nothing, and repeats nothing that it said, when it fails', async () => {
      for (const [script, problem] of [
        ['echo canary; echo canary >&2; exit 3', 'sops could not decrypt x.yaml: it failed with exit code 3'],
        ['echo "{\\"a\\": canary"', 'sops printed no JSON object for x.yaml'],
        ['echo canary', 'sops printed no JSON object for x.yaml'],
      ] as const) {
        const env = standIn(script)
        const ran = await bring('x.yaml', ['--with-sops'], env)
        execFileSync('rm', ['-r', join(playground.folder, 'bin')])
        expect(ran.code).to.not.equal(0)
        expect(ran.err).to.include(problem)
        expect(ran.out + ran.err + definition()).to.not.include('canary')
        expect(definition()).to.equal(before)
      }
    })

    it('is refused where it is not installed, and for standard input', async () => {
      const { code, err } = await bring('x.yaml', ['--with-sops'], { PATH: '/nowhere' })
      expect(code).to.not.equal(0)
      expect(err).to.include('sops is not installed, and --with-sops asks it to decrypt x.yaml')
      expect((await bring('-')).err).to.include('--with-sops cannot be combined with standard input')
    })
  })

  it('takes over each form that the real sops encrypts with PGP', async function () {
    skipWithout(this, missingBinaries('sops', 'gpg'), 'gnupg; sops: https://getsops.io')
    const home = join(playground.folder, 'gpg')
    mkdirSync(home, { mode: 0o700 })
    const env = { PATH: process.env.PATH ?? '', HOME: playground.folder, GNUPGHOME: home }
    const run = (program: string, ...words: string[]) =>
      execFileSync(findBinary(program) as string, words, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      run('gpg', '--batch', '--passphrase', '', '--quick-gen-key', 'a@example.com', 'default', 'default', 'never')
      const [, fingerprint = ''] = /^fpr:+([\dA-F]+):/m.exec(run('gpg', '--list-keys', '--with-colons')) ?? []
      for (const [form, text] of Object.entries(FILES)) {
        const file = join(playground.folder, `f.${form}`)
        writeFileSync(file, text)
        writeFileSync(file, run('sops', '--encrypt', '--pgp', fingerprint, file))
        expect((await bring(`f.${form}`, [])).err).to.include(`f.${form} is not encrypted for age recipients`)
        const ran = await bring(`f.${form}`, ['--with-sops'], env)
        expect(ran.code, ran.err).to.equal(0)
        expect(ran.out + ran.err + definition()).to.not.include('canary')
      }
      expect(definition()).to.include('level_unencrypted: info').and.include('LEVEL_unencrypted: info')
      expect(JSON.parse(await playground.ok('open', 'app/dev'))).to.deep.equal({
        own: 'kept',
        db: { password: 'canary 1', level_unencrypted: 'info' },
        hosts: ['canary a', { name: 'canary b' }],
        certificate: 'canary\nlines\n',
        nothing: null,
        level_unencrypted: 'info',
        token: 'canary é',
        ratio: 0.5,
        top: 'canary 0',
        environmentVariables: { TOKEN: 'canary one', LINES: 'canary\ntwo', LEVEL_unencrypted: 'info' },
      })
      const tampered = readFileSync(join(playground.folder, 'f.json'), 'utf8').replace('"info"', '"debug"')
      writeFileSync(join(playground.folder, 'f.json'), tampered)
      before = definition()
      expect((await bring('f.json', ['--with-sops'], env)).err).to.include('sops could not decrypt f.json')
      expect(definition()).to.equal(before)
    } finally {
      execFileSync('gpgconf', ['--kill', 'all'], { env })
    }
  })
})
