import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { expect } from 'chai'
import type { Checkout } from './machine.ts'
import { expectQuiet, plant, sceneOf } from './scene.ts'

/** Sets the title of the window, clears the screen, moves the cursor, and hides what follows. */
const escapes = '\u001b]0;evil\u0007\u001b[2J\u001b[1;1H\u001b[8m\u009b31m\u202eevil\rnew'
const quoted = JSON.stringify(escapes).replaceAll('\u009b', '\\u009b').replaceAll('\u202e', '\\u202e')

describe('escape sequences for a terminal in what nobody has sealed', function () {
  this.timeout(60_000)
  const scene = sceneOf(async (victim) => {
    const rotated = 'values:\n  session:\n    fn::rotate::password:\n      inputs: {length: 20}\n'
    await victim.okWith(rotated, 'env', 'init', 'rotators/ci', '--file', '-')
    await victim.ok('env', 'rotate', 'rotators/ci', '--force')
    await victim.ok('env', 'tag', 'rotators/ci', 'team', 'platform')
    await victim.ok('env', 'webhook', 'new', 'rotators/ci', 'on call', '--url', 'https://example.com/hook')
  })

  function attack(attacker: Checkout): void {
    attacker.edit('rotators/ci/settings.yaml', (text) => text.replace('platform', quoted).replace('on call', quoted))
    const settings = attacker.read('rotators/ci/settings.yaml')
    writeFileSync(attacker.path('rotators/ci/settings.yaml'), `${settings}evil: ${quoted}\n`)
    const [line] = attacker.read('rotators/ci/events/rotations.jsonl').split('\n')
    const changed = JSON.stringify(JSON.parse(line!), (_, value) =>
      typeof value === 'string' && !/^\d{4}-/.test(value) ? escapes : value,
    )
    appendFileSync(attacker.path('rotators/ci/events/rotations.jsonl'), `${changed}\n`)
    appendFileSync(attacker.path('rotators/ci/events/schedules.jsonl'), `${changed}\n`)
    attacker.edit('esc.yaml', (text) => text.replace('organization: local', `organization: ${quoted}`))
    plant(attacker, 'evil/env', `values:\n  text: ${quoted}\n  ${quoted}: \${nothing}\n`)
    attacker.edit('evil/env/revisions/1.yaml', (text) => text.replace('Eve', quoted))
    mkdirSync(attacker.path('evil', `e${escapes.replaceAll('/', '')}`), { recursive: true })
    writeFileSync(attacker.path('evil', `e${escapes}`, 'settings.yaml'), '')
    writeFileSync(attacker.path('evil/env', `x${escapes}`), '')
  }

  const commands = [
    ['env', 'ls'],
    ['check'],
    ['status'],
    ['env', 'tag', 'ls', 'rotators/ci'],
    ['env', 'tag', 'get', 'rotators/ci', 'team'],
    ['env', 'webhook', 'list', 'rotators/ci'],
    ['env', 'rotate', 'history', 'rotators/ci'],
    ['env', 'schedule', 'history', 'rotators/ci'],
    ['env', 'schedule', 'list'],
    ['env', 'rotators'],
    ['env', 'version', 'history', 'evil/env'],
    ['env', 'version', 'history', 'rotators/ci'],
    ['env', 'get', 'evil/env', 'nothing'],
    ['env', 'get', 'evil/env'],
    ['env', 'graph'],
    ['env', 'status'],
    ['open', 'evil/env'],
    ['open', `evil/${escapes}`],
    ['trust', 'show'],
    ['audit', 'log'],
    ['env', 'referrer', 'list', 'evil/env'],
    ['env', 'settings', 'get', 'rotators/ci'],
  ]

  it(`reach no terminal: ${commands.map((words) => words.slice(0, 3).join(' ')).join(', ')}`, async () => {
    const readers = await scene.current().readers(attack)
    const found: string[] = []
    for (const { title, checkout } of readers.slice(0, 1)) {
      for (const words of commands) {
        const ran = await checkout.esc(words)
        expectQuiet(ran, `${title}: ${words.join(' ')}`)
        const raw = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.exec(ran.out + ran.err)
        if (raw !== null)
          found.push(`${words.join(' ')} (${ran.code}): ${JSON.stringify(ran.out + ran.err).slice(0, 600)}`)
      }
    }
    expect(found, found.join('\n')).to.deep.equal([])
  })
})
