import { expect } from 'chai'
import Open from '../../../src/cli/commands/open.ts'
import Run from '../../../src/cli/commands/run.ts'
import { boolean, choice, duration, parseDurationSeconds, text } from '../../../src/cli/framework/flags.ts'
import { parseArguments } from '../../../src/cli/framework/parse-arguments.ts'

const flags = {
  format: text({ description: '', char: 'f' }),
  interactive: boolean({ description: '', char: 'i' }),
  yes: boolean({ description: '', char: 'y' }),
  draft: text({ description: '', bare: 'new' }),
}

function parse(...words: string[]) {
  const { positionals, flags: found, beforeDashes, help } = parseArguments(words, flags)
  return { positionals, flags: Object.fromEntries(found), beforeDashes, help }
}

describe('parseArguments', () => {
  it('takes flags before, between and after positionals', () => {
    expect(parse('-f', 'a', 'x', '--yes', 'y', '--format=b')).to.deep.equal({
      positionals: ['x', 'y'],
      flags: { format: ['a', 'b'], yes: ['true'] },
      beforeDashes: undefined,
      help: false,
    })
  })

  for (const words of [['-f', 'v'], ['-fv'], ['-f=v'], ['--format', 'v'], ['--format=v']]) {
    it(`reads ${words.join(' ')}`, () => {
      expect(parse(...words).flags).to.deep.equal({ format: ['v'] })
    })
  }

  it('groups boolean shorts, the last of a group may take a value', () => {
    expect(parse('-iyf', 'v').flags).to.deep.equal({ interactive: ['true'], yes: ['true'], format: ['v'] })
    expect(parse('-iyfv').flags).to.deep.equal({ interactive: ['true'], yes: ['true'], format: ['v'] })
  })

  it('gives a boolean a value only after =', () => {
    expect(parse('--yes', 'false').positionals).to.deep.equal(['false'])
    expect(parse('--yes=false').flags).to.deep.equal({ yes: ['false'] })
  })

  it('gives a flag with an optional value one only after =', () => {
    expect(parse('--draft', 'x')).to.deep.include({ positionals: ['x'], flags: { draft: ['new'] } })
    expect(parse('--draft=x').flags).to.deep.equal({ draft: ['x'] })
  })

  it('takes the word after a flag as its value even when it looks like a flag', () => {
    expect(parse('--format', '--yes').flags).to.deep.equal({ format: ['--yes'] })
    expect(parse('-f', '-').flags).to.deep.equal({ format: ['-'] })
  })

  it('takes everything after -- as positionals, in order, repeated words included', () => {
    expect(parse('a', '--', 'git', '-i', 'git', 'a')).to.deep.include({
      positionals: ['a', 'git', '-i', 'git', 'a'],
      beforeDashes: 1,
    })
  })

  it('leaves the rest alone once enough positionals have been read', () => {
    const parsed = parseArguments(['env', '-i', 'ls', '-i', '--', '--help'], flags, { stopAfter: () => 2 })
    expect(parsed.positionals).to.deep.equal(['env', 'ls', '-i', '--', '--help'])
    expect(parsed.help).to.equal(false)
    expect([...parsed.flags.keys()]).to.deep.equal(['interactive'])
  })

  it('knows --help and -h', () => {
    expect(parse('x', '--help').help).to.equal(true)
    expect(parse('-h').help).to.equal(true)
    expect(parse('--', '-h').help).to.equal(false)
  })

  for (const [words, message] of [
    [['--nope'], 'unknown flag: --nope'],
    [['--nope=1'], 'unknown flag: --nope'],
    [['-x'], "unknown shorthand flag: 'x' in -x"],
    [['-ix'], "unknown shorthand flag: 'x' in -ix"],
    [['--format'], 'flag needs an argument: --format'],
    [['-f'], "flag needs an argument: 'f' in -f"],
    [['--constructor'], 'unknown flag: --constructor'],
  ] as const) {
    it(`refuses ${words.join(' ')} with a usage error`, () => {
      expect(() => parse(...words))
        .to.throw(message)
        .with.property('code', 'usage')
    })
  }
})

describe('flags', () => {
  it('hand on a lifetime that was typed, and no other', () => {
    for (const { flags } of [Open, Run]) {
      const { lifetime } = flags
      expect(lifetime.read([], 'lifetime')).to.equal(undefined)
      expect(lifetime.read(['90s'], 'lifetime')).to.equal(90)
      for (const nothing of ['0', '-1h']) {
        expect(() => lifetime.read([nothing], 'lifetime')).to.throw('for "-l, --lifetime" flag: expected more than')
      }
    }
  })

  it('reads durations with units', () => {
    expect(parseDurationSeconds('2h0m0s')).to.equal(7200)
    expect(parseDurationSeconds('1h30m')).to.equal(5400)
    expect(parseDurationSeconds('300ms')).to.equal(0.3)
    expect(parseDurationSeconds('1.5h')).to.equal(5400)
    expect(parseDurationSeconds('0')).to.equal(0)
    expect(parseDurationSeconds('-1.5h')).to.equal(-5400)
    expect(parseDurationSeconds('+.5s1.m250us')).to.equal(60.50025)
    expect(parseDurationSeconds('2µs')).to.equal(parseDurationSeconds('2μs'))
    expect(parseDurationSeconds('-0')).to.equal(0)
    for (const wrong of [
      '',
      '10',
      'h',
      '1d',
      '1h30',
      'abc',
      '+',
      '.',
      '.s',
      '1..5s',
      '00',
      '1h-5m',
      ' 1s',
      '1s\n',
      '1e3s',
    ])
      expect(parseDurationSeconds(wrong), wrong).to.equal(undefined)
  })

  it('refuses a duration that is none, naming the flag', () => {
    const lifetime = duration({ description: '', char: 'l', default: '2h' })
    expect(lifetime.read([], 'lifetime')).to.equal(7200)
    expect(() => lifetime.read(['10'], 'lifetime')).to.throw('invalid argument "10" for "-l, --lifetime" flag: ')
  })

  it('lets the last of several values count', () => {
    expect(text({ description: '' }).read(['a', 'b'], 'x')).to.equal('b')
    expect(boolean({ description: '' }).read(['true', 'false'], 'x')).to.equal(false)
  })

  it('refuses a word that is none of the choices', () => {
    const format = choice({ description: '', options: ['json', 'yaml'], default: 'json', alsoAccepted: { js: 'json' } })
    expect(format.read([], 'format')).to.equal('json')
    expect(format.read(['js'], 'format')).to.equal('json')
    expect(() => format.read(['toml'], 'format')).to.throw('invalid --format "toml": must be one of json, yaml')
  })
})
