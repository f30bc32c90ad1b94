import { expect } from 'chai'
import fc from 'fast-check'
import { formatFloat, resolveScalar } from '../../src/yaml/resolve-scalar.ts'
import { isTimestamp, resolveTagged } from '../../src/yaml/resolve-tagged.ts'

const textOf = (text: string) => {
  const resolved = resolveScalar(text)
  return 'text' in resolved ? resolved.text : resolved.kind
}

describe('resolveScalar()', () => {
  it('knows null and the booleans in their usual casings only', () => {
    for (const text of ['', '~', 'null', 'Null', 'NULL']) expect(textOf(text)).to.equal('null')
    for (const text of ['true', 'True', 'TRUE', 'false', 'False', 'FALSE']) expect(textOf(text)).to.equal('boolean')
    for (const text of ['nULL', 'tRUE', 'yes', 'no', 'on', 'off', 'y', 'n', '<<'])
      expect(textOf(text)).to.equal('string')
  })

  it('writes integers in plain decimal', () => {
    const numbers: Record<string, string> = {
      '+5': '5',
      '-0': '0',
      '0x1F': '31',
      '-0x1f': '-31',
      '0o17': '15',
      '010': '8',
      '0b101': '5',
      '1_000': '1000',
      '18446744073709551615': '18446744073709551615',
      '-9223372036854775808': '-9223372036854775808',
    }
    for (const [text, number] of Object.entries(numbers)) expect(textOf(text), text).to.equal(number)
  })

  it('writes everything else as the shortest text of its double', () => {
    const numbers: Record<string, string> = {
      '1.0': '1',
      '1.50': '1.5',
      '1e3': '1000',
      '123456.5': '123456.5',
      '1234567.5': '1.2345675e+06',
      '1000000.0': '1e+06',
      '0.00001': '1e-05',
      '0.0001': '0.0001',
      '12345678901234567890123': '1.2345678901234568e+22',
      '-0.0': '-0',
      '.5': '0.5',
      '08': '8',
      '1.': '1',
      '.nan': 'NaN',
      '-.inf': '-Inf',
      '+.INF': '+Inf',
    }
    for (const [text, number] of Object.entries(numbers)) expect(textOf(text), text).to.equal(number)
  })

  it('leaves dates, versions, overflows and other lookalikes as strings', () => {
    const strings = [
      '2001-01-01',
      '1e400',
      '0x',
      '0xffffffffffffffffff',
      '1.2.3',
      '-',
      '+',
      '.',
      '.e5',
      '1e',
      '0o8',
      '1:20',
      '--1',
    ]
    for (const text of strings) expect(textOf(text), text).to.equal('string')
  })

  it('formats doubles so that they read back as themselves', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Object.is(Number(formatFloat(value)), value)).to.equal(true)
      }),
    )
  })
})

describe('resolveTagged()', () => {
  it('honours the tags of YAML', () => {
    expect(resolveTagged('!!int', '5')).to.deep.equal({ kind: 'integer', text: '5' })
    expect(resolveTagged('!!float', '42')).to.deep.equal({ kind: 'float', text: '42' })
    expect(resolveTagged('!!float', '1.50')).to.deep.equal({ kind: 'float', text: '1.5' })
    expect(resolveTagged('!!float', '1000000')).to.deep.equal({ kind: 'float', text: '1e+06' })
    expect(resolveTagged('!!null', '')).to.deep.equal({ kind: 'null' })
    expect(resolveTagged('!!binary', 'aGVsbG8=')).to.deep.equal({ kind: 'string' })
    expect(resolveTagged('!!timestamp', '2001-12-14')).to.deep.equal({ kind: 'string' })
    expect(resolveTagged('!tag', 'null')).to.deep.equal({ kind: 'string' })
  })

  it('says which value cannot be converted', () => {
    expect(resolveTagged('!!int', 'foo')).to.deep.equal({ problem: 'yaml: cannot decode !!str `foo` as a !!int' })
    expect(resolveTagged('!!int', '5.5')).to.deep.equal({ problem: 'yaml: cannot decode !!float `5.5` as a !!int' })
    expect(resolveTagged('!!bool', 'yes')).to.deep.equal({ problem: 'yaml: cannot decode !!str `yes` as a !!bool' })
    expect(resolveTagged('!!timestamp', '5')).to.deep.equal({
      problem: 'yaml: cannot decode !!int `5` as a !!timestamp',
    })
    expect(resolveTagged('!!binary', '?')).to.deep.equal({
      problem: 'yaml: !!binary value contains invalid base64 data',
    })
  })

  it('checks dates against the calendar', () => {
    expect(isTimestamp('2024-02-29')).to.equal(true)
    expect(isTimestamp('2023-02-29')).to.equal(false)
    expect(isTimestamp('2001-12-14T21:59:43.10Z')).to.equal(true)
    expect(isTimestamp('2001-12-14 21:59:43')).to.equal(true)
    expect(isTimestamp('2001-12-14 25:59:43')).to.equal(false)
  })
})
