import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type EvaluationHost, fromPlain } from '../../src/evaluate/index.ts'
import { createEnvironment, initStore, openEnvironment, Session } from '../../src/operations/index.ts'
import { openWorkspace } from '../../src/operations/session/open-workspace.ts'
import type { Workspace } from '../../src/operations/session/workspace.ts'
import { perform } from './perform.ts'
import { sessionParts } from './session-parts.ts'

describe('the audit trail of an open', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'esc-trail-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const written = (workspace: Workspace): string[] => {
    const audit = join(workspace.store.state.folder, 'audit')
    const lines = readdirSync(audit).flatMap((file) => readFileSync(join(audit, file), 'utf8').trim().split('\n'))
    return lines
      .map((line) => JSON.parse(line))
      .map(({ event, environment, result }) => [event, environment, result].join(' '))
  }

  it('is whole before a provider hears of a secret, and before the values are returned', async () => {
    const seen: string[][] = []
    const provider: EvaluationHost['provider'] = async () => ({
      inputs: true,
      outputs: true,
      async open() {
        seen.push(written(workspace))
        return fromPlain('opened')
      },
    })
    const env = { ESC_CONFIG_HOME: join(folder, 'config'), ESC_AUTHOR: 'Ada <ada@example.com>' }
    const host = { cwd: folder, env, notify: () => {}, now: () => new Date('2026-03-04T05:06:07Z'), provider }
    const parts = sessionParts(host)
    initStore({}, parts)
    const workspace = openWorkspace(parts)
    const make = (name: string, definition: string) =>
      new Session(workspace).perform(createEnvironment, workspace.reference(name), { definition })
    await make('app/base', 'values: {token: {fn::secret: not-a-real-token}}\n')
    await make('app/dev', 'imports: [app/base]\nvalues: {got: {fn::open::somewhere: {with: "${token}"}}}\n')

    const before = written(workspace).length
    const opened = await perform(workspace, openEnvironment, workspace.reference('app/dev'))
    expect(opened.diagnostics).to.deep.equal([])
    const lines = ['environment-open app/dev allowed', 'environment-imported app/base allowed']
    expect(seen.map((each) => each.slice(before))).to.deep.equal([lines])
    expect(written(workspace).slice(before)).to.deep.equal(lines)
  })
})
