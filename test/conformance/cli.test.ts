import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'
import { sample } from '../sample.ts'
import { besideClone } from '../sources.ts'
import { built, replay } from './cli.ts'
import { replayAll } from './run.ts'

const recorded = besideClone('shared/conformance')

/** Sessions that need no double: no provider, clock or name of a temporary file shows in them. */
const withoutDoubles = [
  'env-edit-editor-abort',
  'env-edit-editor-not-found',
  'env-edit-editor-ok',
  'env-edit-file',
  'env-get-definition',
  'env-init-conflict',
  'env-init-diags',
  'env-init-ok',
  'env-ls',
  'env-rm-deletion-protected',
  'env-rm-ok',
  'env-set-invalid',
  'env-set-string',
  'env-settings-set',
  'open-json',
  'open-yaml',
  'run-no-env-error',
]

describe('the recorded sessions with the command line', function () {
  this.timeout(300_000)

  before(function () {
    if (existsSync(join(recorded, 'cli'))) return
    console.log(`      skipped: ${join(recorded, 'cli')} is not there`)
    this.skip()
  })

  it('come out as recorded, but for those that differ on purpose', async () => {
    const others = ['eval', 'eval-extra', 'eval-fuzz', 'parse', 'yaml', 'yaml-edit', 'crypt']
    const [report] = await replayAll(recorded, others)
    const failures = report?.failed.map(({ name, detail }) => `${name}: ${detail}`)
    expect(failures).to.deep.equal([])
    expect(report?.passed).to.be.at.least(40)
  })

  it('come out the same through the built program, where they need no double', async function () {
    if (!existsSync(join(packageRoot, 'dist', 'cli.cjs'))) this.skip()
    const results = await replay(join(recorded, 'cli'), { runner: built, only: sample(withoutDoubles, 6) })
    const failures = results.filter(({ outcome }) => outcome === 'failed')
    expect(failures.map(({ name, detail }) => `${name}: ${detail}`)).to.deep.equal([])
    expect(results).to.have.length.at.least(5)
  })
})
