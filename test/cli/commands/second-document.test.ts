import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { Store } from '../../../src/store/index.ts'
import { Playground } from './esc.ts'

const CANARY = 'hunter2-in-the-rest'
const RESTS = {
  'a second document': `---\nvalues: {b: {fn::secret: ${CANARY}}}\n`,
  'text behind the end of the document': `...\nvalues: {b: {fn::secret: ${CANARY}}}\n`,
  'a document on the line of its marker': `--- {fn::secret: ${CANARY}}\n`,
  'a document with directives': `...\n%YAML 1.1\n---\nb: {fn::secret: ${CANARY}}\n`,
  'a third document': `---\n---\nb: {fn::secret: ${CANARY}}\n`,
  'a document that is not YAML': `---\nb: {fn::secret: "${CANARY}\n`,
}

describe('a definition that goes on behind its first YAML document', () => {
  let playground: Playground
  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment('app/dev', 'values: {a: 1}\n')
  })
  afterEach(() => playground.remove())

  const write = (name: string, text: string): string => {
    const file = join(playground.folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }

  /** Saves a definition as it is, as versions did that did not look behind the first document. */
  const saveAsBefore = async (definition: string) => {
    const world = {
      state: playground.machine,
      keys: { env: playground.env, configFolder: join(playground.folder, 'config'), notify: () => {} },
    }
    const by = { author: { name: 'Ada' }, created: new Date('2026-03-01T00:00:00Z') }
    const environment = await Store.open(playground.store, world).additions.create('app/old', by)
    await environment.append({ base: 1, definition, change: 'edit', ...by })
    return environment
  }

  /** Nothing of the rest is on disk below the store. */
  const isNowhere = () => {
    for (const entry of readdirSync(playground.store, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      expect(readFileSync(join(entry.parentPath, entry.name), 'utf8'), entry.name).to.not.include(CANARY)
    }
  }

  for (const [title, rest] of Object.entries(RESTS)) {
    for (const eol of ['\n', '\r\n']) {
      it(`is refused by edit, init, apply and save: ${title}${eol === '\n' ? '' : ', CRLF'}`, async () => {
        const text = `values: {a: 2}\n${rest}`.replaceAll('\n', eol)
        const file = join(playground.folder, 'wanted', 'app', 'dev.yaml')
        write('wanted/app/dev.yaml', text)
        for (const words of [
          ['env', 'edit', 'app/dev', '--file', file],
          ['env', 'init', 'app/other', '--file', file],
          ['env', 'apply', '-f', join(playground.folder, 'wanted')],
        ]) {
          const ran = await playground.run(words)
          expect(ran.code, words.join(' ')).to.equal(1)
          expect(ran.err + ran.out)
            .to.match(/app\/\w+:\d+:\d+|goes on behind it/)
            .and.to.not.include(CANARY)
          isNowhere()
        }
        const working = join(playground.store, 'app', 'dev', 'environment.yaml')
        writeFileSync(working, text)
        const saved = await playground.run(['env', 'save', 'app/dev'])
        expect(saved.code).to.equal(1)
        expect(saved.err).to.include('one YAML document').and.to.not.include(CANARY)
        await playground.ok('env', 'discard', 'app/dev')
        isNowhere()
      })
    }
  }

  it('is refused as a value', async () => {
    const value = `a: 1\n---\nb: ${CANARY}\n`
    const set = await playground.run(['env', 'set', 'app/dev', 'x', value])
    expect(set.code).to.equal(2)
    expect(set.err).to.include('the text goes on behind it').and.to.not.include(CANARY)
    expect(await playground.ok('open', 'app/dev', '--format', 'json')).to.include('"a": 1')
  })

  it('may end in a document end and comments', async () => {
    write('fine.yaml', '%YAML 1.1\n---\nvalues: {a: 3}\n...\n# the end\n\n...\n')
    await playground.ok('env', 'edit', 'app/dev', '--file', join(playground.folder, 'fine.yaml'))
    expect((await playground.run(['check'])).code).to.equal(0)
  })

  it('of an earlier version opens, and check finds the plaintext in whatever revision', async () => {
    const environment = await saveAsBefore(`values: {a: 1}\n---\nb: {fn::secret: ${CANARY}}\n`)
    expect(await playground.ok('open', 'app/old')).to.include('"a": 1')
    expect(environment.current().number).to.equal(2)
    const checked = await playground.run(['check', 'app/old', '--output', 'json'])
    expect(checked.code).to.equal(1)
    const { findings } = JSON.parse(checked.out)
    expect(findings.map(({ kind, severity }: { kind: string; severity: string }) => `${severity} ${kind}`)).to.include(
      'error plaintext_secret',
    )
    expect(checked.out + checked.err).to.not.include(CANARY)

    // Whoever has changed the secret says so by retracting the revision.
    await playground.ok('env', 'edit', 'app/old', '--file', write('new.yaml', 'values: {a: 2}\n'))
    expect((await playground.run(['check', 'app/old'])).code).to.equal(1)
    await playground.ok('env', 'version', 'retract', 'app/old@2', '--replace-with', '3')
    const retracted = await playground.run(['check', 'app/old'])
    expect(retracted.code, retracted.out).to.equal(0)
    expect(retracted.out).to.include('note: revision 2')
  })

  it('of an earlier version rotates', async () => {
    const rotator = 'values:\n  p:\n    fn::rotate::password:\n      inputs: {length: 20}\n'
    await saveAsBefore(`${rotator}---\nb: {c: 1}\n`)
    await playground.ok('env', 'rotate', 'app/old')
    const { p } = JSON.parse(await playground.ok('open', 'app/old'))
    expect(p.current).to.have.length(20)
  })

  it('warns of a secret in a comment when it is saved, and check finds it', async () => {
    const file = write('comment.yaml', `values:\n  # b: {fn::secret: ${CANARY}}\n  a: 2\n`)
    const ran = await playground.run(['env', 'edit', 'app/dev', '--file', file])
    expect(ran.code).to.equal(0)
    expect(ran.err)
      .to.match(/Warning: this comment has an fn::secret[\s\S]*line 2|app\/dev:2/)
      .and.to.not.include(CANARY)
    expect((await playground.run(['check'])).out).to.match(/^warning: revision 3 .*comment.*line \d+ of the file/m)
  })
})
