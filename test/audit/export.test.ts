import { expect } from 'chai'
import { type AuditLine, auditCef, auditCsv, auditSettings } from '../../src/audit/index.ts'

const line: AuditLine = {
  sequence: 1,
  previous: '',
  time: '2026-03-04T05:06:07.000Z',
  event: 'environment-open',
  result: 'denied',
  environment: 'app/dev',
  user: '=cmd|"x", y',
  userFrom: 'git',
  host: 'ma|chine',
  process: 7,
  command: 'env open',
}

describe('exported audit lines', () => {
  it('have the columns of the hosted service, and no formulas', () => {
    expect(auditCsv([line])).to.equal(
      'Timestamp,Name,Login,Event,Description,SourceIP,RequireOrgAdmin,RequireStackAdmin,AuthenticationFailure,Token\r\n' +
        '2026-03-04T05:06:07.000Z,"\'=cmd|""x"", y","\'=cmd|""x"", y",environment-open,' +
        `"'=cmd|""x"", y may not open environment 'app/dev'",ma|chine,false,false,true,\r\n`,
    )
    const called = { ...line, user: 'ada', token: '-laptop', address: '203.0.113.7' }
    expect(auditCsv([called])).to.match(/,203\.0\.113\.7,false,false,true,'-laptop\r\n$/)
  })

  it('are escaped as CEF asks for', () => {
    expect(auditCef([line], '1.2')).to.equal(
      'Mar 04 05:06:07 ma\\|chine CEF:0|esc|esc|1.2|environment-open|=cmd\\|"x", y may not open environment \'app/dev\'|8|' +
        'dvchost=ma|chine rt=1772600767000 suser=\\=cmd|"x", y requireOrgAdmin=false requireStackAdmin=false authenticationFailure=true ' +
        'outcome=denied cs1Label=environment cs1=app/dev spid=7 sproc=esc env open\n',
    )
    const called = { ...line, token: 'lap=top', address: '203.0.113.7' }
    expect(auditCef([called], '1'))
      .to.include(' src=203.0.113.7 ')
      .and.include(' cs2Label=token cs2=lap\\=top ')
    expect(auditCef([{ ...line, user: 'a\nb\\c' }], '1')).to.include('suser=a\\nb\\\\c ')
  })
})

describe('audit settings', () => {
  const file = 'esc.yaml'
  it('keep the log beside the store, and are not strict, unless they say so', () => {
    expect(auditSettings(undefined, file)).to.deep.equal({ keep: 'beside', required: false })
    expect(auditSettings({ keep: 'repository', required: true }, file)).to.deep.equal({
      keep: 'repository',
      required: true,
    })
    expect(auditSettings({ keep: false }, file).keep).to.equal('off')
  })

  for (const [section, message] of [
    ['off', /audit is not a mapping/],
    [{ keep: 'no' }, /audit\.keep is 'no'/],
    [{ kep: 'off' }, /unknown field 'kep'/],
    [{ required: 'yes' }, /audit\.required is not a boolean/],
  ] as const) {
    it(`refuse ${JSON.stringify(section)}`, () => {
      expect(() => auditSettings(section, file))
        .to.throw(message)
        .with.property('code', 'invalid_input')
    })
  }
})
