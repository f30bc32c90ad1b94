import { expect } from 'chai'
import { examinedText } from '../../../src/cli/framework/examined-text.ts'

describe('what doctor says of a credential', () => {
  const text = (credential: 'current' | 'foreign', works: boolean | undefined, detail?: string) =>
    examinedText({
      path: 'db',
      rotator: 'postgres',
      status: 'succeeded',
      notes: [],
      checks: [{ credential, what: 'key AKIA1', works, ...(detail !== undefined && { detail }) }],
    })

  it('says once that a foreign credential is not managed here', () => {
    const of = (detail?: string) => text('foreign', undefined, detail)
    expect(of('not managed here')).to.equal('db (postgres)\n  foreign: key AKIA1 is not managed here\n')
    expect(of()).to.equal(of('not managed here'))
    expect(of('not managed here, inactive')).to.include('key AKIA1 is not managed here: inactive\n')
    expect(of('expired in May')).to.include('key AKIA1 is not managed here: expired in May\n')
  })

  it('says the name of the rotator once', () => {
    expect(text('current', undefined, 'postgres: could not connect')).to.include('cannot be told: could not connect\n')
    const about = { path: 'db', rotator: 'postgres', status: 'failed', notes: [], error: 'postgres: no' } as const
    expect(examinedText(about)).to.equal('db (postgres)\n  cannot be examined: no\n')
  })

  it('gives the reason of every other verdict', () => {
    expect(text('current', true)).to.include('key AKIA1 works\n')
    expect(text('current', false, 'refused (28P01)')).to.include('does not work: refused (28P01)\n')
    expect(text('current', undefined, 'the server is out of reach')).to.include('cannot be told: the server is')
  })
})
