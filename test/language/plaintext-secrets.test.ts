import { expect } from 'chai'
import { findPlaintextSecrets } from '../../src/language/index.ts'

const lines = (text: string) => findPlaintextSecrets(text).map(({ line, inComment }) => (inComment ? -line : line))

describe('findPlaintextSecrets()', () => {
  it('finds plaintext in every document of a stream, and no ciphertext', () => {
    expect(lines('values:\n  a:\n    fn::secret: pw\n')).to.deep.equal([3])
    expect(lines('values:\n  a:\n    fn::secret:\n      ciphertext: ZXNj\n')).to.deep.equal([])
    expect(lines('revision: 2\n---\nvalues: {}\n---\nb: {fn::secret: pw}\n---\nc: {fn::Secret: pw}\n')).to.deep.equal([
      5, 7,
    ])
    expect(lines('values: {}\r\n...\r\nb:\r\n  "fn::secret": pw\r\n')).to.deep.equal([4])
    expect(lines('values: {}\n--- {fn::secret: pw}\n')).to.deep.equal([2])
    expect(lines('values: {}\n...\nfn::secret: [1]\n')).to.deep.equal([3])
  })

  it('finds plaintext in text that is not YAML', () => {
    expect(lines('values: {}\n---\nb: {fn::secret: "pw}\n')).to.deep.equal([3])
    expect(lines('values: [\n  fn::secret: pw\n')).to.deep.equal([2])
    expect(lines('values: [\n  fn::secret: {ciphertext: ZXNj}\n')).to.deep.equal([])
  })

  it('finds plaintext in comments, but not placeholders or strings about it', () => {
    expect(lines('values:\n  # a: {fn::secret: hunter2}\n  b: 1\n')).to.deep.equal([-2])
    expect(lines('values:\n  # a:\n  #   fn::secret: hunter2\n  b: 1\n')).to.deep.equal([-3])
    expect(
      lines('values:\n  # a: {fn::secret: <token>}\n  # fn::secret: ...\n  # fn::secret:\n  #   ciphertext: ZXNj\n'),
    ).to.deep.equal([])
    expect(lines('description: "write fn::secret: value"\nvalues:\n  a: |\n    fn::secret: template\n')).to.deep.equal(
      [],
    )
  })
})
