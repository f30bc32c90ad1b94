import { expect } from 'chai'
import { quote } from '../../src/yaml/index.ts'

describe('quote()', () => {
  it('escapes quotes, backslashes and controls', () => {
    expect(quote('a"b\\c')).to.equal('"a\\"b\\\\c"')
    expect(quote('\x07\b\f\n\r\t\v\x00\x1b\x7f')).to.equal('"\\a\\b\\f\\n\\r\\t\\v\\x00\\x1b\\x7f"')
  })

  it('keeps letters of any script and escapes what cannot be seen', () => {
    expect(quote('世界 é 🙂')).to.equal('"世界 é 🙂"')
    expect(quote('\u00a0\u00ad\u200b\u2028')).to.equal('"\\u00a0\\u00ad\\u200b\\u2028"')
    expect(quote('\u{e0001}')).to.equal('"\\U000e0001"')
  })

  it('shows half a surrogate pair as the replacement character', () => {
    expect(quote('a\ud800b')).to.equal('"a\ufffdb"')
  })
})
