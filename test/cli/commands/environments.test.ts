import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const DEFINITION = `# the application
imports: [base/common]
values:
  # where it runs
  region: eu-west-1   # Ireland
  token:
    fn::secret: hunter2-hunter2
  list: [1, 2]
  environmentVariables:
    TOKEN: \${token}
    REGION: \${region}
`

/** Everything in the files below a folder, as one text. */
function grep(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')
}

describe('the commands of a store', () => {
  let playground: Playground
  const file = (...path: string[]) => join(playground.store, ...path)
  const definition = () => readFileSync(file('app', 'dev', 'environment.yaml'), 'utf8')

  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment('base/common', 'values: {shared: {from: base}, region: nowhere}\n')
    await playground.withEnvironment('app/dev', DEFINITION)
  })
  afterEach(() => playground.remove())

  describe('init', () => {
    it('makes a store where it is told, and refuses to make it twice', async () => {
      expect(await playground.ok('init', 'other', '--organization', 'acme')).to.equal(
        'Store created: other\nNext: esc env init <project>/<environment>\n',
      )
      expect((await playground.run(['init', 'other'])).err).to.match(/^Error: a store already exists: /)
      expect(await playground.ok('--store', 'other', 'env', 'init', 'a/b')).to.equal('Environment created: acme/a/b\n')
      expect(await playground.ok('env', 'ls', '--store', 'other')).to.equal('a/b\n')
    })

    it('is found from folders inside it and beside it, and through ESC_STORE', async () => {
      const listed = 'app/dev\nbase/common\n'
      expect((await playground.run(['env', 'ls'], { cwd: file('app', 'dev') })).out).to.equal(listed)
      expect((await playground.run(['env', 'ls'], { cwd: '/', env: { ESC_STORE: playground.folder } })).out).to.equal(
        listed,
      )
    })
  })

  describe('env init', () => {
    it('is env new too, takes the name from --env, and makes an empty first revision', async () => {
      expect(await playground.ok('env', 'new', 'app/one')).to.equal('Environment created: local/app/one\n')
      expect(await playground.ok('env', '--env', 'two', 'init')).to.equal('Environment created: local/default/two\n')
      expect(await playground.ok('env', 'get', 'two')).to.equal('\n')
      expect(await playground.ok('open', 'two')).to.equal('')
    })

    it('encrypts the secrets of the definition, and leaves everything else as it was', () => {
      expect(definition().replace(/fn::secret:\s+ciphertext: \S+/, 'fn::secret: hunter2-hunter2')).to.equal(DEFINITION)
      expect(grep(playground.folder)).to.not.include('hunter2')
    })

    it('keeps the environment when its definition has errors, and says so', async () => {
      const ran = await playground.run(['env', 'init', 'app/bad', '-f=-'], { input: '{"values":{"foo":"${bar}"}}\n' })
      expect(ran.out).to.equal('Environment created: local/app/bad\n')
      expect(ran.err).to.match(
        /^Error: unknown property "bar"\n\n {2}on app\/bad line 1:\n {3}1: \{"values":\{"foo":"\$\{bar\}"\}\}\n\nError: updating environment definition: too many errors\nhint: /,
      )
      expect(ran.code).to.equal(1)
    })
  })

  describe('env set', () => {
    it('changes one value and no other byte', async () => {
      const before = definition()
      expect(await playground.ok('env', 'set', 'app/dev', 'region', 'us-east-1')).to.equal('')
      expect(definition()).to.equal(before.replace('eu-west-1   #', 'us-east-1   #'))
    })

    it('reads YAML, or text with --string', async () => {
      await playground.ok('env', 'set', 'app/dev', 'list[2]', '{a: [x]}')
      await playground.ok('env', 'set', 'app/dev', 'text', '[a', '--string')
      expect(JSON.parse(await playground.ok('open', 'app/dev', 'list'))).to.deep.equal([1, 2, { a: ['x'] }])
      expect(await playground.ok('open', 'app/dev', 'text', '-f', 'string')).to.equal('[a\n')
    })

    it('encrypts with --secret; a number becomes a string', async () => {
      await playground.ok('env', 'set', 'app/dev', 'pin', '0123', '--secret')
      const piped = await playground.run(['env', 'set', 'app/dev', 'key', '--secret', '--file', '-'], {
        input: 'line1\nline2',
      })
      expect(piped.code, piped.err).to.equal(0)
      expect(JSON.parse(await playground.ok('open', 'app/dev', 'pin'))).to.equal('0123')
      expect(grep(playground.store)).to.not.include('0123').and.not.include('line1')
      expect(await playground.ok('env', 'get', 'app/dev', 'pin', '--value', 'json')).to.equal('"[secret]"\n')
    })

    it('keeps the ciphertext of a secret that is set to what it was', async () => {
      const before = definition()
      await playground.ok('env', 'set', 'app/dev', 'token', 'hunter2-hunter2', '--secret')
      expect(definition()).to.equal(before)
      expect(await playground.ok('env', 'version', 'history', 'app/dev')).to.match(/^revision 2\n/)
    })

    it('sets imports, at the root of the document', async () => {
      await playground.ok('env', 'init', 'base/more')
      await playground.ok('env', 'set', 'app/dev', 'imports[1]', 'base/more')
      expect(definition()).to.include('imports: [base/common, base/more]')
    })

    it('refuses a value that makes the definition wrong', async () => {
      const digest = playground.digest()
      const ran = await playground.run(['env', 'set', 'app/dev', 'x', '${nope}'])
      expect(ran.code).to.equal(1)
      expect(ran.err).to.match(/^app\/dev:\d+:\d+: unknown property "nope"\n$/)
      expect(playground.digest()).to.equal(digest)
    })
  })

  describe('env rm', () => {
    it('removes a value with its comment', async () => {
      await playground.ok('env', 'rm', 'app/dev', 'environmentVariables.REGION')
      await playground.ok('env', 'rm', 'app/dev', 'region')
      expect(definition()).to.not.include('Ireland').and.not.include('where it runs')
      expect(definition()).to.include('# the application')
    })

    it('removes an environment once its full name has been typed', async () => {
      const ran = await playground.run(['env', 'rm', 'app/dev'], { input: 'local/app/dev\n' })
      expect(ran.out).to.equal(
        'This will permanently remove the "local/app/dev" environment!\n' +
          "Please confirm that this is what you'd like to do by typing `local/app/dev`: " +
          'Environment "local/app/dev" has been removed!\n',
      )
      expect(ran.err).to.equal('hint: "esc env restore app/dev" brings it back\n')
      expect(await playground.ok('env', 'ls')).to.equal('base/common\n')
      expect((await playground.run(['env', 'rm', 'app/dev', '--yes'])).code).to.equal(1)
      const atTerminal = await playground.run(['env', 'rm', 'base/common', '-y'], { io: { stderrIsTerminal: true } })
      expect(atTerminal.err).to.include('esc env restore base/common')
      expect(await playground.ok('env', 'restore', 'app/dev')).to.include('is back')
      const inScript = await playground.run(['env', 'rm', 'app/dev', '-y'])
      expect(inScript.err).to.equal('')
      expect(await playground.ok('env', 'ls', '--output', 'json')).to.equal('{\n  "environments": []\n}\n')
    })
  })

  describe('env get', () => {
    it('shows values and definition of the whole, secrets hidden', async () => {
      const shown = await playground.ok('env', 'get', 'app/dev')
      expect(shown).to.match(/^# Value\n```json\n\{\n/)
      expect(shown).to.include('"token": "[secret]"').and.include('"from": "base"')
      expect(shown).to.include('# Definition\n```yaml\n# the application\nimports: [base/common]\n')
      expect(shown).to.not.include('hunter2')
      expect(shown.endsWith('\n\n```\n\n')).to.equal(true)
      expect(await playground.ok('env', 'get', 'app/dev', '--show-secrets')).to.include('fn::secret: hunter2-hunter2')
    })

    it('shows one value, the piece of the definition that makes it, and what it overrides', async () => {
      expect(await playground.ok('env', 'get', 'app/dev', 'region')).to.equal(
        '# Value\n```json\n"eu-west-1"\n```\n# Definition\n```yaml\neu-west-1 # Ireland\n\n```\n\n# Defined at\n- dev:5:11\n- base/common:1:40\n\n',
      )
      expect(await playground.ok('env', 'get', 'app/dev', 'shared.from')).to.equal(
        '# Value\n```json\n"base"\n```\n\n# Defined at\n- base/common:1:25\n\n',
      )
      expect(await playground.ok('env', 'get', 'app/dev', 'token["fn::secret"]')).to.include(
        '# Definition\n```yaml\nciphertext: ',
      )
      expect(await playground.ok('env', 'get', 'app/dev', 'imports[0]')).to.equal(
        '# Definition\n```yaml\nbase/common\n\n```\n\n',
      )
      expect(await playground.ok('env', 'get', 'app/dev', 'nothing.here')).to.equal('\n')
    })

    it('says which revision each import came to, on a terminal or when asked', async () => {
      await playground.ok('env', 'set', 'base/common', 'shared.from', 'newer')
      await playground.ok('env', 'set', 'app/dev', 'old', '${environments.base.common.shared.from}')
      await playground.ok('env', 'set', 'app/dev', 'imports[1]', 'base/common@2')
      const block = '\n# Imports\n- base/common: revision 3\n- base/common@2: revision 2\n\n'
      expect(await playground.ok('env', 'get', 'app/dev')).to.not.include('# Imports')
      expect(await playground.ok('env', 'get', 'app/dev', '--imports')).to.satisfy((text: string) =>
        text.endsWith(block),
      )
      const { out } = await playground.run(['env', 'get', 'app/dev'], { io: { stdoutIsTerminal: true } })
      expect(stripVTControlCharacters(out)).to.match(
        /\nImports\n {2}base\/common: revision 3\n {2}base\/common@2: revision 2\n$/,
      )
    })

    it('prints the value or the definition alone', async () => {
      expect(await playground.ok('env', 'get', 'app/dev', '--definition')).to.equal(definition())
      expect(await playground.ok('env', 'get', 'app/dev', '--value', 'dotenv')).to.equal(
        'REGION="eu-west-1"\nTOKEN="[secret]"\n',
      )
      expect(await playground.ok('env', 'get', 'app/dev', 'list', '--value', 'string')).to.equal('"1","2"\n')
      expect((await playground.run(['env', 'get', 'app/dev', '--value', 'yaml'])).err).to.match(
        /^Error: unknown output format "yaml"/,
      )
    })

    it('needs no key while secrets stay hidden', async () => {
      const ran = await playground.run(['env', 'get', 'app/dev'], { env: { ESC_CONFIG_HOME: '/nonexistent' } })
      expect(ran.code, ran.err).to.equal(0)
      const locked = await playground.run(['env', 'get', 'app/dev', '--show-secrets'], {
        env: { ESC_CONFIG_HOME: '/nonexistent' },
      })
      expect(locked.code).to.equal(1)
    })
  })

  describe('open', () => {
    it('prints everything, one value, an earlier revision, in any format', async () => {
      await playground.ok('env', 'set', 'app/dev', 'region', 'us-east-1')
      expect(JSON.parse(await playground.ok('open', 'app/dev'))).to.deep.include({
        region: 'us-east-1',
        token: 'hunter2-hunter2',
      })
      expect(await playground.ok('env', 'open', 'app/dev@2', 'region')).to.equal('"eu-west-1"\n')
      expect(await playground.ok('env', 'open', 'app/dev@1')).to.equal('')
      expect(await playground.ok('open', 'local/app/dev:latest', 'list[1]', '--format=string')).to.equal('2\n')
      expect(await playground.ok('open', 'app/dev', '-f', 'posix')).to.equal(
        "export REGION='us-east-1'\nexport TOKEN='hunter2-hunter2'\n",
      )
      expect(await playground.ok('env', '--env', 'app/dev', 'open', 'region')).to.equal('"us-east-1"\n')
    })

    it('fails with a line for each mistake, and prints no value', async () => {
      await playground.ok('env', 'set', 'app/dev', 'extra', '${shared.from}')
      await playground.ok('env', 'rm', 'base/common', 'shared')
      const ran = await playground.run(['open', 'app/dev'])
      expect(ran).to.deep.include({ code: 1, out: '' })
      expect(ran.err).to.match(/^dev:\d+:\d+: unknown property "shared"\n$/)
    })

    it('refuses a revision that was changed behind its back, before anything is printed', async () => {
      const revision = file('app', 'dev', 'revisions', '2.yaml')
      chmodSync(revision, 0o644)
      writeFileSync(revision, readFileSync(revision, 'utf8').replace('eu-west-1', 'eu-evil-1'))
      // A machine that has not seen the revision before: only the seal can tell.
      rmSync(playground.machine, { recursive: true, force: true })
      const ran = await playground.run(['open', 'app/dev', 'region'])
      expect(ran).to.deep.include({ code: 1, out: '' })
      expect(ran.err).to.match(/^Error: .*revision 2.*\nhint: /)
    })

    it('refuses an import that was changed behind its back', async () => {
      const revision = file('base', 'common', 'revisions', '2.yaml')
      chmodSync(revision, 0o644)
      writeFileSync(revision, readFileSync(revision, 'utf8').replace('from: base', 'from: evil'))
      rmSync(playground.machine, { recursive: true, force: true })
      const ran = await playground.run(['open', 'app/dev'])
      expect(ran).to.deep.include({ code: 1, out: '' })
      expect(ran.err).to.match(/^Error: .*base\/common/)
    })
  })

  describe('env edit', () => {
    /** An editor that runs a script with the file as `$1`. */
    function editor(script: string): Readonly<Record<string, string>> {
      const program = join(playground.folder, 'editor')
      writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
      return { EDITOR: program }
    }

    it('saves what the editor wrote, and leaves no file behind', async () => {
      const env = editor(
        `cp "$1" ${playground.folder}/seen; stat -c %a "$1" > ${playground.folder}/mode; sed -i s/eu-west-1/us-east-1/ "$1"`,
      )
      expect(await playground.run(['env', 'edit', 'app/dev'], { env })).to.deep.equal({
        code: 0,
        out: 'Environment updated.\n',
        err: '',
      })
      expect(definition()).to.include('region: us-east-1   # Ireland')
      const seen = readFileSync(join(playground.folder, 'seen'), 'utf8')
      expect(seen).to.include('# Please edit the environment definition above.').and.include('"token": "[unknown]"')
      expect(readFileSync(join(playground.folder, 'mode'), 'utf8')).to.equal('600\n')
      expect(readdirSync(join(playground.folder, 'tmp'))).to.deep.equal([])
    })

    it('changes nothing when nothing was changed', async () => {
      const digest = playground.digest()
      expect((await playground.run(['env', 'edit', 'app/dev'], { env: editor('true') })).out).to.equal(
        'Environment unchanged.\n',
      )
      const shown = await playground.run(['env', 'edit', 'app/dev', '--show-secrets'], {
        env: editor('grep -q "fn::secret: hunter2-hunter2" "$1"'),
      })
      expect(shown).to.deep.include({ code: 0, out: 'Environment unchanged.\n' })
      expect(playground.digest()).to.equal(digest)
    })

    it('shows the mistakes and goes on editing, or gives up', async () => {
      const env = editor(
        `if [ -e ${playground.folder}/again ]; then sed -i 's/\${nope}/fine/' "$1"; else touch ${playground.folder}/again; sed -i 's/eu-west-1/\${nope}/' "$1"; fi`,
      )
      const ran = await playground.run(['env', 'edit', 'app/dev'], { env, input: '\n' })
      expect(ran.out).to.equal('Environment updated.\n')
      expect(ran.err).to.match(
        /^Error: unknown property "nope"\n\n {2}on app\/dev line 5:\n {3}5: .*\n\nPress ENTER to continue editing or \^D to exit$/,
      )
      expect(definition()).to.include('region: fine')

      const digest = playground.digest()
      const given = await playground.run(['env', 'edit', 'app/dev'], { env: editor('sed -i "s/fine/\\${nope}/" "$1"') })
      expect(given.code).to.equal(1)
      expect(given.err).to.include('Aborting edit.')
      expect(playground.digest()).to.equal(digest)
    })

    it('an empty definition aborts, a failing editor fails', async () => {
      const digest = playground.digest()
      expect(await playground.run(['env', 'edit', 'app/dev'], { env: editor(': > "$1"') })).to.deep.equal({
        code: 0,
        out: '',
        err: 'Aborting edit due to empty definition.\n',
      })
      const failed = await playground.run(['env', 'edit', 'app/dev'], { env: editor('exit 3') })
      expect(failed).to.deep.include({ code: 1 })
      expect(failed.err).to.match(/^Error: editor: exit status 3\n/)
      expect((await playground.run(['env', 'edit', 'app/dev', '--editor', 'no-such-editor'])).err).to.match(
        /^Error: finding "no-such-editor" on path: command not found\n/,
      )
      expect(playground.digest()).to.equal(digest)
      expect(readdirSync(join(playground.folder, 'tmp'))).to.deep.equal([])
    })

    it('is refused when somebody else saved in between', async () => {
      const env = editor(
        `sed -i s/eu-west-1/mine/ "$1"; touch ${playground.folder}/editing; while [ -e ${playground.folder}/editing ]; do sleep 0.02; done`,
      )
      const editing = playground.run(['env', 'edit', 'app/dev'], { env })
      while (!existsSync(join(playground.folder, 'editing'))) await new Promise((done) => setTimeout(done, 10))
      await playground.ok('env', 'set', 'app/dev', 'region', 'theirs')
      rmSync(join(playground.folder, 'editing'))
      const ran = await editing
      expect(ran.code).to.equal(1)
      expect(ran.err).to.match(/^Error: .*Ada Lovelace has since saved revision 3\nhint: /)
      expect(definition()).to.include('region: theirs')
    })
  })

  describe('hand edits of environment.yaml', () => {
    const edit = () =>
      writeFileSync(file('app', 'dev', 'environment.yaml'), definition().replace('eu-west-1', 'by-hand'))

    it('are warned of when reading, and stop writing', async () => {
      edit()
      const opened = await playground.run(['open', 'app/dev', 'region'])
      expect(opened.out).to.equal('"eu-west-1"\n')
      expect(opened.err).to.match(/^warning: .*environment\.yaml has changes that are not saved; revision 2 is used/)
      const set = await playground.run(['env', 'set', 'app/dev', 'a', '1'])
      expect(set.code).to.equal(1)
      expect(set.err).to.match(/^Error: .* was edited by hand and is not saved\nhint: .*esc env save app\/dev/)
      expect(await playground.ok('env', 'status')).to.match(/^app\/dev {2}revision 2, edited by hand and not saved/)
    })

    it('are saved with their secrets encrypted', async () => {
      writeFileSync(
        file('app', 'dev', 'environment.yaml'),
        `${definition()}  more: {fn::secret: swordfish-swordfish}\n`,
      )
      expect(await playground.ok('env', 'save', 'app/dev')).to.equal("New revision '3' was created.\n")
      expect(grep(playground.store)).to.not.include('swordfish')
      expect(await playground.ok('open', 'app/dev', 'more')).to.equal('"swordfish-swordfish"\n')
      expect(await playground.ok('env', 'save', 'app/dev')).to.equal("Nothing to save in 'app/dev'.\n")
    })

    it('are discarded', async () => {
      const before = definition()
      edit()
      await playground.ok('env', 'discard', 'app/dev')
      expect(definition()).to.equal(before)
    })
  })

  it('env version history: newest first, from a version back, as JSON', async () => {
    await playground.ok('env', 'set', 'app/dev', 'a', '1')
    const changes = ['', 'create', 'edit', 'set']
    const block = (number: number) =>
      `revision ${number}\nAuthor: Ada Lovelace <ada@example.com>\nDate:   2026-03-04 05:06:07 +0000 UTC\nChange: ${changes[number]}\n\n`
    expect(await playground.ok('env', 'version', 'history', 'app/dev', '--utc')).to.equal(
      block(3) + block(2) + block(1),
    )
    expect(await playground.ok('env', 'version', 'history', 'app/dev@2', '--utc')).to.equal(block(2) + block(1))
    const { revisions } = JSON.parse(await playground.ok('env', 'version', 'history', 'app/dev', '--output', 'json'))
    expect(revisions[0]).to.deep.equal({
      number: 3,
      created: '2026-03-04T05:06:07.000Z',
      creatorLogin: 'ada@example.com',
      creatorName: 'Ada Lovelace',
      change: 'set',
      tags: null,
    })
  })

  it('keeps temporary files of open private', async () => {
    await playground.ok('env', 'set', 'app/dev', 'files.CONFIG', 'token=${token}')
    const shown = await playground.ok('open', 'app/dev', '-f', 'dotenv')
    const path = /^CONFIG="(.*)"$/m.exec(shown)?.[1] as string
    expect(readFileSync(path, 'utf8')).to.equal('token=hunter2-hunter2')
    expect(statSync(path).mode & 0o777).to.equal(0o600)
  })
})
