import { expect } from 'chai'
import { evaluateEnvironment } from '../../src/evaluate/index.ts'

describe('the errors of a host', () => {
  it('are handed back by the diagnostics that tell of them, whatever these say', async () => {
    const refusal = new Error('no')
    const failure = new Error('no')
    const text = `imports: [app/closed]
values:
  plain: \${nothing}
  opened: {fn::open::vault: {}}
`
    const { diagnostics, thrown } = await evaluateEnvironment(
      { name: 'app/dev', text, mode: 'open', unlock: () => Promise.reject(new Error('locked')) },
      {
        load: () => Promise.reject(refusal),
        provider: async () => ({ inputs: true, outputs: true, open: () => Promise.reject(failure) }),
        rotator: () => Promise.reject(new Error('none')),
      },
    )
    const errors = diagnostics.map((each) => thrown.get(each))
    expect(errors).to.have.members([refusal, failure, undefined])
    expect(diagnostics.find(({ path }) => path === 'values.opened') ?? diagnostics.at(-1)).to.satisfy(
      (each: (typeof diagnostics)[number]) => thrown.get(each) === failure,
    )
    // What is shown of a diagnostic never has the error.
    expect(JSON.stringify(diagnostics)).not.to.contain('thrown')
  })
})
