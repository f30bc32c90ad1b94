import { expect } from 'chai'
import { commandNames, commandWords, unneededWords } from './command-words.ts'
import { literalsOf } from './literals.ts'

describe('texts below the faces', () => {
  const found = (text: string, file = 'src/store/a.ts') => commandWords([{ file, text }], ['env', 'trust', 'check'])

  it('name no command and no flag of ours', () => {
    expect(commandWords()).to.deep.equal([])
    expect(commandNames()).to.include.members(['env', 'run', 'open', 'access', 'scheduler', 'trust'])
  })

  it('are found to name a command by this very check, in strings and in templates', () => {
    for (const text of [
      `const hint = 'run "esc env save a/b"'`,
      'const hint = "save it with `esc env save a/b`"',
      'const hint = `save it with "esc env save ${name}"`',
      'const hint = first ? `${second ? `esc trust` : ""}` : ""',
      'hint(/[\'"`/]/, "esc check")',
    ])
      expect(found(text), text).to.have.length(1)
    expect(found('\n\nconst a = `esc check`')[0]).to.match(/^src\/store\/a\.ts:3: "esc check" is of the command line/)
  })

  it('are found to name a flag, but for those of other programs and arguments that stand alone', () => {
    for (const text of [
      "'or pass --force'",
      "'--url cannot be empty'",
      '`leave out ${a}--yaml or not`',
      '`git add; --force`',
    ])
      expect(found(`f(${text})`), text).to.have.length(1)
    for (const text of ["'--force'", "'git commit --amend'", '`--format=${x}`', "'a -- b'", "'a--b'", '`-----BEGIN`'])
      expect(found(`f(${text})`), text).to.deep.equal([])
  })

  it('may be named in comments, by other words, and in faces', () => {
    expect(found('// esc env save\n/** `esc env` --force */\nconst esc = `esc data key v1`')).to.deep.equal([])
    expect(found("'esc environment'")).to.deep.equal([])
    expect(found("'esc env save --force'", 'src/cli/a.ts')).to.deep.equal([])
  })

  it('have no exception that nothing needs', () => {
    expect(unneededWords()).to.deep.equal([])
  })

  it('are read with their escapes, past regular expressions and within templates', () => {
    const source = "const a = x / 2; f(/['\"]/g, 'b\\'c', `d${g('e') + `${h}`}i`) // 'no'\n"
    expect(literalsOf(source).map(({ text }) => text)).to.deep.equal(["b\\'c", 'e', '\0', 'd\0i'])
  })
})
