import { expect } from 'chai'
import { dropRotatorState } from '../../src/operations/rotating/rotator-state.ts'

describe('a copy of rotators', () => {
  it('has the rotators without their credentials', () => {
    const text = `values:
  a:
    fn::rotate::password:
      # how long
      inputs: {length: 20}
      state:
        current: {fn::secret: {ciphertext: x}}
  b.c:
    fn::rotate: {provider: passphrase, inputs: {}, state: {current: y}}
  d:
    fn::rotate::password: {inputs: {}}
  state: not of a rotator
`
    expect(dropRotatorState('app/dev', text)).to.deep.equal({
      text: `values:
  a:
    fn::rotate::password:
      # how long
      inputs: {length: 20}
  b.c:
    fn::rotate: {provider: passphrase, inputs: {}}
  d:
    fn::rotate::password: {inputs: {}}
  state: not of a rotator
`,
      dropped: ['a', '["b.c"]'],
    })
  })

  it('leaves everything else, and what cannot be read, as it is', () => {
    for (const text of ['', 'values: {a: 1}\n', 'values: [']) {
      expect(dropRotatorState('app/dev', text)).to.deep.equal({ text, dropped: [] })
    }
  })
})
