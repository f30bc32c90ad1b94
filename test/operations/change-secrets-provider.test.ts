import { expect } from 'chai'
import { changeStoreSecretsProvider, openEnvironment, Session, type SessionHost } from '../../src/operations/index.ts'
import { openWorkspace } from '../../src/operations/session/open-workspace.ts'
import { Playground } from '../cli/commands/esc.ts'
import { perform } from './perform.ts'
import { sessionParts } from './session-parts.ts'

describe('from one passphrase to another, at a terminal', () => {
  let playground: Playground
  beforeEach(() => {
    playground = new Playground()
  })
  afterEach(() => playground.remove())

  function workspace(answers: Readonly<Record<string, string>>, asked: string[] = []) {
    const host: SessionHost = {
      cwd: playground.folder,
      env: playground.env,
      notify: () => {},
      now: () => new Date(),
      prompt: async (question, options) => {
        const kind = question.replace(/ for environment.*/, '')
        asked.push(`${kind}${options?.confirm ? ', twice' : ''}`)
        return answers[kind] as string
      },
    }
    return openWorkspace(sessionParts(host))
  }

  it('asks once for each, however many environments there are', async () => {
    await playground.ok('init', '--secrets-provider', 'passphrase')
    for (const name of ['app/one', 'app/two']) {
      const env = { ESC_PASSPHRASE: 'old words' }
      const words = ['env', 'init', name, '--file', '-']
      await playground.run(words, { env, input: `values: {a: {fn::secret: of ${name}}}\n` })
    }
    const asked: string[] = []
    const own = workspace({ Passphrase: 'old words', 'New passphrase': 'new words' }, asked)
    const request = { secretsProvider: 'passphrase' }
    const { result: report } = await new Session(own).perform(changeStoreSecretsProvider, undefined, request)
    expect(report.environments.map(({ status }) => status)).to.deep.equal(['changed', 'changed'])
    expect(asked).to.deep.equal(['Passphrase', 'New passphrase, twice'])
    const fresh = workspace({ Passphrase: 'new words' })
    const opened = await perform(fresh, openEnvironment, fresh.reference('app/two'))
    expect(opened.properties?.a?.value).to.equal('of app/two')
  })
})
