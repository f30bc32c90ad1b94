import { expect } from 'chai'
import { cutFooter, withFooter } from '../../../src/operations/editing/edit-footer.ts'

describe('the footer below a definition that is edited', () => {
  const footer = { diagnostics: 'Error: bad\n\n  on app/dev line 1:\n   1: a\n\n', valueJson: '{\n  "a": 1\n}' }

  for (const definition of [
    'values: {a: 1}\n',
    '---\nvalues: {a: 1}\n',
    'values:\n  a: |\n    x\n    ---\n    y\n',
    '# c\n---\nvalues: {}\n',
    '',
  ]) {
    it(`comes off again below ${JSON.stringify(definition)}`, () => {
      expect(cutFooter(withFooter(definition, footer))).to.equal(definition)
      expect(cutFooter(withFooter(definition, { diagnostics: '', valueJson: undefined }))).to.equal(definition)
    })
  }

  it('adds the line break that the definition lacks', () => {
    expect(cutFooter(withFooter('values: {}', footer))).to.equal('values: {}\n')
  })

  it('comes off when its comment was changed', () => {
    expect(cutFooter('values: {}\n---\n# something else\n{}\n')).to.equal('values: {}\n')
  })

  it('shows diagnostics and value as comments and JSON', () => {
    expect(withFooter('values: {}\n', footer))
      .to.include('---\n# Diagnostics\n#\n# Error: bad\n#\n#   on app/dev line 1:\n')
      .and.include('{\n  "a": 1\n}\n')
  })
})
