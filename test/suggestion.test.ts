import { expect } from 'chai'
import { nearest } from '../src/suggestion.ts'

describe('nearest', () => {
  const names = ['aws-iam', 'aws-login', 'password', 'passphrase', 'postgres']

  it('finds the name that was meant', () => {
    expect(nearest('pasword', names)).to.equal('password')
    expect(nearest('AWS-IAM', names)).to.equal('aws-iam')
    expect(nearest('asw-iam', names)).to.equal('aws-iam')
    expect(nearest('postgresql', names)).to.equal('postgres')
  })

  it('suggests nothing far-fetched', () => {
    expect(nearest('mongodb', names)).to.equal(undefined)
    expect(nearest('x', names)).to.equal(undefined)
    expect(nearest('', names)).to.equal(undefined)
    expect(nearest('a', [])).to.equal(undefined)
  })
})
