import { expect } from 'chai'
import { parseReference, parseRelativeReference, refuseVersion } from '../../src/operations/references/reference.ts'

const parse = (text: string) => {
  const { name, environment, version } = parseReference(text, () => 'acme')
  return [name, environment, version]
}

describe('parseReference', () => {
  for (const [text, expected] of [
    ['dev', ['default/dev', 'dev', undefined]],
    ['app/dev', ['app/dev', 'dev', undefined]],
    ['acme/app/dev', ['app/dev', 'dev', undefined]],
    ['app/dev@3', ['app/dev', 'dev', '3']],
    ['app/dev:3', ['app/dev', 'dev', '3']],
    ['app/dev@stable', ['app/dev', 'dev', 'stable']],
    ['app/dev@a:b', ['app/dev', 'dev', 'a:b']],
    ['app/dev@', ['app/dev', 'dev', undefined]],
    ['acme/app/dev@latest', ['app/dev', 'dev', 'latest']],
  ] as const) {
    it(`reads ${text}`, () => {
      expect(parse(text)).to.deep.equal(expected)
    })
  }

  for (const [text, message] of [
    ['', 'no environment name specified'],
    ['  ', 'no environment name specified'],
    ['app/', "no environment name specified in 'app/'"],
    ['app/@3', "no environment name specified in 'app/@3'"],
    ['a/b/c/d', "'a/b/c/d' has more than three parts"],
    ['other/app/dev', "'other/app/dev' names the organization 'other'; this store is 'acme'"],
  ] as const) {
    it(`refuses '${text}'`, () => {
      expect(() => parse(text)).to.throw(message)
    })
  }

  it('asks for the organization only when one is written', () => {
    const never = () => {
      throw new Error('asked')
    }
    expect(parseReference('app/dev', never).name).to.equal('app/dev')
  })

  it('reads a version alone relative to another reference', () => {
    const base = parseReference('app/dev@2', () => 'acme')
    expect(parseRelativeReference('@5', base, () => 'acme')).to.include({ name: 'app/dev', version: '5' })
    expect(parseRelativeReference(':old', base, () => 'acme')).to.include({ name: 'app/dev', version: 'old' })
    expect(parseRelativeReference('x/y', base, () => 'acme')).to.include({ name: 'x/y', version: undefined })
  })

  it('refuses a version where none may be', () => {
    expect(() =>
      refuseVersion(
        parseReference('a/b@1', () => ''),
        'edit',
      ),
    ).to.throw('the edit command does not accept versions')
    expect(() =>
      refuseVersion(
        parseReference('a/b', () => ''),
        'edit',
      ),
    ).to.not.throw()
  })
})
