import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

/**
 * Sets the title, moves the cursor, and turns text round: in YAML and JSON escapes, so that files
 * may hold it.
 */
const HOSTILE = '\\u001b]0;owned\\u0007\\u009b2J\\u202egnp\\u2066'
const DANGEROUS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

describe('texts that somebody has put into a store', () => {
  const playground = new Playground()
  after(() => playground.remove())

  before(async () => {
    const hostile = JSON.parse(`"${HOSTILE}"`) as string
    await playground.withEnvironment(
      'app/dev',
      'values: {region: eu, password: {fn::rotate::password: {inputs: {}}}}\n',
    )
    await playground.ok('env', 'rotate', 'app/dev')
    await playground.ok('env', 'tag', 'app/dev', 'team', `a${hostile}`)
    await playground.ok('env', 'version', 'tag', 'app/dev@stable')
    await playground.run(['env', 'webhook', 'new', 'app/dev', `hook${hostile}`, '--url', 'https://example.com/hook'])
    await playground.ok('env', 'schedule', 'new', 'app/dev', '--cron', '0 3 * * *')
    await playground.run(['env', 'set', 'app/dev', 'region', 'us'], {
      env: { ESC_AUTHOR: `Ada${hostile} <ada${hostile}@example.com>` },
    })
    // What no seal covers, as somebody with an editor would change it.
    const environment = join(playground.store, 'app', 'dev')
    const replaceIn = (file: string, from: string | RegExp, to: string) => {
      const text = readFileSync(file, 'utf8')
      const changed = text.replace(from, to)
      expect(changed, `${file} has ${from}`).to.not.equal(text)
      writeFileSync(file, changed)
    }
    for (const file of readdirSync(join(environment, 'revisions')))
      if (file === '1.yaml')
        replaceIn(join(environment, 'revisions', file), /author: .*/, `author: "Eve${HOSTILE} <e@x>"`)
    replaceIn(join(environment, 'events', 'rotations.jsonl'), /"id":"[^"]*"/, `"id":"id${HOSTILE}"`)
    replaceIn(join(environment, 'events', 'rotations.jsonl'), /"password"/g, `"password${HOSTILE}"`)
    replaceIn(join(playground.store, 'esc.yaml'), /$/, `\nunknown: "${HOSTILE}"\n`)
    mkdirSync(join(playground.store, `odd${hostile}`, 'dev'), { recursive: true })
    writeFileSync(join(playground.store, `odd${hostile}`, 'dev', 'environment.yaml'), 'values: {}\n')
    writeFileSync(join(playground.folder, 'bad.yaml'), `values: {a: "\${${hostile}}"}\n`)
  })

  const commands: readonly (readonly string[])[] = [
    ['env', 'ls'],
    ['env', 'get', 'app/dev'],
    ['env', 'version', 'app/dev'],
    ['env', 'version', 'history', 'app/dev'],
    ['env', 'version', 'tag', 'ls', 'app/dev'],
    ['env', 'tag', 'ls', 'app/dev'],
    ['env', 'tag', 'get', 'app/dev', 'team'],
    ['env', 'rotate', 'history', 'app/dev'],
    ['env', 'rotators'],
    ['env', 'webhook', 'ls', 'app/dev'],
    ['env', 'webhook', 'list', 'app/dev'],
    ['env', 'schedule', 'list', 'app/dev'],
    ['env', 'schedule', 'history', 'app/dev'],
    ['env', 'settings', 'get', 'app/dev'],
    ['env', 'diff', 'app/dev@1', 'app/dev'],
    ['env', 'status', 'app/dev'],
    ['env', 'init', 'app/bad', '--file', 'bad.yaml'],
    ['audit', 'log'],
    ['check'],
    ['status'],
    ['access', 'list'],
    ['env', 'open', `no${JSON.parse(`"${HOSTILE}"`)}/such`],
    ['env', 'get', 'app/dev', `a.${JSON.parse(`"${HOSTILE}"`)}`],
  ]

  for (const output of [[], ['--output', 'json']]) {
    it(`reach no terminal as escape sequences, and no log either${output.length > 0 ? ', as JSON' : ''}`, async () => {
      let shown = ''
      for (const words of commands) {
        for (const terminal of [false, true]) {
          const io = { stdoutIsTerminal: terminal, stderrIsTerminal: terminal }
          const { out, err } = await playground.run([...words, ...output], { io, env: { NO_COLOR: '1' } })
          // The line for the person who waits is our own drawing.
          const prose = (out + err).replaceAll(/\r?\x1b\[K|\r[^\n]*\x1b\[K/g, '')
          expect(prose, words.join(' ')).to.not.match(DANGEROUS)
          shown += prose
        }
      }
      // They were there, and escaped.
      expect(shown.split('\\u001b]0;owned\\u0007\\u009b2J\\u202egnp\\u2066').length).to.be.greaterThan(10)
    })
  }

  it('that are asked for as values come as they are', async () => {
    const { out } = await playground.run(['env', 'get', 'app/dev', '--definition'])
    expect(out).to.include('region: us')
    await playground.withEnvironment('app/raw', `values: {a: "${HOSTILE}"}\n`)
    expect(await playground.ok('open', 'app/raw', 'a', '--format', 'string')).to.equal(
      `${JSON.parse(`"${HOSTILE}"`)}\n`,
    )
    expect(await playground.ok('env', 'get', 'app/raw', 'a', '--value', 'string')).to.equal(
      `${JSON.parse(`"${HOSTILE}"`)}\n`,
    )
  })
})
